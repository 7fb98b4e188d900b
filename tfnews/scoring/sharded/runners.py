"""The engines that run a pipeline, and their options, checked before TensorFlow starts."""

import contextlib
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tfnews.catalogue.names import RUNNERS
from tfnews.data.text import shown
from tfnews.errors import UsageError

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

# Beam's own DirectRunner first tries Prism, a program that it fetches from the network.
_CLASSES = {"DirectRunner": "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"}
_UNHEARD = logging.NullHandler()
# Their job servers know options that Beam's Python does not.
_OPEN = ("FlinkRunner", "SparkRunner")


def check_runner(runner: str, options: Sequence[str]) -> None:
    """Check an engine's name and its options.

    Raises:
        UsageError: There is no such engine, Beam is not installed, or an option is wrong.
    """
    if runner not in RUNNERS:
        raise UsageError(f"Unknown runner {shown(runner, 60)!r}. Allowed: {', '.join(RUNNERS)}.")
    if importlib.util.find_spec("apache_beam") is None:
        raise UsageError(
            f"--runner {runner} needs Apache Beam, which is not installed. Install it with: "
            "pip install 'tfnews[beam]'"
        )
    if options and not options[0].startswith("-"):
        raise UsageError(
            f"With --runner, one pattern names all files. Received besides: "
            f"{shown(options[0], 100)!r}. Put the pattern in quotes, such as 'articles-*.jsonl', "
            "and options of the runner after --, each beginning with --."
        )
    _check_options(runner, options)
    if runner == "DataflowRunner" and not _has_gcp():
        raise UsageError(
            "--runner DataflowRunner needs Beam's Google Cloud libraries. Install them with: "
            "pip install 'apache-beam[gcp]'"
        )


def pipeline_options(runner: str, options: Sequence[str]) -> "PipelineOptions":
    """Return Beam's options of a pipeline."""
    with _quiet(runner):
        from apache_beam.options.pipeline_options import PipelineOptions

        return PipelineOptions([*options, f"--runner={_CLASSES.get(runner, runner)}"])


def has_workers(runner: str, options: Sequence[str]) -> bool:
    """Tell whether a pipeline has workers on this machine that it would wait for without end."""
    modes = ("multi_processing", "multi_threading")
    return runner == "DirectRunner" and any(option.endswith(modes) for option in options)


@contextlib.contextmanager
def _quiet(runner: str) -> Iterator[None]:
    """Keep what Beam says of itself off the terminal; of a machine elsewhere, its warnings stay."""
    here = runner == "DirectRunner"  # what goes wrong is raised
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL if here else logging.WARNING)
    logging.getLogger().addHandler(_UNHEARD)  # else Beam makes one that prints, and imports warn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    if not here:
        logging.getLogger().removeHandler(_UNHEARD)


def _has_gcp() -> bool:
    try:
        return importlib.util.find_spec("google.cloud.storage") is not None
    except ModuleNotFoundError:
        return False


def _check_options(runner: str, options: Sequence[str]) -> None:
    given = [option.partition("=")[0] for option in options]
    if "--runner" in given:
        raise UsageError("--runner stands before the --, once. Leave it out after it.")
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            found = pipeline_options(runner, options)
            known = found.get_all_options()
            unknown = found.get_all_options(retain_unknown_options=True).keys() - known.keys()
    except SystemExit:
        wrong = said.getvalue().strip().splitlines()[-1].rpartition("error: ")[2]
        raise UsageError(
            f"Wrong options of {runner}: {shown(wrong, 200)}. Mend what stands after the --."
        ) from None
    if runner not in _OPEN and unknown:
        raise UsageError(
            f"{runner} knows no option {shown(sorted(unknown)[0], 60)!r}. Options of Beam begin "
            "with --, such as --direct_num_workers=2; those of tfnews stand before the --."
        )
