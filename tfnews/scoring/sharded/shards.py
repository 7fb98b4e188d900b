"""Shards: bounded pieces of input files, and what is written of each.

A shard is so many records of one file, counted from its beginning. Its answers and the records that
could not be read are written first, its counts last: where these stand, it is finished for good.
A shard is a whole number of the chunks that plain `predict` reads ahead, so that each text is
scored in the same company, and has the same score to the last digit.
"""

import itertools
import json
import os
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tfnews.data.decoding import Account
from tfnews.data.text import shown
from tfnews.data.texts import Item
from tfnews.errors import DataError, RunError
from tfnews.files import write_json, write_text
from tfnews.records.record import Record, parsed
from tfnews.records.sharded import FailureRecord, ReadRecord, ShardRecord
from tfnews.scoring.answers import Prediction, write_predictions
from tfnews.scoring.predict import score
from tfnews.scoring.request import Request, check
from tfnews.scoring.sharded import storage
from tfnews.scoring.tally import Tally

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier

_T = TypeVar("_T", bound=Record)
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

    def folder(self, number: int) -> str:
        """Return where the answers of an input are."""
        return storage.joined(self.out, f"input-{number:05d}")


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
            count = min(_MOST_STRIPES, 1 + storage.size(path) // _STRIPE)
            left.extend(Stripe(number, first, count) for first in range(count))
    return left


def read(job: Job, stripe: Stripe) -> Iterator[Shard]:
    """Yield the shards of a stripe that are not finished.

    A file that is damaged beyond single records is noted, and ends there.
    """
    account = Account()
    with storage.local(job.inputs[stripe.number]) as path:
        try:
            texts = check(job.run, path, account=account, **job.scoring).texts
            records = yield from _unfinished(job, stripe, texts)
        except DataError as error:
            _write_record(_failure_path(job, stripe.number), FailureRecord(str(error)))
            return
    if stripe.first == 0:
        notes = {what: count for what, count in account.items() if count}
        _write_record(_read_path(job, stripe.number), ReadRecord(records, notes))


def _unfinished(job: Job, stripe: Stripe, texts: Iterator[Item]) -> Generator[Shard, None, int]:
    """Yield the shards of a stripe that are not finished; return how many records there are."""
    records = 0
    for place in itertools.count():
        items = list(itertools.islice(texts, job.shard_records))
        records += len(items)
        mine = place % stripe.of == stripe.first
        if items and mine and not storage.exists(_counts_path(job, stripe.number, place)):
            yield Shard(stripe.number, place, items)
        if len(items) < job.shard_records:
            return records


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
        is_at_hand=True,
    )


def opened(job: Job) -> "NewsClassifier":
    """Open the classifier of a job."""
    return _settled(job).opened()


def write(job: Job, shard: Shard) -> ShardRecord:
    """Write a shard's answers, its unreadable records, and its counts last."""
    folder, tally = job.folder(shard.number), Tally(job.threshold)
    name = f"{shard.place:05d}"
    with storage.written(storage.joined(folder, f"answers-{name}.{job.format}")) as path:
        write_predictions(tally.watch(shard.answers), path, job.format)
    unreadable = list(_unreadable(job, shard))
    if unreadable:
        lines = (f"{json.dumps(one, ensure_ascii=False)}\n" for one in unreadable)
        with storage.written(storage.joined(folder, f"rejects-{name}.jsonl")) as path:
            write_text(path, "".join(lines))
    counts = ShardRecord(
        records=len(shard.items),
        unreadable=len(unreadable),
        flagged=tally.flagged,
        below=tally.below,
        unsure=tally.unsure,
        not_scored=dict(tally.not_scored),
        cautions=dict(tally.cautions),
    )
    _write_record(_counts_path(job, shard.number, shard.place), counts)
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
    if known is None:
        return False
    return len(finished(job, number)) == -(-known.records // job.shard_records)


def was_read(job: Job, number: int) -> ReadRecord | None:
    """Return what is known of an input that was read to its end."""
    return _record(_read_path(job, number), ReadRecord)


def failure(job: Job, number: int) -> str | None:
    """Return why an input could not be read to its end."""
    found = _record(_failure_path(job, number), FailureRecord)
    return found and found.message


def forget_failures(job: Job) -> None:
    """Have inputs that could not be read tried again."""
    for number in range(len(job.inputs)):
        storage.remove(_failure_path(job, number))


def finished(job: Job, number: int) -> list[str]:
    """Return the names of the counts of an input's finished shards, in order."""
    return storage.names(job.folder(number), "counts-*.json")


def count_finished(job: Job) -> int:
    """Return how many shards of all inputs are finished."""
    return sum(len(finished(job, number)) for number in range(len(job.inputs)))


def counts(job: Job, number: int) -> Iterator[ShardRecord]:
    """Yield the counts of an input's finished shards, in order."""
    for name in finished(job, number):
        yield _record(storage.joined(job.folder(number), name), ShardRecord)


def add(tally: Tally, found: Iterable[ShardRecord]) -> None:
    """Add the counts of shards to a tally."""
    for one in found:
        tally.flagged += one.flagged
        tally.below += one.below
        tally.unsure += one.unsure
        tally.not_scored.update(one.not_scored)
        tally.cautions.update(one.cautions)


def _record(path: str, kind: type[_T]) -> _T | None:
    try:
        content = storage.text(path)
        return None if content is None else kind.from_json(parsed(content))
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{shown(path, 200)} is not what tfnews writes ({shown(str(error), 100)}). Remove it "
            "and give the same command again: what it counted is then scored anew."
        ) from error


def _write_record(path: str, record: Record) -> None:
    with storage.written(path) as place:
        write_json(place, record.to_json())


def _counts_path(job: Job, number: int, place: int) -> str:
    return storage.joined(job.folder(number), f"counts-{place:05d}.json")


def _read_path(job: Job, number: int) -> str:
    return storage.joined(job.folder(number), "read.json")


def _failure_path(job: Job, number: int) -> str:
    return storage.joined(job.folder(number), "failed.json")
