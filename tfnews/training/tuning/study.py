"""A search in its folder: which trials there are, what the next one tries, which are the best.

A trial has a number, from 1, which one that was killed gives to the trial that takes its place: so
a search that was broken off comes to the same as one that was not. What a trial tries depends on
the seed, its number and the trials before it, not on the process.
"""

import contextlib
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np

from tfnews.catalogue.settings import SETTINGS, Range
from tfnews.files import sha256
from tfnews.records import TrialRecord
from tfnews.training.tuning import folder as files
from tfnews.training.tuning.asked import Asked
from tfnews.training.tuning.journal import open_study

if TYPE_CHECKING:
    import optuna

_AT_RANDOM = 5  # trials, the row's own settings among them, before TPE has any to learn from
_BEFORE_PRUNING = 4  # trials that end in peace
_KILLS = 2  # after which a trial that is killed once more counts as failed
_DIRECTIONS = {"f1": "maximize", "ms": "minimize"}


@dataclass(frozen=True)
class Claimed:
    """A trial that this process is at.

    Attributes:
        number: From 1.
        trial: Optuna's.
        lock: Held for as long as the process is at it.
    """

    number: int
    trial: "optuna.Trial"
    lock: filelock.BaseFileLock

    @property
    def settings(self) -> dict:
        """The searched settings, with its values."""
        return dict(self.trial.params)

    def release(self) -> None:
        """Let others take the trial for one whose process is no more, unless it has ended."""
        _let_go(self.lock)


