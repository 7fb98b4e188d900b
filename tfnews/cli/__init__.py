"""The command line: one thin file a command, imported when that command is called."""

import contextlib
import errno
import faulthandler
import gc
import importlib
import importlib.util
import os
import shlex
import signal
import sys
import warnings
from collections.abc import Iterator

import click

from tfnews import progress
from tfnews.cli.say import TYPED
from tfnews.errors import FitInterruptedError, TfnewsError

# Name on the command line -> the one line `tfnews --help` shows. Kept here so that help needs
# no import of the commands themselves.
COMMANDS = {
    "demo": "Train and compare two models on a synthetic corpus: no data, no network.",
    "archs": "List the architectures that fit can train.",
    "data": "Turn news files into fixed splits, and audit them for shortcuts.",
    "weights": "Make weights that fit can start from.",
    "fit": "Train one architecture on a folder of splits.",
    "tune": "Search the settings of one architecture, and keep the best as a run.",
    "ensemble": "Make the average of runs a run of its own.",
    "evaluate": "Score a run on its test split, or on other splits, and write its report.",
    "calibrate": "Choose how a run's scores are read: calibration, threshold, when unsure.",
    "compare": "Say which of several runs to ship, or whether a new one may replace the old one.",
    "stress": "Change a run's texts in small ways, and say what its answers are still worth.",
    "matrix": "Train on each of several data sets, and test each model on all of them.",
    "predict": "Score texts with a run.",
    "drift": "Say whether texts of now are like those that a run knows.",
    "trial": "Try a run on a feed of your own: draw articles to label, then tell its rates there.",
    "explain": "Tell which words of a text moved its score.",
    "export": "Write a run for a server or a device, and measure what that changes.",
    "serve": "Answer TensorFlow Serving's REST on this machine, with a page to ask by hand.",
    "verify": "Check that runs are what was saved.",
    "doctor": "Say what this machine has and lacks, and what to install for which command.",
    "completion": "Print the shell completion script.",
}


INTERRUPTED = "Interrupted. Nothing was left half-written: give the same command again."
# Signals that came: TensorFlow's native code may lose the exception of one, and fail of that.
_INTERRUPTIONS: list[int] = []
_REFUSED: list[Exception] = []  # by the system; held, so that no file of theirs is closed anew


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note what was typed, for commands that record it."""
        ctx.meta[TYPED] = shlex.join(["tfnews", *args])
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return one command."""
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"tfnews.cli.{name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error of ours, or of the system, is one line and its exit code."""
        try:
            with progress.shown():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            self._end_interrupted(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug") or getattr(error, "errno", None) == errno.EPIPE:
                raise  # click ends quietly where the one who reads the output has gone
            if _INTERRUPTIONS and not isinstance(error, FitInterruptedError):
                self._end_interrupted(ctx)
            self._fail(ctx, error if isinstance(error, TfnewsError) else _unforeseen(ctx, error))

    def _fail(self, ctx: click.Context, error: TfnewsError) -> None:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(error.exit_code)

    def _end_interrupted(self, ctx: click.Context) -> None:
        click.echo(INTERRUPTED, err=True)
        ctx.exit(FitInterruptedError.exit_code)


def _unforeseen(ctx: click.Context, error: Exception) -> TfnewsError:
    """Return what is told of an error that is none of ours."""
    from tfnews.cli.failures import fault, told

    refused = told(error, ctx.invoked_subcommand)
    if refused is not None:
        _REFUSED.append(error)
    return refused or fault(error)


class _QuietStart:
    """A finder on `sys.meta_path`: keeps what TensorFlow says as it starts off the terminal.

    It writes to file descriptor 2 before any log level is read. Only its import is silenced: what
    native code says later, as when it dies, is shown.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        """Find TensorFlow as Python would without this, and silence its import."""
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        progress.stage("Starting TensorFlow")
        import logging  # each command would wait for it, and most start no TensorFlow

        for logger in ("tensorflow", "absl"):
            logging.getLogger(logger).setLevel(logging.ERROR)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_silenced(module: object) -> None:
                with _silenced(), _collecting_nothing():
                    run(module)

            spec.loader.exec_module = run_silenced
        return spec


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Send file descriptor 2 nowhere for the length of a block."""
    terminal, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(nowhere)


@contextlib.contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep the garbage collector from an import's objects, which all stay.

    It takes a fifth of the seconds in which TensorFlow starts.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _silence() -> None:
    """Keep TensorFlow's start-up chatter off the terminal; must run before it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.simplefilter("ignore")
    sys.meta_path.insert(0, _QuietStart())


def _tell_of_crashes() -> None:
    """Say where a process was that a signal such as a segmentation fault ends.

    To a descriptor of its own: as TensorFlow starts, the second one leads nowhere.
    """
    faulthandler.enable(os.fdopen(os.dup(2), "w"))


def _open_the_closed() -> None:
    """Lead standard streams that were closed nowhere: else files opened next take their numbers.

    What a library prints would then be written into a run.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _interrupt(number: int, frame: object) -> None:
    _INTERRUPTIONS.append(number)
    raise KeyboardInterrupt


def _end_as_interrupted() -> None:
    """Clean up after SIGTERM, or a terminal that was shut, as after Ctrl-C."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores one
            signal.signal(number, _interrupt)


@click.command(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "TFNEWS", "help_option_names": ["-h", "--help"]},
)
@click.option("--debug", is_flag=True, help="Show tracebacks and TensorFlow's own messages.")
@click.version_option(package_name="tfnews", prog_name="tfnews")
def main(debug: bool) -> None:
    """Train, judge and use fake-news classifiers built on Keras and TensorFlow.

    A score tells how much a text resembles those labelled fake in the training set. It is a
    measure of style, not a verdict on truth. Start with: tfnews demo
    """


def run() -> None:
    """Start the program: what the `tfnews` script calls."""
    _open_the_closed()
    _tell_of_crashes()
    _end_as_interrupted()
    if "--debug" not in sys.argv:
        _silence()
    try:
        main()
    except SystemExit as end:
        if not _REFUSED:
            raise
        # HDF5 writes once more as Python ends, and dies of a disk that is still full.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(end.code)
