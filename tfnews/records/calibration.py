"""How a classifier's scores were calibrated, and what that changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calibration:
    """A rising map of the log odds of the fake class; the probability is the sigmoid of its value.

    It maps z to z / temperature + bias + the sum of change * max(0, z - knot) over the knots, a
    line that bends at each. All of it can be computed by additions, products and maxima.

    Attributes:
        temperature: Above 0; above 1 the answers are less sure (Guo et al. 2017).
        bias: Added to the log odds (Platt 1999).
        knots: Where the line bends, rising, each with the change of its slope there.
    """

    temperature: float = 1.0
    bias: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    @property
    def method(self) -> str:
        """What it comes from: a name in `catalogue.names.CALIBRATIONS`."""
        if self.knots:
            return "isotonic"
        if self.bias:
            return "platt"
        return "none" if self.temperature == 1 else "temperature"


@dataclass(frozen=True)
class Band:
    """The fake probabilities from `low` to `high`, both included, at which no class is called.

    Attributes:
        low: In [0, 1].
        high: In [`low`, 1].
        coverage: The share of each class's texts, above 0 and below 1, that are not called by the
            other class's name, in texts like those it was chosen on.
    """

    low: float
    high: float
    coverage: float

    @property
    def ends(self) -> list[float]:
        """Low and high, as files of exports have them."""
        return [self.low, self.high]


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord:
    """How a run was last calibrated, for the report; what computes stands in the model itself.

    Attributes:
        method: A name in `catalogue.names.CALIBRATIONS`.
        threshold: How it was chosen: f1, youden, fpr=SHARE or a number.
        coverage: Of the band that was asked for; `None` where none was.
        rows: Validation texts of each class, by its name.
        note: What to know of it.
    """

    method: str = "none"
    threshold: str = "0.5"
    coverage: float | None = None
    rows: dict[str, int]
    note: str | None = None


@dataclass(frozen=True)
class Bin:
    """Texts of like scores: how many, their mean score, and the share labelled with class 1."""

    texts: int
    score: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """What calibration changes on one set of texts, by the expected calibration error (ECE).

    Attributes:
        calibration: The map.
        bins: Of the scores, equally wide, those that hold texts.
        before: ECE of the scores without it, in [0, 1].
        before_interval: 95 %; `None` for too few clusters.
        after: ECE of the scores.
        after_interval: 95 %; `None` for too few clusters.
        difference: After minus before.
        interval: 95 %, of the difference; `None` for too few clusters.
        gain_shown: Whether the whole interval lies below 0.
        band: Scores at which no class is called; `None` where one always is.
        unsure: Share of the texts that lie in the band.
        wrong: Share of the others that are called by the wrong name; `None` where there are none.
        covered: Share of class 0 and of class 1 that is not called by the other's name.
    """

    calibration: Calibration
    bins: tuple[Bin, ...]
    before: float
    before_interval: tuple[float, float] | None = None
    after: float
    after_interval: tuple[float, float] | None = None
    difference: float
    interval: tuple[float, float] | None = None
    gain_shown: bool
    band: Band | None = None
    unsure: float = 0.0
    wrong: float | None = None
    covered: tuple[float | None, float | None] = (None, None)
