"""Whole commands: TF-IDF against scikit-learn, starts, peak memory, and growth with the rows."""

import contextlib
import functools
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tools.benchmark_articles import many, real
from tools.benchmark_race import Parity, Program, Race, Row

_CLI = (sys.executable, "-c", "from tfnews.cli import run; run()")
_PIPELINE = (
    "import joblib, pandas, sklearn.feature_extraction.text, sklearn.linear_model, sklearn.pipeline"
)
_ROOT = Path(__file__).resolve().parents[1]
_TABLE = "embedding"
# What `fit` is asked for each kind of run.
_FITS = {
    # Uncalibrated: scikit-learn's pipeline is not calibrated, and scores are compared.
    "tfidf": ("--arch", "tfidf", "--no-floor", "--calibrate", "none"),
    _TABLE: ("--arch", "swivel20", "--weights", "none", "--epochs", "1", "--no-floor"),
}
_STARTS = {
    "tfnews predict, tfidf": ("tfidf",),
    "tfnews predict, embedding": (_TABLE,),
    "import tensorflow": (),
    "import pandas, scikit-learn": (),
    "tfnews --help": (),
}
_PEAKS = ("predict over 1 GB", "fit tfidf", f"fit {_TABLE}", "data prepare")
_GROWTH = tuple(f"{command} {kind}" for kind in _FITS for command in ("fit", "predict"))
_ROWS = (1, 2, 4, 8)
_FEW = 100  # articles, of which time tells what does not grow with them

RACES = (
    Race(
        "tfidf",
        (
            Program("benchmark_commands:tfidf", ("tfnews fit", "tfnews predict")),
            Program(
                "benchmark_commands:sklearn",
                ("scikit-learn fit", "scikit-learn predict"),
                ("sklearn",),
            ),
        ),
        tuple(
            Row(
                f"TF-IDF {command}, from file to file",
                f"tfnews {command}",
                f"scikit-learn {command}",
                at_least=1,
                parity=Parity("scores", 1e-4),
            )
            for command in ("fit", "predict")
        ),
    ),
    Race(
        "million",
        (Program("benchmark_commands:million", ("predict, embedding",)),),
        (
            Row(
                "Predict by an embedding row, guards on: JSON lines, --rows of them",
                "predict, embedding",
                shows="s",
                at_most=120,
            ),
        ),
        warm_up=False,
        most_rounds=2,
    ),
    Race(
        "start",
        (Program("benchmark_commands:starts", tuple(_STARTS)),),
        (
            *(
                Row(
                    "From the start to the first score",
                    side,
                    "import tensorflow",
                    shows="of its time",
                    at_most=1.5,
                )
                for side in list(_STARTS)[:2]
            ),
            Row(
                "The same, against what scikit-learn's pipeline imports",
                "tfnews predict, tfidf",
                "import pandas, scikit-learn",
                shows="of its time",
            ),
            Row("The help", "tfnews --help", shows="s", at_most=0.3),
        ),
    ),
    Race(
        "memory",
        (Program("benchmark_commands:peaks", _PEAKS),),
        (
            Row("Peak memory, a 1 GB file", _PEAKS[0], shows="GiB", at_most=2),
            Row("Peak memory, 70,000 articles", _PEAKS[1], shows="GiB", at_most=4),
            Row("Peak memory, 70,000 articles", _PEAKS[2], shows="GiB", at_most=6),
            Row("Peak memory, 70,000 articles", _PEAKS[3], shows="GiB"),
        ),
        warm_up=False,
        most_rounds=1,
    ),
    Race(
        "growth",
        (Program("benchmark_commands:growth", _GROWTH),),
        tuple(
            Row(
                "Exponent of what time 1, 2, 4 and 8 times the rows take beyond few",
                side,
                shows="as exponent",
                at_least=0.9,
                at_most=1.1,
            )
            for side in _GROWTH
        ),
        most_rounds=3,
    ),
)


def _environment(job: dict) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "TFNEWS_SAVED_MODELS": _runs(job), "PYTHONPATH": path}


def _runs(job: dict) -> str:
    return str(Path(job["work"]) / "runs")


