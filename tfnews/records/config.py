"""What config.json says of a run."""

from dataclasses import dataclass, field, fields, replace
from pathlib import PurePath
from typing import Self

from tfnews.records.calibration import CalibrationRecord
from tfnews.records.record import Record
from tfnews.records.scores import Comparison
from tfnews.records.tuning import Tuning


@dataclass(frozen=True)
class ColumnsRecord:
    """How the news that splits were made of was read.

    Attributes:
        text: Column of the body.
        title: Column of the headline; `None` where none was read.
        label: Column of the label; `None` where it stood in a name.
        encoding: That the user gave.
        delimiter: That the user gave.
        header: Whether a delimited file began with one.
    """

    text: str
    title: str | None = None
    label: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True


@dataclass(frozen=True)
class SplitsRecord:
    """The fixed splits a run was trained on.

    Attributes:
        path: Where they were.
        name: The set's name.
        digests: SHA-256 of each part's file.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        columns: How the news was read; `None` where that is not known.
        licence: Of the texts; `None` where it is not known.
    """

    path: str
    name: str
    digests: dict[str, str]
    class_names: tuple[str, str]
    label_basis: str = "unstated"
    columns: tuple[ColumnsRecord, ...] | None = None
    licence: str | None = None


@dataclass(frozen=True)
class WeightsRecord:
    """What a run started from.

    Attributes:
        handle: As the user or the catalogue named it; "none" for fresh weights.
        digest: SHA-256 of the weights; `None` where nothing was read.
        licence: Of the weights.
        normalise: Rule by which the words of their vocabulary are looked up.
        oov_buckets: Rows for words that they do not know.
        precision: The only one they compute in; `None` where any will do.
        note: A line for the user.
        trusted: What the user let a module's graph do besides computing; `None` for nothing.
    """

    handle: str = "none"
    digest: str | None = None
    licence: str = "none: learnt from the training split"
    normalise: str | None = None
    oov_buckets: int | None = None
    precision: str | None = None
    note: str | None = None
    trusted: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """What it is called: a local file's or folder's own name, not where it lies."""
        place = (self.handle or "none").partition("#")[0]
        return PurePath(place).name if PurePath(place).is_absolute() else place


@dataclass(frozen=True)
class Ancestor:
    """An earlier run that a run goes on from: its name, place, digest and the name of its set."""

    run: str
    path: str
    digest: str
    splits: str


@dataclass(frozen=True)
class Member:
    """A run whose answers an ensemble averages.

    Attributes:
        run: Its name.
        path: Where it was.
        digest: SHA-256 of its model when it was copied.
        arch: Name of its catalogue row.
        learnt: Whether its vocabulary comes from the training split.
    """

    run: str
    path: str
    digest: str
    arch: str
    learnt: bool


@dataclass(frozen=True)
class Parameters:
    """A classifier's weights as published counts count them: all, and those that training moves."""

    total: int
    trainable: int


@dataclass(frozen=True, kw_only=True)
class Config(Record):
    """What config.json says of a run.

    Attributes:
        state: "training" or "complete".
        name: As it was created.
        group: Of the runs that differ in their seed alone; `None` where it is in none.
        group_seeds: All seeds that were asked of that group, those to come included.
        arch: Name of the catalogue's row.
        family: The row's family.
        trainable: Whether pretrained weights were trained.
        weights: What it started from.
        lineage: Earlier runs it goes on from, oldest first.
        members: The runs that it is the average of; none for what is no ensemble.
        splits: What it was trained on.
        recipe: Every setting with its value.
        seed: Of initial weights, order and dropout.
        precision: In training; runs are saved in float32.
        versions: Of Python and the libraries.
        command: The command line that was typed, or the Python call; `None` where neither is known.
        input_rule: Name of the rule that joined title and body.
        parameters: Counts.
        test_reads: How often the test split was scored.
        unknown_tokens: Share of the validation split's words that the model does not know, 0 to 1.
        megabytes: Of the saved model, 10**6 bytes.
        digests: SHA-256 of each file of the saved model by its name in the model's folder; `None`
            for runs made before they were kept.
        floor: Comparison with the simplest model on the validation split.
        refit_epochs: Epochs of the training on train and validation that came last, 0 for a solver;
            `None` where there was none.
        tuning: How it was chosen among the trials of a search; `None` where it was in none.
        calibration: How its scores were last calibrated; `None` for runs made before that was done.
        devices: That its training was last spread over; none where TensorFlow took its own.
        fit_seconds: From the first batch to the saved scores, broken-off legs included; of an
            ensemble those of its members too.
        more: What another version wrote; kept as it is.
    """

    state: str
    name: str
    group: str | None = None
    group_seeds: tuple[int, ...] = ()
    arch: str
    family: str = ""
    trainable: bool = False
    weights: WeightsRecord = WeightsRecord()
    lineage: tuple[Ancestor, ...] = ()
    members: tuple[Member, ...] = ()
    splits: SplitsRecord
    recipe: dict[str, object] = field(default_factory=dict)
    seed: int = 0
    precision: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    command: str | None = None
    input_rule: str = ""
    parameters: Parameters | None = None
    test_reads: int = 0
    unknown_tokens: float | None = None
    megabytes: float | None = None
    digests: dict[str, str] | None = None
    floor: Comparison | None = None
    refit_epochs: int | None = None
    tuning: Tuning | None = None
    calibration: CalibrationRecord | None = None
    devices: tuple[str, ...] = ()
    fit_seconds: float = 0.0
    more: dict[str, object] = field(default_factory=dict)

    @property
    def learnt_parts(self) -> tuple[str, ...]:
        """The parts of the splits that the weights come from."""
        return ("train",) if self.refit_epochs is None else ("train", "validation")

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Make it of the content of config.json, as `json.loads` returns it.

        Raises:
            ValueError: It is no object, or what is needed is missing or of another type.
        """
        config = super().from_json(content)
        known = {one.name for one in fields(cls)}
        more = {name: value for name, value in content.items() if name not in known}
        return replace(config, more=more)

    def to_json(self) -> dict:
        """Return the content of config.json; what is not known is left out."""
        content = super().to_json()
        return content | content.pop("more")
