"""What the manifest of prepared splits says, as far as anything is read of it again."""

from dataclasses import dataclass, field

from tfnews.records.config import ColumnsRecord
from tfnews.records.record import Record


@dataclass(frozen=True)
class SourceRecord:
    """A file that splits were made of.

    Attributes:
        file: Its name.
        format: That it was read as.
        notes: What was odd in it.
    """

    file: str | None = None
    format: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ManifestRecord(Record):
    """The types of a manifest's values; what they mean is said where `prepare` writes them."""

    format: str
    name: str | None = None
    class_names: tuple[str, str] | None = None
    label_basis: str | None = None
    licence: str | None = None
    columns: tuple[ColumnsRecord, ...] = ()
    sources: tuple[SourceRecord, ...] = ()
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    strategy: str | None = None
    seed: int | None = None
    time_column: str | None = None
    warnings: tuple[str, ...] = ()
