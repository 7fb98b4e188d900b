"""Whether the licences of data and weights let a model be passed on, as far as is known."""

import re

from tfnews.data.splits import Splits
from tfnews.errors import ExportError
from tfnews.runs import Run

UNKNOWN = "not stated; ask its publisher"
_SAYS_NOTHING = ("as its maker states", "")
_FORBIDS = re.compile(
    r"research[- ](use |purposes )?only|only for research|academic[- ](use )?only"
    r"|non[- ]?commercial|\bnc\b|no[- ]?deriv|\bnd\b|all rights reserved|proprietary"
    r"|evaluation only"
    r"|\b(no|not|without|forbid\w*|prohibit\w*)\b.{0,30}\b(redistribut|distribut|shar)",
    re.IGNORECASE,
)


def stated(run: Run, splits: Splits | None) -> dict[str, str]:
    """Return what is known of the licences of data and weights, by what they are of.

    Args:
        run: Records the licences of the weights it started from and of its texts.
        splits: Those it was trained on, whose manifest may name the texts' licence where the run
            does not; `None` where they cannot be opened.
    """
    told = splits.licence if splits else None
    data = str(run.config.splits.licence or told or "").strip()
    weights = (run.config.weights.licence or "").strip()
    found = {"data": data, "weights": weights}
    return {of: UNKNOWN if text in _SAYS_NOTHING else text for of, text in found.items()}


def check(licences: dict[str, str], accepted: bool) -> None:
    """Refuse licences whose words forbid passing a model on, unless they are accepted.

    A model may be the work of neither, which is for lawyers to say; that is why a user can accept.

    Raises:
        ExportError: One does, and was not accepted.
    """
    for of, text in licences.items():
        if _FORBIDS.search(text) and not accepted:
            raise ExportError(
                f"The licence of the {of} seems to forbid passing a model on: {text!r}. Nothing "
                "was written. If you may, or if it stays with you, say so with --accept-licence."
            )
