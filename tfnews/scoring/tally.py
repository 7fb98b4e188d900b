"""Counts of what was scored, and what they say."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tfnews.errors import DataError
from tfnews.scoring.answers import UNSURE, Prediction

_REMEDIES = {
    "unreadable record": "The answers say what is wrong with each: perhaps another --delimiter, "
    "--encoding or --input-format fits, or the file was cut off.",
    "empty text": "Perhaps other columns hold the texts: name them with --text-column and "
    "--title-column.",
    "no number": "The model's weights are damaged: train it again.",
}
_UNLIKE = (
    "Check that --text-column and --encoding fit the file. If they do, this run cannot judge such "
    "texts; --score-anyway scores them all the same."
)


@dataclass
class Tally:
    """Counts of what went by, taken without keeping it.

    Attributes:
        flagged: Scored texts at or above the threshold.
        below: The other scored texts that a class is called for.
        unsure: Scored texts for which none is.
        not_scored: Kind of reason -> number of texts.
        cautions: Of the scored texts, kind of what speaks against their score -> number of texts.
    """

    threshold: float
    flagged: int = 0
    below: int = 0
    unsure: int = 0
    not_scored: Counter = field(default_factory=Counter)
    cautions: Counter = field(default_factory=Counter)

    def watch(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """Pass predictions on and count them."""
        from tfnews.statistics.sample import flagged

        for prediction in predictions:
            scored = prediction.fake_probability is not None
            unsure = prediction.outcome == UNSURE
            if prediction.reason and not unsure:
                counts = self.cautions if scored else self.not_scored
                counts[prediction.reason.split(":")[0]] += 1
            if not scored:
                yield prediction
                continue
            if unsure:
                self.unsure += 1
            elif flagged(prediction.fake_probability, self.threshold):
                self.flagged += 1
            else:
                self.below += 1
            yield prediction

    def warnings(self) -> list[str]:
        """Say what to do when most texts were refused for one reason."""
        return [self._refusal()] if self._is_mostly_refused() and self._scored else []

    def check_any_scored(self) -> None:
        """Stop a command that scored nothing.

        Raises:
            DataError: It did not; the message says why, and what to do.
        """
        if self._scored:
            return
        if not self.not_scored:
            raise DataError("Nothing was scored: there was no text. Name a source that holds some.")
        raise DataError(f"Nothing was scored. {self._refusal()}")

    @property
    def _scored(self) -> int:
        return self.flagged + self.below + self.unsure

    def _is_mostly_refused(self) -> bool:
        most = max(self.not_scored.values(), default=0)
        return 2 * most > self._scored + self.not_scored.total()

    def _refusal(self) -> str:
        (kind, count), *_ = self.not_scored.most_common(1)
        total = self._scored + self.not_scored.total()
        remedy = _REMEDIES.get(kind, _UNLIKE)
        return f"{count:,} of {total:,} texts were not scored for one reason, {kind}. {remedy}"
