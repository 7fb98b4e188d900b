"""Export runs as a page, ask it in headless Chromium, and print how it answers as a Markdown table.

    python tools/measure_page.py RUN... --articles FILE... [--each N] [--max-tokens N] [--page DIR]

With --page, runs are asked on a page that is there, under their own names. From each file of
articles the first N that can be read are taken, by the columns that `tfnews predict` would take. In
what is exported here rare words are kept, so that what differs from the run is the page's doing.
"""

import argparse
import functools
import http.server
import itertools
import json
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

import tfnews
from tfnews.data.texts import read_texts
from tfnews.export.pruning import shortened
from tfnews.models import NewsClassifier
from tfnews.statistics.sample import flagged

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TOGETHER = 20  # articles a script
_SECONDS = 600  # that a script may take

# Opens a model of the page by its own code; Chromium keeps it under its name.
OPEN = """
const [name, done] = arguments;
(async () => {
  const { open } = await import(new URL("engines.js", document.baseURI).href);
  const { models } = await (await fetch("models.json")).json();
  globalThis.opened ??= {};
  opened[name] = await open(models.find((one) => one.name === name));
})().then(() => done(null), (error) => done(`${error} ${error.stack}`));
"""
# Asks it: answers as the page shows them, numbers whatever the guards say, ids, milliseconds.
ASK = """
const [name, texts, done] = arguments;
(async () => {
  const found = [];
  for (const text of texts) {
    const { ids, read, total } = opened[name].encode(text);
    const [answer] = await opened[name].answers([text]);
    const started = performance.now();
    const [probability] = await opened[name].probabilities([text]);
    const milliseconds = performance.now() - started;
    found.push({ ids, read, total, probability, answer, milliseconds });
  }
  return found;
})().then(done, (error) => done(`${error} ${error.stack}`));
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's files on this machine and give their address."""
    handler = functools.partial(_Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def missing() -> str | None:
    """Return what is missing to drive Chromium, `None` where nothing is."""
    if not any(map(shutil.which, BROWSERS)):
        return "Chromium is not installed"
    return None if shutil.which("chromedriver") else "chromedriver is not installed"


@contextmanager
def chromium(*flags: str) -> Iterator[webdriver.Chrome]:
    """Start Chromium without a window, and end it.

    Args:
        *flags: Of the command line, besides `FLAGS`.
    """
    options = Options()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for flag in (*FLAGS, *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(_SECONDS)
        yield driver
    finally:
        driver.quit()


def ask(driver: webdriver.Chrome, name: str, texts: list[str]) -> list[dict]:
    """Ask a model of the open page about combined texts.

    Returns:
        Of each text its ids, how many of its tokens were read and how many there are, its
        probability whatever the guards say, its answer, and the milliseconds that this took.
    """
    if fault := driver.execute_async_script(OPEN, name):
        raise RuntimeError(fault)
    found = []
    for start in range(0, len(texts), _TOGETHER):
        answered = driver.execute_async_script(ASK, name, texts[start : start + _TOGETHER])
        if isinstance(answered, str):
            raise RuntimeError(answered)
        found += answered
    return found


HEAD = (
    "run",
    "articles",
    "ids equal",
    "outcomes equal",
    "largest difference, same cut",
    "largest difference, whole texts",
    "texts cut",
    "decisions changed, by the cut",
    "decisions changed, else",
    "ms a text, median / mean",
)


def cells(name: str, classifier: NewsClassifier, length: int, texts: list, found: list) -> list:
    """Return what was found of one run as the cells of a row."""
    cut = shortened(classifier, length)
    whole, same = classifier.probabilities(texts), cut.probabilities(texts)
    page = np.array([one["probability"] for one in found], np.float32)
    ids = cut.encode(texts).to_list()
    equal = sum(one["ids"] == own for one, own in zip(found, ids, strict=True))
    answers = [(one["answer"]["outcome"], one["answer"]["reason"]) for one in found]
    predicted = [(one.outcome, one.reason) for one in tfnews.predict(classifier, texts)]
    outcomes = sum(one == other for one, other in zip(answers, predicted, strict=True))
    is_cut = np.array([one["read"] < one["total"] for one in found])
    flags = [flagged(part, classifier.threshold) for part in (whole, same, page)]
    times = [one["milliseconds"] for one in found]
    return [
        name,
        len(texts),
        equal,
        outcomes,
        f"{np.abs(page - same).max():.1e}",
        f"{np.abs(page - whole)[~is_cut].max(initial=0):.1e}",
        f"{is_cut.sum()} ({is_cut.mean():.0%})",
        int((flags[0] != flags[1]).sum()),
        int((flags[1] != flags[2]).sum()),
        f"{statistics.median(times):.1f} / {statistics.mean(times):.1f}",
    ]


def articles(paths: list[Path], each: int) -> list[str]:
    """Return the first texts of each file."""
    return [
        item.text
        for path in paths
        for item in itertools.islice((one for one in read_texts(path) if one.text), each)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--articles", nargs="+", type=Path, required=True)
    parser.add_argument("--each", type=int, default=120)
    parser.add_argument("--max-tokens", type=int)
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    texts = articles(arguments.articles, arguments.each)
    options = {"max_tokens": arguments.max_tokens, "max_drop": 1.0}
    options |= {"min_document_frequency": 1, "accept_licence": True}
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    for run in arguments.runs:
        with tempfile.TemporaryDirectory() as place:
            if arguments.page is None:
                tfnews.export(run, "web", to=place, **options)
            page = arguments.page or Path(place)
            spec = page / "models" / run / "spec.json"
            length = json.loads(spec.read_text("utf-8"))["length"]
            with served(page) as address, chromium() as driver:
                driver.get(address)
                found = ask(driver, run, texts)
        row = cells(run, tfnews.load(run), length, texts, found)
        print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
