"""Shards: bounded pieces of input files, and what is written of each.

A shard is so many records of one file, counted from its beginning. Its answers and the records that
could not be read are written first, its counts last: where these stand, it is finished for good.
A shard is a whole number of the chunks that plain `predict` reads ahead, so that each text is
scored in the same company, and has the same score to the last digit.
"""

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tfnews.data.decoding import Account
from tfnews.data.texts import Item
from tfnews.errors import DataError
from tfnews.files import write_json, write_text
from tfnews.records.record import parsed
from tfnews.records.sharded import FailureRecord, ReadRecord, ShardRecord
from tfnews.scoring.answers import Prediction, write_predictions
from tfnews.scoring.predict import score
from tfnews.scoring.request import Request, check
from tfnews.scoring.tally import Tally

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

_STRIPE = 2**25  # bytes of a file for which one more worker reads it
_MOST_STRIPES = 8


@dataclass(frozen=True)
class Job:
    """What all workers are told.

    Attributes:
        run: Absolute path of the run.
        run_digest: `folder_digest` of its model.
        out: Absolute path of the folder of the answers.
        inputs: Absolute paths of the files.
        scoring: Arguments of `check`, the same for all of them.
        threshold: From which a text gets the fake class.
        format: Of the answers.
        shard_records: Records of a shard.
    """

    run: str
    run_digest: str
    out: str
    inputs: tuple[str, ...]
    scoring: dict[str, object]
    threshold: float
    format: str
    shard_records: int

    def folder(self, number: int) -> Path:
        """Return where the answers of an input are."""
        return Path(self.out, f"input-{number:05d}")

    def request(self, number: int, account: Account) -> Request:
        """Open an input as plain `predict` does."""
        return check(self.run, self.inputs[number], account=account, **self.scoring)


class Stripe(NamedTuple):
    """What one worker reads: of an input, every `of`-th shard from number `first` on."""

    number: int
    first: int
    of: int


class Shard(NamedTuple):
    """Records of an input, the `place`-th of its shards, with their answers once there are any."""

    number: int
    place: int
    items: list[Item]
    answers: tuple[Prediction, ...] = ()


def stripes(job: Job) -> list[Stripe]:
    """Return what is still to be read, large files in several stripes.

    Each stripe reads its file from the beginning, since a record can be told from another in no
    other way; that is fast beside scoring it.
    """
    left = []
    for number, path in enumerate(job.inputs):
        if not is_finished(job, number):
            count = min(_MOST_STRIPES, 1 + os.path.getsize(path) // _STRIPE)
            left.extend(Stripe(number, first, count) for first in range(count))
    return left


def read(job: Job, stripe: Stripe) -> Iterator[Shard]:
    """Yield the shards of a stripe that are not finished.

    A file that is damaged beyond single records is noted, and ends there.
    """
    account = Account()
    try:
        texts = job.request(stripe.number, account).texts
        records = 0
        for place in itertools.count():
            items = list(itertools.islice(texts, job.shard_records))
            records += len(items)
            mine = place % stripe.of == stripe.first
            if items and mine and not _counts_path(job, stripe.number, place).exists():
                yield Shard(stripe.number, place, items)
            if len(items) < job.shard_records:
                break
    except DataError as error:
        write_json(_failure_path(job, stripe.number), FailureRecord(str(error)).to_json())
        return
    if stripe.first == 0:
        notes = {what: count for what, count in account.items() if count}
        write_json(_read_path(job, stripe.number), ReadRecord(records, notes).to_json())


def answered(job: Job, shard: Shard, classifier: "NewsClassifier") -> Shard:
    """Return a shard with its answers."""
    request = replace(_settled(job), texts=iter(shard.items))
    return shard._replace(answers=tuple(score(request, classifier)))


def _settled(job: Job) -> Request:
    given = job.scoring
    return Request(
        run=job.run,
        texts=iter(()),
        number=None,
        batch_size=given["batch_size"],
        threshold=given["threshold"],
        precision=given["precision"],
        score_anyway=given["score_anyway"],
        trust_graph=given["trust_graph"],
    )


def opened(job: Job) -> "NewsClassifier":
    """Open the classifier of a job."""
    return _settled(job).opened()


def write(job: Job, shard: Shard) -> ShardRecord:
    """Write a shard's answers, its unreadable records, and its counts last."""
    folder, tally = job.folder(shard.number), Tally(job.threshold)
    name = f"{shard.place:05d}"
    answers = tally.watch(shard.answers)
    write_predictions(answers, folder / f"answers-{name}.{job.format}", job.format)
    unreadable = list(_unreadable(job, shard))
    if unreadable:
        lines = (f"{json.dumps(one, ensure_ascii=False)}\n" for one in unreadable)
        write_text(folder / f"rejects-{name}.jsonl", "".join(lines))
    counts = ShardRecord(
        records=len(shard.items),
        unreadable=len(unreadable),
        flagged=tally.flagged,
        below=tally.below,
        unsure=tally.unsure,
        not_scored=dict(tally.not_scored),
        cautions=dict(tally.cautions),
    )
    write_json(_counts_path(job, shard.number, shard.place), counts.to_json())
    return counts


def _unreadable(job: Job, shard: Shard) -> Iterator[dict]:
    first = shard.place * job.shard_records + 1
    for record, item in enumerate(shard.items, start=first):
        if item.text is None:
            source = os.path.basename(job.inputs[shard.number])
            yield {"file": source, "record": record, "id": item.id, "reason": item.problem}


# --- What is finished -------------------------------------------------------------------------


def is_finished(job: Job, number: int) -> bool:
    """Tell whether an input was read to its end and all its shards are finished."""
    known = was_read(job, number)
    return known is not None and len(finished(job, number)) == -(-known.records // job.shard_records)


def was_read(job: Job, number: int) -> ReadRecord | None:
    """Return what is known of an input that was read to its end."""
    path = _read_path(job, number)
    return _record(path, ReadRecord) if path.exists() else None


def failure(job: Job, number: int) -> str | None:
    """Return why an input could not be read to its end."""
    path = _failure_path(job, number)
    return _record(path, FailureRecord).message if path.exists() else None


def forget_failures(job: Job) -> None:
    """Have inputs that could not be read tried again."""
    for number in range(len(job.inputs)):
        _failure_path(job, number).unlink(missing_ok=True)


def finished(job: Job, number: int) -> list[Path]:
    """Return where the counts of an input's finished shards are, in order."""
    return sorted(job.folder(number).glob("counts-*.json"))


def counts(job: Job, number: int) -> Iterator[ShardRecord]:
    """Yield the counts of an input's finished shards, in order."""
    for path in finished(job, number):
        yield _record(path, ShardRecord)


def add(tally: Tally, found: Iterable[ShardRecord]) -> None:
    """Add the counts of shards to a tally."""
    for one in found:
        tally.flagged += one.flagged
        tally.below += one.below
        tally.unsure += one.unsure
        tally.not_scored.update(one.not_scored)
        tally.cautions.update(one.cautions)


def _record(path: Path, kind: type) -> object:
    return kind.from_json(parsed(path.read_text(encoding="utf-8")))


def _counts_path(job: Job, number: int, place: int) -> Path:
    return job.folder(number) / f"counts-{place:05d}.json"


def _read_path(job: Job, number: int) -> Path:
    return job.folder(number) / "read.json"


def _failure_path(job: Job, number: int) -> Path:
    return job.folder(number) / "failed.json"
