"""What an audit finds in a folder of splits."""

from dataclasses import dataclass

from tfnews.records.record import Record

VERDICTS = ("finding", "warning", "nothing")


@dataclass(frozen=True)
class AuditedPart:
    """Classes and lengths of one part.

    Attributes:
        rows: How many texts.
        counts: Texts of each class, by its name.
        share: Of class 1, 0 to 1.
        words: Quartiles of the words in a text of each class that has any, by its name.
    """

    rows: int
    counts: dict[str, int]
    share: float
    words: dict[str, tuple[float, ...]]


@dataclass(frozen=True)
class Copies:
    """Texts of a later part that stand in an earlier one too.

    Attributes:
        rows: Texts of the later part.
        exact: How many of them have an exact copy there.
        near: How many have only a near-copy there.
        examples: `{kind, earlier part: row, later part: row}`, rows counted from 0.
    """

    rows: int
    exact: int
    near: int
    examples: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class Fitted:
    """Rows behind the probes: fitted on `train` rows drawn `of` all, scored on `validation`."""

    train: int
    of: int
    validation: int


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What one trait of a row gives away on the validation split.

    Attributes:
        name: What it is called.
        kind: "reference", which is never a shortcut, "text" or "metadata".
        f1: Macro F1.
        accuracy: Share of rows called right, 0 to 1.
        interval: 95 %, of `f1`; `None` for too few clusters.
        f1_majority: Macro F1 of the commoner class.
        verdict: "finding" or "warning" for a shortcut in text or metadata, else "nothing".
        in_words: The sentence that says so.
    """

    name: str
    kind: str
    f1: float
    accuracy: float
    interval: tuple[float, float] | None = None
    f1_majority: float
    verdict: str
    in_words: str = ""

    def check_read(self) -> None:
        """Check what a file says.

        Raises:
            ValueError: There is no such verdict.
        """
        if self.verdict not in VERDICTS:
            raise ValueError(f"a probe's verdict must be one of {', '.join(VERDICTS)}")


@dataclass(frozen=True)
class Token:
    """A word that a linear model gives a large weight, and the class it points to."""

    token: str
    weight: float
    toward: str


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A training text whose label probably is wrong.

    Attributes:
        row: Of the training split, counted from 0.
        given: Name of the class that it is labelled as.
        suggested: Name of the other class.
        probability: Of the class that it is labelled as, by a model that has not learnt the text.
        text: Its opening.
    """

    row: int
    given: str
    suggested: str
    probability: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Doubts:
    """The training texts whose labels are doubted.

    Attributes:
        judge: The catalogue's row whose scores judge them.
        folds: The training split was cut into.
        seed: Of the folds.
        rows: Texts that were judged.
        accuracy: Share of texts that the judge gives the label they carry.
        commoner: Share of the commoner class, which a guess would reach.
        doubts: The most doubtful first.
    """

    judge: str
    folds: int
    seed: int
    rows: int
    accuracy: float
    commoner: float
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, kw_only=True)
class Audit(Record):
    """What a data set gives away before any model is trained.

    Attributes:
        name: The set's name.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
        parts: Of train, validation and test.
        overlap: Copies across parts, by "EARLIER-LATER".
        fitted: How many rows the probes saw.
        learnable: Whether all words together beat a guess.
        probes: Each probe, references first.
        tokens: The heaviest words, heaviest first; none where no word is in two texts.
        skipped: Why a column was not probed, by its name.
        findings: Sentences on shortcuts in the text and on copies.
        warnings: Sentences on the rest.
        doubts: Labels that are doubted; `None` where nobody looked.
    """

    name: str
    class_names: tuple[str, str]
    label_basis: str
    parts: dict[str, AuditedPart]
    overlap: dict[str, Copies]
    fitted: Fitted
    learnable: bool
    probes: tuple[Probe, ...]
    tokens: tuple[Token, ...]
    skipped: dict[str, str]
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    doubts: Doubts | None = None

    def check_read(self) -> None:
        """Check what a file says: whoever words the copies takes the names of the parts apart.

        Raises:
            ValueError: Copies are not of two parts.
        """
        if not all(pair.count("-") == 1 for pair in self.overlap):
            raise ValueError("its overlap must be of two parts, as EARLIER-LATER")
