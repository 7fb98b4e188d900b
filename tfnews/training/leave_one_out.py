"""Models of several sets together: of all, and of all but each one."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from tfnews.data.join import join
from tfnews.data.splits import Splits
from tfnews.evaluation.leave_one_out import Answers, added, left_out
from tfnews.evaluation.matrix import Column, whole_column
from tfnews.records.matrix import LeaveOneOut
from tfnews.runs import Run


def leave_one_out(
    sets: Mapping[str, Splits],
    tested: Sequence[Column],
    learnt: Sequence[str],
    run_of: Callable[[Splits], Run],
    answers_of: Callable[[Run, Mapping[str, Column]], Answers],
) -> LeaveOneOut:
    """Train on all sets, and on all but each one; test where each has not learnt.

    Args:
        sets: Splits by name.
        tested: Their test texts, from `evaluation.matrix.columns`.
        learnt: The parts that a model learns from.
        run_of: Trains on splits, or finds the run that was.
        answers_of: Opens a run and scores columns.
    """
    wholes, singles = {}, {}
    for name, splits in sets.items():
        others = [one for other, one in sets.items() if other != name]
        wholes[name] = whole_column(name, splits, others, learnt)
    for name, splits in sets.items():
        away = {other: column for other, column in wholes.items() if other != name}
        singles[name] = answers_of(run_of(splits), away)
    tests = {column.scored.name: column for column in tested if column.scored.name in sets}
    everything = _joined(sets.values(), run_of)
    of_all = answers_of(everything, tests)
    found, gains = [], []
    for name, whole in wholes.items():
        others = [other for other in sets if other != name]
        run = _joined([sets[other] for other in others], run_of)
        without = answers_of(run, {**tests, name: whole})
        alone = {other: singles[other] for other in others}
        found.append(left_out(name, whole, run.name, without, alone))
        gains += added(name, [tests[other] for other in others], of_all, without)
    return LeaveOneOut(run=everything.name, left_out=tuple(found), added=tuple(gains))


def _joined(sets: Iterable[Splits], run_of: Callable[[Splits], Run]) -> Run:
    """Train on several sets, of whose test splits the model's texts to test on are a part."""
    run = run_of(join([splits.path for splits in sets]))
    run.count_test_read()
    return run
