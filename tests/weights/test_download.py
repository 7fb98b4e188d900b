"""Downloads from a server on this machine: retries, redirects, what is refused. No waiting."""

import functools
import hashlib
import io
import socket

import pytest

from tfnews.errors import WeightsError
from tfnews.progress import Display
from tfnews.weights import download as downloads

BODY = bytes(range(256)) * 1000
OK = (200, {}, BODY)
BUSY = (503, {}, b"")
CUT = (200, {"Content-Length": len(BODY) + 1}, BODY)
download = functools.partial(downloads.download, backoff=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def check(path, digest):
    assert path.read_bytes() == BODY
    assert digest == hashlib.sha256(BODY).hexdigest()


def test_a_file_and_its_digest(server, path, capfd):
    server.answers["/file"] = [OK]
    check(path, download(server.url("/file"), path))
    assert capfd.readouterr() == ("", "")  # no bar: this is no terminal


def test_megabytes_are_counted(server, path):
    server.answers["/file"] = [OK]
    display = Display(io.StringIO(), clock=lambda: 0.0)
    with display.open():
        download(server.url("/file"), path)
    found = display.stage
    assert (found.what, found.unit) == ("Downloading", "MB")
    assert found.done == found.total == pytest.approx(len(BODY) / 1e6)


def test_redirects_are_followed(server, path):
    server.answers["/handle"] = [(303, {"Location": "/page"}, b"")]
    server.answers["/page"] = [(302, {"Location": server.url("/file?signed=1")}, b"")]
    server.answers["/file"] = [OK]
    check(path, download(server.url("/handle"), path))
    assert server.asked == ["/handle", "/page", "/file?signed=1"]


def test_a_redirect_away_from_https_is_refused():
    way = ["https://site/module", "http://mirror/module"]
    with pytest.raises(WeightsError, match=r"unprotected address, http://mirror/module"):
        downloads.check_way(way[0], way)
    downloads.check_way(way[0], ["https://site/module", "https://storage/module"])
    downloads.check_way("http://mirror/module", ["http://mirror/module"])


@pytest.mark.parametrize("passing", [[BUSY], [BUSY, (429, {}, b"")], [CUT], [CUT, BUSY, CUT]])
def test_passing_faults_are_tried_again(server, path, passing):
    server.answers["/file"] = [*passing, OK]
    check(path, download(server.url("/file"), path))
    assert len(server.asked) == len(passing) + 1


@pytest.mark.parametrize(
    ("answer", "attempts", "reason"),
    [
        (BUSY, 3, "status 503: Service Unavailable"),
        (CUT, 3, "IncompleteRead"),
        ((404, {}, b""), 1, "status 404: Not Found"),
        ((403, {}, b"no"), 1, "status 403: Forbidden"),
        ((200, {"Content-Type": "text/html"}, b"<html>"), 1, "a web page, not an archive"),
        ((302, {"Location": "/file"}, b""), 31, "TooManyRedirects"),
    ],
)
def test_lasting_faults_are_named(server, path, answer, attempts, reason):
    server.answers["/file"] = [answer]
    address = server.url("/file")
    with pytest.raises(WeightsError) as caught:
        download(address, path, retries=2)
    assert str(caught.value).startswith(f"{address} (")
    assert reason in str(caught.value)
    assert len(server.asked) == attempts


def test_no_server(path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as closed:  # bound, so that no other process has it, but not listening
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
        with pytest.raises(WeightsError, match=r"/file \(NewConnectionError: .*refused\)"):
            download(address, path)


def test_more_than_allowed(server, path):
    server.answers["/file"] = [OK]
    with pytest.raises(WeightsError, match="larger than the 1,000 bytes allowed"):
        download(server.url("/file"), path, most_bytes=1000)


def test_compression_of_the_connection_is_neither_asked_for_nor_undone(server, path):
    """An archive stored with "Content-Encoding: gzip" must arrive as it is."""
    server.answers["/file"] = [(200, {"Content-Encoding": "gzip"}, BODY)]
    digest = download(server.url("/file"), path)
    assert path.read_bytes() == BODY
    check(path, digest)
