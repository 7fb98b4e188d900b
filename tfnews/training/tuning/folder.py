"""The folder of a study: the only module that knows its file names."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tfnews.errors import RunError
from tfnews.files import TAKEN, folder_beside, held, read_text, write_json
from tfnews.links import check_links
from tfnews.records import StudyRecord
from tfnews.records.record import parsed

FORMAT = "tfnews-study-1"
STUDY = "study.json"
JOURNAL = "journal.jsonl"  # Optuna's record of the trials
TRIALS = "trials"  # runs, of which those that may yet be chosen are kept
LOGS = "logs"  # TensorBoard's, of every trial
TABLE = "trials.csv"
_LOCK = ".lock"
_PATIENCE = 600  # seconds, in which another process may judge the chosen trial


def read(folder: Path) -> StudyRecord | None:
    """Return what a folder says it searches; `None` where it holds no study.

    Raises:
        RunError: Its study.json is damaged, or a link leads out of the folder.
    """
    path = folder / STUDY
    if not path.is_file():
        return None
    check_links(folder, RunError)
    try:
        found = StudyRecord.from_json(parsed(read_text(path)))
        if found.format != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{path} is not what tfnews writes ({error}). Choose another --name, or remove it."
        ) from error
    return found


def create(folder: Path, record: StudyRecord) -> None:
    """Make the folder of a study, unless another process was faster."""
    with folder_beside(folder) as beside:
        made = beside / folder.name
        (made / TRIALS).mkdir(parents=True)
        write_json(made / STUDY, record.to_json())
        try:
            made.rename(folder)
        except OSError as error:
            if error.errno not in TAKEN:
                raise


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing which trials there are.

    Raises:
        RunError: Another process kept the study locked.
    """
    refusal = RunError(
        f"Another process has kept {folder} locked for {_PATIENCE} s. Wait for it to end and give "
        "the same command again."
    )
    with held(folder / _LOCK, _PATIENCE, refusal):
        yield
