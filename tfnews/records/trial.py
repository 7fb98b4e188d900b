"""What a trial of a run on a user's own feed is made of: the design, and what labels showed."""

from dataclasses import dataclass, replace
from datetime import date

from tfnews.records.record import Record

# What is told of a threshold; the last is recall less false alarms (Youden 1950), 0 where it
# is drawing lots and 1 where it is without fault.
RATES = ("precision", "recall", "fpr", "prevalence", "youden")


@dataclass(frozen=True)
class Estimate:
    """A rate of the whole feed.

    Attributes:
        value: In [0, 1]; Youden's in [-1, 1]. `None` where it cannot be told.
        interval: 95 %.
        bounds: The lowest and highest end of the interval, whatever the unsure articles are.
    """

    value: float | None = None
    interval: tuple[float, float] | None = None
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Articles of like scores.

    Attributes:
        low: The threshold at which they and all strata before are flagged, in [0, 1].
        articles: In the feed.
        drawn: Of them, to be labelled.
        flagged: Whether they are, at the run's own threshold.
    """

    low: float
    articles: int
    drawn: int
    flagged: bool


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """An article to be labelled.

    Attributes:
        id: In the sheet; tells nothing.
        record: Its number in the feed, counted from 1.
        feed_id: Its id in the feed.
        stratum: Its number, from 0 for the highest scores.
        score: Fake probability.
        inclusion: The probability with which it was drawn.
        text: Digest of the text in the sheet, 16 hex digits.
    """

    id: str
    record: int
    feed_id: str
    stratum: int
    score: float
    inclusion: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What became of the records of a feed.

    Attributes:
        records: In the feed.
        refused: Without a score, `{kind of reason: records}`.
        copies: Of an article before it.
        learnt: Copies and near-copies of what the run was trained on; `None` where its splits could
            not be read.
        articles: That are left, of which the trial speaks.
    """

    records: int
    refused: dict[str, int]
    copies: int
    learnt: int | None = None
    articles: int


@dataclass(frozen=True, kw_only=True)
class Design(Record):
    """What was drawn of a feed, and how: all that is needed to read a filled sheet.

    Attributes:
        run: The run's name.
        run_digest: SHA-256 over its model's files.
        arch: Name of the catalogue's row.
        set_name: What it was trained on.
        class_names: Names of class 0 and class 1.
        threshold: The run's own.
        always_called: Whether the run calls a class at every score.
        feed: The feed's name, without its folder.
        feed_digest: SHA-256 of it.
        limit: The false-alarm rate that strata were made for.
        seed: Of the draw.
        annotators: 1 or 2.
        counted: Of the feed.
        strata: From the highest scores down.
        articles: In the order of their ids.
        command: What was typed or called; `None` where that is not known.
    """

    run: str
    run_digest: str
    arch: str
    set_name: str
    class_names: tuple[str, str]
    threshold: float
    always_called: bool
    feed: str
    feed_digest: str
    limit: float
    seed: int
    annotators: int
    counted: Counted
    strata: tuple[Stratum, ...]
    articles: tuple[Drawn, ...]
    command: str | None = None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two annotators agree.

    Attributes:
        both: Articles that both called real or fake.
        agreed: Of them, called alike.
        alpha: Krippendorff's, nominal, over these; `None` where all labels are the same.
        interval: 95 %, over articles.
        settled: Articles on which they differ that a third sheet decides.
        open: Ids of those that are not decided, and count as unsure.
    """

    both: int
    agreed: int
    alpha: float | None = None
    interval: tuple[float, float] | None = None
    settled: int = 0
    open: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A threshold on the feed.

    Attributes:
        threshold: In [0, 1].
        flagged: Articles at or above it.
        rates: By the names of `RATES`.
        own: Whether it is the run's.
        ahead: 95 % interval of the false-alarm rate of articles to come, were they of the feed's
            kind; `None` where no article is labelled real.
    """

    threshold: float
    flagged: int
    rates: dict[str, Estimate]
    own: bool
    ahead: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of a stratum.

    Attributes:
        real: Articles.
        fake: Articles.
        unsure: Articles without a label that counts.
    """

    real: int
    fake: int
    unsure: int


@dataclass(frozen=True, kw_only=True)
class Trial(Record):
    """What a run does on a user's own feed.

    Attributes:
        design: What was drawn.
        labels: Of each stratum.
        limit: The false-alarm rate that is allowed, in (0, 1).
        own: The run's own threshold.
        tried: Other thresholds and the run's own, from the highest down.
        chosen: The lowest threshold up to which the limit is shown to be kept; `None`: none is.
        agreement: Of two annotators.
        command: What was typed or called; `None` where that is not known.
        day: On which labels were read, in ISO 8601, UTC.
        outdated: Whether the run was calibrated anew since; `None` where it was not.
    """

    design: Design
    labels: tuple[Labels, ...]
    limit: float
    own: Tried
    tried: tuple[Tried, ...]
    chosen: Tried | None = None
    agreement: Agreement | None = None
    command: str | None = None
    day: str | None = None
    outdated: bool | None = None

    def check_read(self) -> None:
        """Check what a file says before it is told.

        Raises:
            ValueError: A threshold lacks a rate, a rate its interval, or the day is none.
        """
        if self.day is not None:
            date.fromisoformat(self.day)
        for one in (self.own, *self.tried, *([self.chosen] if self.chosen else [])):
            if missing := set(RATES) - set(one.rates):
                raise ValueError(f"a threshold of the trial lacks {min(missing)}")
            if any((rate.value is None) != (rate.interval is None) for rate in one.rates.values()):
                raise ValueError("a rate of the trial lacks its interval")
            known = {name for name, rate in one.rates.items() if rate.value is not None}
            if "youden" in known and not {"recall", "fpr"} <= known:
                raise ValueError("a threshold of the trial lacks what its worth is made of")
        if self.chosen and self.chosen.rates["fpr"].value is None:
            raise ValueError("the trial's threshold lacks its false-alarm rate")

    def without_articles(self) -> "Trial":
        """Leave out what single articles are, as ids of a user's own feed."""
        return replace(self, design=replace(self.design, articles=()))

    @property
    def drawn(self) -> int:
        """Articles that were to be labelled."""
        return sum(one.real + one.fake + one.unsure for one in self.labels)

    def labelled(self, name: str) -> int:
        """Return how many articles have a label: "real", "fake" or "unsure"."""
        return sum(getattr(one, name) for one in self.labels)