class Study:
    """A search, shared by all processes that open its folder.

    Args:
        asked: What is searched. The folder is made where it is not there.

    Raises:
        RunError: The journal is damaged.
    """

    def __init__(self, asked: Asked):
        self.asked = asked
        self.folder = asked.folder
        if not (self.folder / files.STUDY).exists():
            files.create(self.folder, asked.record)
        self._study, self._storage = open_study(
            self.folder / files.JOURNAL,
            [_DIRECTIONS[name] for name in asked.record.objectives],
            _pruner(asked.record.pruner, asked.options.get("epochs", 1)),
        )

    @property
    def digest(self) -> str:
        """SHA-256 of study.json, as 64 hex digits."""
        return sha256(self.folder / files.STUDY)

    @property
    def two(self) -> bool:
        """Whether milliseconds are an objective beside F1; Optuna then prunes nothing."""
        return len(self.asked.record.objectives) > 1

    def name_of(self, number: int) -> str:
        """Return what the run of a trial is called."""
        return f"{self.asked.name}-trial{number}"

    def claim(self) -> Claimed | None:
        """Begin the next trial; `None` where there are as many as were asked for."""
        with files.locked(self.folder):
            self._bury_dead()
            taken = {_number(one) for one in self._all() if not _is_killed(one)}
            number = next(n for n in range(1, len(taken) + 2) if n not in taken)
            if number > self.asked.trials:
                return None
            lock = self._lock(number)
            lock.acquire(timeout=0)
            self._queue_again(number)
            trial = self._ask(number)
            shutil.rmtree(self.folder / files.TRIALS / self.name_of(number), ignore_errors=True)
            return Claimed(number, trial, lock)

    def finish(self, claimed: Claimed, state: str, values: list[float] | None = None) -> None:
        """End a trial.

        Args:
            claimed: The trial.
            state: complete, pruned or failed.
            values: Of the objectives, of a complete one.
        """
        import optuna

        states = {"complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
        with files.locked(self.folder):
            self._study.tell(claimed.trial, values, optuna.trial.TrialState[states[state]])
            claimed.release()
            self._drop_models()

    def trials(self) -> list[TrialRecord]:
        """Return the trials by number, without those that were killed."""
        found = [_recorded(one) for one in self._all() if not _is_killed(one) and _number(one)]
        return sorted(found, key=lambda one: one.number)

    def settle(self) -> bool:
        """Bury trials whose process has died; tell whether no other process is at one."""
        with files.locked(self.folder):
            self._bury_dead()
            self._drop_models()
            return not any(one.state == "running" for one in self.trials())

    def _all(self) -> list:
        return self._study.get_trials(deepcopy=False)

    def _lock(self, number: int) -> filelock.BaseFileLock:
        return filelock.FileLock(self.folder / files.TRIALS / f"{number}.lock")

    def _bury_dead(self) -> None:
        """Mark trials as failed whose process is no more: nobody holds their lock."""
        import optuna

        for one in self._all():
            if one.state is not optuna.trial.TrialState.RUNNING:
                continue
            number = _number(one)
            lock = self._lock(number)
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                continue
            self._mark_killed(one, number)
            _let_go(lock)

    def _mark_killed(self, one: "optuna.trial.FrozenTrial", number: int) -> None:
        import optuna

        kills = sum(_is_killed(other) and _number(other) == number for other in self._all())
        noted = "killed", True
        if number and kills == _KILLS:
            noted = "fault", f"The process ended {kills + 1} times while it was at this trial."
        study = self._storage.get_study_id_from_name(self._study.study_name)
        own = self._storage.get_trial_id_from_study_id_trial_number(study, one.number)
        self._storage.set_trial_user_attr(own, *noted)
        self._study.tell(one.number, state=optuna.trial.TrialState.FAIL)

    def _queue_again(self, number: int) -> None:
        """Have the next trial try what the killed one of its number tried, or the row's own."""
        import optuna

        if any(one.state is optuna.trial.TrialState.WAITING for one in self._all()):
            return  # a process was killed between this and the next
        before = [one for one in self._all() if _is_killed(one) and _number(one) == number]
        if before:
            self._study.enqueue_trial(before[-1].params)
        elif number == 1:
            own = {name: self.asked.options[name] for name in self.asked.space}
            spaces = self._distributions().items()
            if all(space._contains(space.to_internal_repr(own[name])) for name, space in spaces):
                self._study.enqueue_trial(own)

    def _ask(self, number: int) -> "optuna.Trial":
        import optuna

        seeds = np.random.SeedSequence([self.asked.options["seed"], number])
        self._study.sampler = optuna.samplers.TPESampler(
            seed=int(seeds.generate_state(1)[0]), n_startup_trials=_AT_RANDOM
        )
        trial = self._study.ask(fixed_distributions=self._distributions())
        trial.set_user_attr("number", number)
        return trial

    def _distributions(self) -> dict[str, "optuna.distributions.BaseDistribution"]:
        return {name: _distribution(name, where) for name, where in self.asked.space.items()}

    def _drop_models(self) -> None:
        """Remove the models of trials that can no longer be chosen."""
        trials = self.trials()
        kept = {one.number for one in trials if one.state == "running"}
        kept |= {one.number for one in front(trials)}
        names = {self.name_of(number) for number in kept}
        for path in (self.folder / files.TRIALS).glob(f"{self.asked.name}-trial*"):
            if path.name not in names:
                shutil.rmtree(path, ignore_errors=True)


def front(trials: list[TrialRecord]) -> list[TrialRecord]:
    """Return the complete trials that no other beats, the highest F1 first.

    Where milliseconds were not measured it is one: of equal ones the first.
    """
    found: list[TrialRecord] = []
    done = [one for one in trials if one.state == "complete"]
    for one in sorted(done, key=lambda one: (-one.f1, one.ms_per_text or 0, one.number)):
        if not found or (one.ms_per_text or 0) < (found[-1].ms_per_text or 0):
            found.append(one)
    return found


def _let_go(lock: filelock.BaseFileLock) -> None:
    with contextlib.suppress(OSError):  # Windows removes no file that is open
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _number(trial: "optuna.trial.FrozenTrial") -> int:
    return trial.user_attrs.get("number", 0)  # killed as it began


def _is_killed(trial: "optuna.trial.FrozenTrial") -> bool:
    return bool(trial.user_attrs.get("killed"))


def _recorded(trial: "optuna.trial.FrozenTrial") -> TrialRecord:
    seen = trial.intermediate_values
    f1, ms = (*(trial.values or ()), None, None)[:2]
    if trial.state.name == "PRUNED" and seen:
        f1 = seen[max(seen)]
    states = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    return TrialRecord(
        number=_number(trial),
        state=states.get(trial.state.name, "running"),
        settings=dict(trial.params),
        f1=f1,
        ms_per_text=ms,
        seconds=trial.user_attrs.get("seconds"),
        epochs=trial.user_attrs.get("epochs", 0),
        fault=trial.user_attrs.get("fault"),
    )


def _distribution(name: str, where: Range) -> "optuna.distributions.BaseDistribution":
    from optuna import distributions

    if where.choices:
        return distributions.CategoricalDistribution(where.choices)
    if SETTINGS[name].kind is int:
        return distributions.IntDistribution(int(where.low), int(where.high), log=where.log)
    return distributions.FloatDistribution(where.low, where.high, log=where.log)


def _pruner(name: str, epochs: int) -> "optuna.pruners.BasePruner":
    from optuna import pruners

    if name == "hyperband" and math.log(epochs, 3) >= 1:
        return pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    if name == "none":
        return pruners.NopPruner()
    return pruners.MedianPruner(n_startup_trials=_BEFORE_PRUNING, n_warmup_steps=1)


def values_of(f1: float, ms: float | None) -> list[float]:
    """Return the values of the objectives."""
    return [f1] if ms is None else [f1, ms]