def process(command: tuple[str, ...], job: dict) -> tuple[float, float]:
    """Run a command to its end; return its seconds and its peak memory in GiB.

    A process counts as its peak what the one that starts it holds: whoever calls this holds little.

    Raises:
        SystemExit: It failed.
    """
    began = time.perf_counter()
    running = subprocess.Popen(
        command, env=_environment(job), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    told = running.stderr.read()
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command[-4:])} failed: {told.decode()[-1000:]}")
    scale = 2**30 if sys.platform == "darwin" else 2**20
    return time.perf_counter() - began, usage.ru_maxrss / scale


def prepared(job: dict, count: int) -> Path:
    """Return splits of so many articles, made once."""
    splits = Path(job["work"]) / f"splits-{count}"
    if not splits.exists():
        _prepare(many(job, count), splits, job)
    return splits


def _prepare(articles: Path, splits: Path, job: dict) -> tuple[float, float]:
    told = ("--fake-value", "1", "--real-value", "0", "--out", str(splits), "--force")
    return process((*_CLI, "data", "prepare", str(articles), *told), job)


def fitted(job: dict, kind: str) -> str:
    """Return the name of a run of some kind, made once."""
    name = f"ready-{kind}"
    if not (Path(_runs(job)) / name).exists():
        splits = prepared(job, 240 if job["quick"] else 2_000)
        process((*_CLI, "fit", "--data", str(splits), "--name", name, *_FITS[kind]), job)
    return name


def invoked(*arguments: str) -> float:
    """Run a command in this process, whose imports are done; return its seconds.

    Raises:
        SystemExit: It failed.
    """
    from tfnews.cli import main

    began = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()) as said:
        failed = main(list(arguments), standalone_mode=False)
    if failed:
        raise SystemExit(f"{' '.join(arguments)} failed: {said.getvalue()[-1000:]}")
    return time.perf_counter() - began


def tfidf(job: dict) -> dict[str, Callable]:
    """Fit and predict as the commands do, in this process."""
    import tensorflow  # noqa: F401  (counted as start)

    os.environ["TFNEWS_SAVED_MODELS"] = _runs(job)
    splits, articles = prepared(job, job["articles"]), many(job, job["articles"])
    count = iter(range(10_000))

    def fit() -> tuple[float, list]:
        name = f"tfidf-{next(count)}"
        took = invoked("fit", "--data", str(splits), "--name", name, *_FITS["tfidf"])
        return took, scores(Path(_runs(job)) / name / "predictions" / "validation.csv")

    def predict() -> tuple[float, list]:
        out = Path(job["work"]) / "tfnews.csv"
        took = invoked("predict", "tfidf-0", str(articles), "--output", str(out))
        return took, scores(out)

    fit()  # what is predicted with
    return {"tfnews fit": fit, "tfnews predict": predict}


def scores(path: Path) -> list[float | None]:
    """Return the fake probabilities of a file of answers; `None` where a text was not scored."""
    import pandas as pd

    column = pd.read_csv(path)["fake_probability"]
    return [None if pd.isna(score) else float(score) for score in column]


def sklearn(job: dict) -> dict[str, Callable]:
    """Do the same by scikit-learn's pipeline with the same settings, pandas and joblib."""
    import joblib
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import classification_report
    from sklearn.pipeline import make_pipeline

    splits, articles = prepared(job, job["articles"]), many(job, job["articles"])
    kept, out = Path(job["work"]) / "pipeline.joblib", Path(job["work"]) / "sklearn.csv"

    def read(path: Path) -> pd.DataFrame:
        frame = pd.read_csv(path, keep_default_na=False)
        frame["all"] = (frame["title"].str.strip() + " " + frame["text"].str.strip()).str.strip()
        return frame

    def fit() -> list[float]:
        train, validation = (read(splits / f"{part}.csv") for part in ("train", "validation"))
        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, max_features=300_000, sublinear_tf=True
        )
        pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=1000))
        pipeline.fit(train["all"], train["label"])
        found = pipeline.predict_proba(validation["all"])[:, 1]
        classification_report(validation["label"], found >= 0.5)
        joblib.dump(pipeline, kept)
        return found.tolist()

    def predict() -> list[float]:
        frame = read(articles)
        found = joblib.load(kept).predict_proba(frame["all"])[:, 1]
        frame.assign(fake_probability=found)[["fake_probability"]].to_csv(out)
        return found.tolist()

    def timed(work: Callable[[], list[float]]) -> tuple[float, list[float]]:
        began = time.perf_counter()
        found = work()
        return time.perf_counter() - began, found

    fit()  # what is predicted with
    return {
        "scikit-learn fit": functools.partial(timed, fit),
        "scikit-learn predict": functools.partial(timed, predict),
    }


