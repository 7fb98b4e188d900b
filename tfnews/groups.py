"""Groups of runs that differ in their seed alone, and what of one is there."""

import os
from dataclasses import dataclass

from tfnews.errors import RunError
from tfnews.runs import Run, group_of, is_run


@dataclass(frozen=True)
class Group:
    """The runs of a group as they are on the disk.

    Attributes:
        name: The group's.
        runs: Those that were begun, in the order of their seeds; one at least.
    """

    name: str
    runs: tuple[Run, ...]

    @property
    def complete(self) -> tuple[Run, ...]:
        """The runs whose training has ended."""
        return tuple(run for run in self.runs if run.config.state == "complete")

    @property
    def unfinished(self) -> tuple[Run, ...]:
        """The runs that are in training, or whose training was broken off."""
        return tuple(run for run in self.runs if run.config.state != "complete")

    @property
    def missing(self) -> tuple[int, ...]:
        """The seeds that were asked for and not begun; none of groups made before that was kept."""
        begun = {run.config.seed for run in self.runs}
        asked = (seed for run in self.runs for seed in run.config.group_seeds)
        return tuple(sorted(set(asked) - begun))

    @property
    def lacking(self) -> str:
        """What is not complete, in words; an empty text where all is."""
        told = [f"{run.name} is not complete" for run in self.unfinished]
        if self.missing:
            several = "s" * (len(self.missing) > 1)
            told.append(f"seed{several} {', '.join(map(str, self.missing))} not begun")
        return "; ".join(told)


def find_group(name: str | os.PathLike, root: str | os.PathLike | None = None) -> Group | None:
    """Return the group that goes by a name, `None` where a run does, or nothing."""
    if is_run(name, root):
        return None
    runs = group_of(os.fspath(name), root)
    return Group(os.fspath(name), tuple(runs)) if runs else None


def unfinished_group(
    name: str | os.PathLike, root: str | os.PathLike | None = None
) -> Group | None:
    """Return the group to go on with that goes by a name, `None` where none does.

    Raises:
        RunError: All that was asked of it is complete.
    """
    group = find_group(name, root)
    if group is not None and not group.lacking:
        raise RunError(
            f"All runs of the group {group.name} are complete: there is nothing to resume. Compare "
            f"it with others: tfnews compare {group.name} RUN"
        )
    return group
