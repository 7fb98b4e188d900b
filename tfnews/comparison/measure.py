"""Measuring runs against each other: probabilities in, records out, nothing read or written."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from tfnews.records import Contender, HeldOut, Judged, Paired
from tfnews.runs import Run
from tfnews.statistics import intervals, metrics, paired
from tfnews.statistics.sample import flagged

METRICS = ("f1", "accuracy", "roc_auc", "fpr", "macro_recall")
_RESAMPLES = 5000  # so that p values corrected for a dozen runs can still be small


@dataclass(frozen=True)
class Texts:
    """The texts of one part, as far as they are needed here.

    Attributes:
        labels: int8 `(rows,)`.
        clusters: Of near-copies, int64 `(rows,)`.
    """

    labels: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Member:
    """A run and what it answers.

    Attributes:
        run: The run.
        answers: Fake probabilities of each part, float32 `(rows,)`.
        thresholds: Of each part, at which it called texts fake.
    """

    run: Run
    answers: Mapping[str, np.ndarray]
    thresholds: Mapping[str, float]

    def called(self, part: str) -> np.ndarray:
        """Return what it calls fake, bool `(rows,)`."""
        return flagged(self.answers[part], self.thresholds[part])


@dataclass(frozen=True)
class Candidate:
    """A run, or several that differ in their seed alone.

    Attributes:
        name: The run's, or the group's.
        members: The runs, the one that stands for all first.
        held_out: The same architecture on groups that it has not seen.
        barred: Why it cannot be chosen.
    """

    name: str
    members: tuple[Member, ...]
    held_out: HeldOut | None = None
    barred: str | None = None

    def has(self, part: str) -> bool:
        """Tell whether every run of it has answers for a part."""
        return all(part in member.answers for member in self.members)


@dataclass(frozen=True)
class Ranked:
    """Contenders in order, the name of the best, and the run to ship."""

    contenders: tuple[Contender, ...]
    best: str
    ship: str


def in_middle_first(members: Sequence[Member], texts: Texts, part: str) -> tuple[Member, ...]:
    """Put the run of middle F1 on a part first: it stands for all.

    The best of several seeds would be chosen by luck.
    """
    scored = sorted(members, key=lambda one: _f1(one, texts, part))
    middle = scored[(len(scored) - 1) // 2]
    return (middle, *(one for one in members if one is not middle))


def rank(
    candidates: Sequence[Candidate], texts: Mapping[str, Texts], decided_on: str, shown_on: str
) -> Ranked:
    """Say which is best on one part, which are as good, and which of these is smallest.

    Args:
        candidates: One or more that are not barred.
        texts: Of each part.
        decided_on: The part that decides; every candidate has answers for it.
        shown_on: The part whose scores the front is drawn by, where all have them.
    """
    contenders = {one.name: _contender(one, texts) for one in candidates}
    by_name = {one.name: one for one in candidates}
    order = sorted(
        contenders.values(),
        key=lambda one: (one.barred is not None, -one.score(decided_on), one.megabytes or 0),
    )
    best = by_name[order[0].name]
    others = [by_name[one.name] for one in order[1:]]
    pairs = {one.name: {} for one in candidates}
    for part, of_part in texts.items():
        if best.has(part):
            compared = [one for one in others if one.has(part)]
            for one, pair in zip(compared, against(best, compared, of_part, part), strict=True):
                pairs[one.name][part] = pair
    order = [replace(one, against_best=pairs[one.name]) for one in order]
    order = [replace(one, tied=_tied(one, best.name, decided_on)) for one in order]
    tied = [one for one in order if one.tied]
    smallest = min(tied, key=lambda one: (one.megabytes or np.inf, one.parameters or np.inf))
    return Ranked(tuple(with_fronts(order, shown_on)), best.name, smallest.runs[0])


def with_fronts(contenders: Sequence[Contender], part: str) -> list[Contender]:
    """Mark those that no other beats in F1 on a part while it costs no more, and the like.

    Where one has no F1 there, or no such cost, it is on no front.
    """
    costs = {"latency": "ms_per_text", "size": "megabytes"}
    fronts = {name: _front(contenders, part, cost) for name, cost in costs.items()}
    return [
        replace(one, fronts=tuple(name for name, front in fronts.items() if one.name in front))
        for one in contenders
    ]


def _front(contenders: Sequence[Contender], part: str, cost: str) -> set[str]:
    points = {
        one.name: (one.score(part), -getattr(one, cost))
        for one in contenders
        if one.score(part) is not None and getattr(one, cost) is not None
    }
    return {
        name
        for name, point in points.items()
        if not any(_dominates(other, point) for other in points.values())
    }


def _dominates(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return first != second and first[0] >= second[0] and first[1] >= second[1]


def _tied(one: Contender, best: str, part: str) -> bool:
    if one.barred is not None:
        return False
    return one.name == best or not one.against_best[part].worse


def _contender(candidate: Candidate, texts: Mapping[str, Texts]) -> Contender:
    first = candidate.members[0].run
    runs = [member.run for member in candidate.members]
    timed = [timings for run in runs if (timings := run.scores().timings)]
    config = first.config
    return Contender(
        name=candidate.name,
        arch=config.arch,
        runs=tuple(run.name for run in runs),
        seeds=tuple(run.config.seed for run in runs),
        parts={
            part: judged(candidate, of_part, part)
            for part, of_part in texts.items()
            if candidate.has(part)
        },
        parameters=config.parameters and config.parameters.total,
        megabytes=config.megabytes,
        fit_seconds=fmean(run.config.fit_seconds for run in runs),
        ms_per_text=fmean(one.ms_per_text for one in timed) if timed else None,
        cpu=timed[0].cpu if timed else None,
        test_reads=sum(run.config.test_reads for run in runs),
        held_out=candidate.held_out,
        barred=candidate.barred,
    )


def judged(candidate: Candidate, texts: Texts, part: str) -> Judged:
    """Score a candidate on a part: with intervals, or of several runs the mean and the range."""
    found = [_scores(member, texts, part) for member in candidate.members]
    if len(found) == 1:
        member = candidate.members[0]
        return Judged(
            found[0],
            intervals.bootstrap(
                texts.labels,
                member.answers[part],
                texts.clusters,
                METRICS,
                threshold=member.thresholds[part],
            ),
        )
    values = {name: [one[name] for one in found] for name in METRICS}
    known = {name: some for name, some in values.items() if None not in some}
    return Judged(
        {name: fmean(known[name]) if name in known else None for name in METRICS},
        {name: [min(some), max(some)] for name, some in known.items()},
    )


def _scores(member: Member, texts: Texts, part: str) -> dict[str, float | None]:
    found = metrics.scores(texts.labels, member.answers[part], member.thresholds[part])
    return {name: found[name] for name in METRICS}


def _f1(member: Member, texts: Texts, part: str) -> float:
    return _scores(member, texts, part)["f1"]


def against(best: Candidate, others: Sequence[Candidate], texts: Texts, part: str) -> list[Paired]:
    """Hold each candidate against the best: all p values are corrected together."""
    everyone = [best, *others]
    resampled = _mean_f1(everyone, texts, part)
    points = [fmean(_f1(member, texts, part) for member in one.members) for one in everyone]
    called = best.members[0].called(part)
    alone = [
        paired.right_alone(texts.labels, one.members[0].called(part), called) for one in others
    ]
    rows = [row - resampled[0] for row in resampled[1:]]
    corrected = paired.holm(
        [*map(paired.bootstrap_p, rows), *(paired.mcnemar(*counts) for counts in alone)]
    )
    spread = len(np.unique(texts.clusters)) > 1
    return [
        _pair(
            point - points[0],
            intervals.percentiles(row) if spread else None,
            (of_bootstrap, of_mcnemar),
            counts,
        )
        for point, row, of_bootstrap, of_mcnemar, counts in zip(
            points[1:], rows, corrected, corrected[len(others) :], alone, strict=False
        )
    ]


def _pair(
    difference: float,
    interval: list[float] | None,
    p_values: tuple[float, float],
    alone: tuple[int, int],
) -> Paired:
    bootstrap_p, mcnemar_p = p_values
    worse_f1 = bootstrap_p < paired.LEVEL and difference < 0
    less_right = mcnemar_p < paired.LEVEL and alone[0] < alone[1]
    return Paired(
        difference=difference,
        interval=interval and tuple(interval),
        bootstrap_p=bootstrap_p,
        only_this=alone[0],
        only_best=alone[1],
        mcnemar_p=mcnemar_p,
        worse=worse_f1 or less_right,
    )


def _mean_f1(candidates: Sequence[Candidate], texts: Texts, part: str) -> np.ndarray:
    """Return each candidate's mean F1 over its runs, `(candidates, resamples)`."""
    members = [member for one in candidates for member in one.members]
    found = intervals.resampled(
        texts.labels,
        [member.answers[part] for member in members],
        [member.thresholds[part] for member in members],
        texts.clusters,
        resamples=_RESAMPLES,
    )
    starts = np.cumsum([0, *(len(one.members) for one in candidates)])
    rows = [found[start:end] for start, end in itertools.pairwise(starts)]
    return np.stack([row.mean(axis=0) for row in rows])