def _predict(job: dict, kind: str, articles: Path) -> tuple[float, float]:
    out = str(Path(job["work"]) / "scores.csv")
    return process((*_CLI, "predict", fitted(job, kind), str(articles), "--output", out), job)


def million(job: dict) -> dict[str, Callable]:
    """Score a large file of JSON lines, the start of the process included."""
    fitted(job, _TABLE)
    articles = many(job, job["rows"], "jsonl")
    return {"predict, embedding": lambda: (_predict(job, _TABLE, articles)[0], [])}


def starts(job: dict) -> dict[str, Callable]:
    """Start processes, one a time."""
    code = {
        "import tensorflow": (sys.executable, "-c", "import tensorflow"),
        "import pandas, scikit-learn": (sys.executable, "-c", _PIPELINE),
        "tfnews --help": (*_CLI, "--help"),
    }
    text = "A headline of some words. And what stands below it, in a sentence of its own."
    for side, kinds in _STARTS.items():
        for kind in kinds if side in job["sides"] else ():
            code[side] = (*_CLI, "predict", fitted(job, kind), "--text", text, "--score-anyway")
    return {side: functools.partial(_seconds, code[side], job) for side in job["sides"]}


def _seconds(command: tuple[str, ...], job: dict) -> tuple[float, list]:
    return process(command, job)[0], []


def peaks(job: dict) -> dict[str, Callable]:
    """Run commands on much; what counts is the most memory that each held."""
    count = 240 if job["quick"] else 70_000
    names = iter(range(10_000))

    def fit(kind: str) -> tuple[float, float]:
        splits, name = prepared(job, count), f"peak-{next(names)}"
        return process((*_CLI, "fit", "--data", str(splits), "--name", name, *_FITS[kind]), job)

    def prepare() -> tuple[float, float]:
        return _prepare(many(job, count), Path(job["work"]) / "splits-peak", job)

    def predict() -> tuple[float, float]:
        return _predict(job, _TABLE, _of_size(job, 2**30 if not job["quick"] else 2**20))

    work = {_PEAKS[0]: predict, _PEAKS[3]: prepare}
    work |= {f"fit {kind}": functools.partial(fit, kind) for kind in _FITS}
    return {side: functools.partial(_peak, work[side]) for side in job["sides"]}


def _peak(work: Callable[[], tuple[float, float]]) -> tuple[float, list]:
    return work()[1], []


def _of_size(job: dict, size: int) -> Path:
    """Return a file of articles that is about so large."""
    few = real(job).stat().st_size and many(job, 200)
    return many(job, size * 200 // few.stat().st_size)


def growth(job: dict) -> dict[str, Callable]:
    """Fit and predict on 1, 2, 4 and 8 times the rows, in this process.

    What a command takes of few articles, it takes of many besides what grows: it is taken away.
    """
    import tensorflow  # noqa: F401  (counted as start)

    os.environ["TFNEWS_SAVED_MODELS"] = _runs(job)
    names = iter(range(10_000))

    def once(command: str, kind: str, count: int) -> float:
        if command == "predict":
            out = str(Path(job["work"]) / "grown.csv")
            return invoked("predict", fitted(job, kind), str(many(job, count)), "--output", out)
        splits, name = str(prepared(job, count)), f"grown-{next(names)}"
        return invoked("fit", "--data", splits, "--name", name, *_FITS[kind])

    def fitted_exponent(side: str) -> tuple[float, list]:
        few, *took = [once(*side.split(" "), count) for count in (_FEW, *grown)]
        return exponent(_ROWS, [max(seconds - few, 1e-3) for seconds in took]), [few, *took]

    grown = [times * job["base"] for times in _ROWS]

    return {side: functools.partial(fitted_exponent, side) for side in job["sides"]}


def exponent(rows: tuple[int, ...], seconds: list[float]) -> float:
    """Return the slope of a straight line through the logarithms of both."""
    import numpy as np

    return float(np.polyfit(np.log(rows), np.log(seconds), 1)[0])
