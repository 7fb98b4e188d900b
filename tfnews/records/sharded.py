"""What is written beside answers that are scored in shards."""

from dataclasses import dataclass, field

from tfnews.records.record import Record


@dataclass(frozen=True)
class InputRecord:
    """A file that is scored.

    Attributes:
        path: Of the file.
        digest: Its SHA-256.
    """

    path: str
    digest: str


@dataclass(frozen=True)
class ShardedRecord(Record):
    """What a folder of shards holds the answers of.

    Attributes:
        tfnews: Version that scores.
        run: Its name.
        run_digest: SHA-256 over the files of its model.
        inputs: In the order of their folders.
        options: Of the command, as far as answers follow from them.
        format: Of the answers.
        shard_records: Records of an input that are one shard; the last has fewer.
        complete: Whether all inputs are scored.
    """

    tfnews: str
    run: str
    run_digest: str
    inputs: tuple[InputRecord, ...]
    options: dict[str, object]
    format: str
    shard_records: int
    complete: bool = False


@dataclass(frozen=True)
class ShardRecord(Record):
    """Counts of a shard that is finished, as `Tally` has them.

    Attributes:
        records: Of the input.
        unreadable: Of them, those that could not be read.
    """

    records: int
    unreadable: int
    flagged: int
    below: int
    unsure: int
    not_scored: dict[str, int] = field(default_factory=dict)
    cautions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadRecord(Record):
    """What is known of an input once it was read to its end.

    Attributes:
        records: That it holds.
        notes: What was odd in it, and how often.
    """

    records: int
    notes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FailureRecord(Record):
    """Why an input could not be read to its end."""

    message: str
