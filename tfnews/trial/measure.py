"""What filled sheets say of a feed: labels in, a record out, nothing written."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfnews import progress
from tfnews.records.trial import Agreement, Design, Labels, Trial, Tried
from tfnews.statistics import agreement
from tfnews.statistics.limits import lowest_within
from tfnews.statistics.stratified import Labelled, ahead, rates

Answers = Mapping[str, int | None]  # by id: 1 for fake, 0 for real, None for unsure


def differing(sheets: Sequence[Answers]) -> list[str]:
    """Return the ids on which annotators differ; one of them unsure is a difference too."""
    first, *others = sheets
    return [one for one in first if any(other[one] != first[one] for other in others)]


def agreed(sheets: Sequence[Answers], settled: Answers) -> Answers:
    """Return one label an article: the one all gave, else what a third sheet decides, else none."""
    first, apart = sheets[0], set(differing(sheets))
    return {one: settled.get(one) if one in apart else label for one, label in first.items()}


def agreement_of(sheets: Sequence[Answers], settled: Answers) -> Agreement | None:
    """Say how two annotators agree; `None` of one alone."""
    if len(sheets) < 2:
        return None
    first, second = sheets
    both = [one for one in first if first[one] is not None and second[one] is not None]
    pair = [first[one] for one in both], [second[one] for one in both]
    apart = differing(sheets)
    return Agreement(
        both=len(both),
        agreed=sum(first[one] == second[one] for one in both),
        alpha=agreement.alpha(*pair),
        interval=agreement.interval(*pair),
        settled=sum(one in settled for one in apart),
        open=tuple(one for one in apart if one not in settled),
    )


def measure(
    design: Design,
    answers: Answers,
    limit: float,
    found: Agreement | None = None,
    command: str | None = None,
) -> Trial:
    """Estimate what a run does on the whole feed that articles were drawn of.

    Args:
        design: What was drawn.
        answers: Of each id.
        limit: The false-alarm rate that is allowed, in (0, 1).
        found: How annotators agree.
        command: What was typed or called.
    """
    progress.stage("Working out rates and their intervals")
    known = _labelled(design, answers)
    own = sum(one.flagged for one in design.strata)
    steps = sorted({*range(1, len(design.strata)), own})
    tried = tuple(_tried(design, known, step, own) for step in steps)
    looked_at = [one for one in tried if one.flagged]
    place = lowest_within([one.rates["fpr"] for one in looked_at], limit)
    return Trial(
        design=design,
        labels=tuple(
            Labels(real=int(real), fake=int(fake), unsure=int(unsure))
            for real, fake, unsure in zip(known.real, known.fake, known.unsure, strict=True)
        ),
        limit=limit,
        own=tried[steps.index(own)],
        tried=tried,
        chosen=None if place is None else looked_at[place],
        agreement=found,
        command=command,
    )


def _labelled(design: Design, answers: Answers) -> Labelled:
    counts = {label: np.zeros(len(design.strata), np.int64) for label in (0, 1, None)}
    for one in design.articles:
        counts[answers[one.id]][one.stratum] += 1
    sizes = np.array([one.articles for one in design.strata], np.int64)
    return Labelled(sizes, fake=counts[1], real=counts[0], unsure=counts[None])


def _tried(design: Design, known: Labelled, step: int, own: int) -> Tried:
    return Tried(
        threshold=design.threshold if step == own else design.strata[step - 1].low,
        flagged=int(known.sizes[:step].sum()),
        rates=rates(known, step),
        own=step == own,
        ahead=ahead(known, step),
    )
