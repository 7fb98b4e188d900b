"""The folder of answers: what it holds the answers of, and that it is nobody else's."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from tfnews import places
from tfnews.data.text import shown
from tfnews.errors import RunError, UsageError
from tfnews.files import held, write_json
from tfnews.records.record import parsed
from tfnews.records.sharded import InputRecord, ShardedRecord
from tfnews.scoring.sharded import storage
from tfnews.scoring.sharded.inputs import digests
from tfnews.scoring.sharded.shards import Job

FORMATS = ("jsonl", "csv", "parquet")
MANIFEST = "answers.json"  # not as that of splits, which would be taken for one
_LOCK = ".lock"
_CHANGED = {
    "tfnews": "another version of tfnews",
    "run": "another run",
    "run_digest": "another model, though its run has the same name",
    "inputs": "other files, or files that have changed since",
    "options": "other options",
    "format": "another --output-format",
    "shard_records": "shards of another size",
}


def check_out(out: str, format: str) -> None:
    """Check that answers can go to a folder: a new or empty one, or one of answers.

    Raises:
        UsageError: They cannot, or not in this format.
    """
    if format not in FORMATS:
        raise UsageError(
            f"With --runner, answers are written as {', '.join(FORMATS)}. Received: "
            f"--output-format {format}."
        )
    if os.path.isfile(out):
        raise UsageError(
            f"With --runner, --output is a folder, and {shown(out, 150)} is a file. Name another."
        )
    with storage.reached(out):
        if not storage.exists(storage.joined(out, MANIFEST)):
            _check_empty(out)


def _check_empty(out: str) -> None:
    others = [name for name in storage.names(out) if name != _LOCK]
    if others:
        raise UsageError(
            f"{shown(out, 150)} holds other files, such as {shown(others[0], 60)}, and no "
            f"{MANIFEST} of answers. Name a new folder."
        )


@contextlib.contextmanager
def kept_alone(out: str) -> Iterator[None]:
    """Keep other processes of this machine out of a folder; at an address there are no locks.

    Raises:
        RunError: Another process writes there.
    """
    if storage.is_address(out):
        yield
        return
    os.makedirs(out, exist_ok=True)
    refusal = RunError(
        f"Another process is writing answers to {shown(out, 150)} at this moment. Wait for it, or "
        "name another --output."
    )
    with held(Path(out, _LOCK), 0, refusal):
        yield


def take_up(job: Job, name: str) -> None:
    """Begin a folder of answers, or go on with one that is of the same job.

    Args:
        job: What is to be answered.
        name: Of its run.

    Raises:
        UsageError: It is another's.
        RunError: Its manifest is damaged.
    """
    wanted, found = _manifest(job, name), read_manifest(job.out)
    if found is None:
        _write(job.out, wanted)
        return
    known, asked = found.to_json(), wanted.to_json()
    changed = [said for field, said in _CHANGED.items() if known[field] != asked[field]]
    if changed:
        raise UsageError(
            f"{shown(job.out, 120)} holds answers of another command: this one has {changed[0]}. "
            f"{_differing(found, wanted)}Give the command as it was to go on, or name another "
            "--output."
        )


def note_complete(out: str) -> None:
    """Say in a folder's manifest that all is answered."""
    _write(out, replace(read_manifest(out), complete=True))


def read_manifest(out: str) -> ShardedRecord | None:
    """Return what a folder holds the answers of, None where nothing says it.

    Raises:
        RunError: Its manifest is damaged.
    """
    path = storage.joined(out, MANIFEST)
    try:
        content = storage.text(path)
        return None if content is None else ShardedRecord.from_json(parsed(content))
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{shown(path, 150)} is not what tfnews writes ({shown(str(error), 100)}). Name "
            "another --output."
        ) from error


def _write(out: str, manifest: ShardedRecord) -> None:
    with storage.written(storage.joined(out, MANIFEST)) as path:
        write_json(path, manifest.to_json())


def _differing(found: ShardedRecord, wanted: ShardedRecord) -> str:
    """Name one file or option in which two jobs differ."""
    if found.run != wanted.run:
        return f"It was {found.run}. "
    before, now = ({one.path: one.digest for one in job.inputs} for job in (found, wanted))
    for path in sorted(before.keys() | now.keys()):
        if before.get(path) != now.get(path):
            what = (
                "is new" if path not in before else "is missing" if path not in now else "differs"
            )
            return f"{shown(path, 100)} {what}. "
    for option, value in wanted.options.items():
        if found.options.get(option) != value:
            was = found.options.get(option)
            return f"The {option} was {'not given' if was is None else shown(str(was), 60)}. "
    return ""


def _recorded(path: str, out: str) -> str:
    """Return a file's place as seen from the folder of answers, so that both may be moved."""
    plain = storage.is_address(path) or storage.is_address(out)
    return path if plain else places.recorded(path, Path(out))


def _manifest(job: Job, name: str) -> ShardedRecord:
    found = zip(job.inputs, digests(job.inputs), strict=True)
    inputs = tuple(InputRecord(_recorded(path, job.out), digest) for path, digest in found)
    options = {one: value for one, value in job.scoring.items() if one != "trust_graph"}
    options["trained"] = [asdict(record) for record in job.scoring["trained"]]
    return ShardedRecord(
        tfnews=version("tfnews"),
        run=name,
        run_digest=job.run_digest,
        inputs=inputs,
        options=options,
        format=job.format,
        shard_records=job.shard_records,
    )
