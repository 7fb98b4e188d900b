"""Download one file, with retries and its digest."""

import hashlib
import time
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter

from tfnews import progress
from tfnews.errors import WeightsError

MOST_BYTES = 8 << 30  # of a download

_CHUNK_BYTES = 1 << 20
_TIMEOUT = (10, 60)  # seconds to connect, and between two pieces of the answer
_PASSING = (408, 429, 500, 502, 503, 504)  # statuses that may be gone a moment later


def download(
    address: str,
    path: Path,
    *,
    retries: int = 4,
    backoff: float = 1.0,
    most_bytes: int = MOST_BYTES,
) -> str:
    """Download a file.

    Args:
        address: http or https; redirects are followed, but not from https to http.
        path: The file to write. After an error it may hold a part: download beside, then rename.
        retries: Further attempts after a failed one.
        backoff: Seconds before the second of them; doubled each time.
        most_bytes: Most bytes that are taken.

    Returns:
        The file's SHA-256 as 64 hex digits.

    Raises:
        WeightsError: It cannot be had; says why, with the address.
    """
    progress.stage(f"Asking {urllib.parse.urlsplit(address).netloc}")
    with requests.Session() as session:
        session.headers["Accept-Encoding"] = "identity"  # an archive is compressed as it is
        session.mount("http://", HTTPAdapter(max_retries=_policy(retries, backoff)))
        session.mount("https://", HTTPAdapter(max_retries=_policy(retries, backoff)))
        for attempt in range(retries + 1):
            try:
                return _attempt(session, address, path, most_bytes)
            except (urllib3.exceptions.HTTPError, requests.RequestException) as error:
                # The adapter retries until the answer begins, but not when it breaks off.
                if attempt == retries or not isinstance(error, urllib3.exceptions.HTTPError):
                    raise WeightsError(f"{address} ({_words(error)})") from error
                time.sleep(backoff * 2**attempt)


def _policy(retries: int, backoff: float) -> urllib3.Retry:
    return urllib3.Retry(
        retries, backoff_factor=backoff, status_forcelist=_PASSING, raise_on_status=False
    )


def _attempt(session: requests.Session, address: str, path: Path, most_bytes: int) -> str:
    with session.get(address, stream=True, timeout=_TIMEOUT) as response:
        check_way(address, [answer.url for answer in [*response.history, response]])
        _check_answer(address, response)
        size = int(response.headers.get("Content-Length", 0)) or None
        return _save(response.raw, path, size, most_bytes)


def _save(raw: urllib3.HTTPResponse, path: Path, size: int | None, most_bytes: int) -> str:
    """Write the bytes as they come: an archive's compression is not the connection's to undo."""
    digest = hashlib.sha256()
    progress.stage("Downloading", "MB", size and size / 1e6)
    with path.open("wb") as file:
        for chunk in raw.stream(_CHUNK_BYTES, decode_content=False):
            file.write(chunk)
            digest.update(chunk)
            progress.advance(len(chunk) / 1e6)
            if file.tell() > most_bytes:
                raise WeightsError(f"{raw.url} (larger than the {most_bytes:,} bytes allowed)")
    return digest.hexdigest()


def check_way(address: str, way: Iterable[str]) -> None:
    """Refuse redirects from https to http, where anyone between could change the answer.

    Args:
        address: What was asked for.
        way: The addresses of all answers, redirects first.

    Raises:
        WeightsError: One of them is not https, although `address` is.
    """
    plain = [url for url in way if not url.startswith("https://")]
    if address.startswith("https://") and plain:
        raise WeightsError(f"{address} (redirected to an unprotected address, {plain[0]})")


def _check_answer(address: str, response: requests.Response) -> None:
    if not response.ok:
        raise WeightsError(f"{address} (status {response.status_code}: {response.reason})")
    kind = response.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        raise WeightsError(f"{address} (a web page, not an archive, from {response.url})")


def _words(error: Exception) -> str:
    """Name an error by its innermost cause, which says what happened without the machinery."""
    while isinstance(error, Exception):
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        if not isinstance(inner, Exception):
            break
        error = inner
    return f"{type(error).__name__}: {error}"
