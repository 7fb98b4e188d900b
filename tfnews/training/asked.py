"""What a fit, or a matrix of them, is asked for, checked before TensorFlow starts."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tfnews import catalogue
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.rows import Row
from tfnews.catalogue.settings import SETTINGS
from tfnews.errors import DataError, UsageError, WeightsError
from tfnews.training import devices
from tfnews.training.settings import inherited, resolve

if TYPE_CHECKING:
    from tfnews.data.splits import Splits
    from tfnews.runs import Run

_FEWEST_LEFT = 3  # sets to leave one out of: of two, all but one is a single set
_PRESETS = ("bert_", "distil_bert_", "albert_")  # of the encoders that a fit can start from


def check(
    data: str | os.PathLike | Sequence[str | os.PathLike] | None = None,
    arch: str | None = None,
    *,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    resume: str | os.PathLike | None = None,
    from_run: str | os.PathLike | None = None,
    name: str | None = None,
    dry_run: bool = False,
    root: str | os.PathLike | None = None,
    **given: object,
) -> None:
    """Say what is wrong with the arguments of `fit`, so far as it shows before TensorFlow starts.

    Args:
        data: Folder of splits, or several that are joined.
        arch: Name of a catalogue row.
        config: A TOML file of settings.
        assignments: "name=value" texts.
        resume: A run to resume.
        from_run: A run to go on from.
        name: Of the run to come.
        dry_run: Whether nothing is to be trained.
        root: Folder of runs.
        given: The other arguments of `fit`; those that are no settings are not looked at.

    Raises:
        UsageError: Unknown architecture or setting, or a value that is not allowed.
        DataError: The splits cannot be used.
        WeightsError: The weights are not there and cannot be had.
        RunError: There is no run to go on from or to resume, or the name is taken.
    """
    from tfnews.groups import unfinished_group
    from tfnews.runs import Run, check_free, model_folder  # listing settings need not wait for it

    values = {name: value for name, value in given.items() if name in SETTINGS}
    if resume is not None:
        places = {"data": data, "arch": arch, "config": config, "from_run": from_run}
        said = without_none({**places, **values, "assignments": list(assignments) or None})
        refuse_besides(said | without_none({"name": name}), dry_run)
        group = unfinished_group(resume, root)
        run = group.runs[0] if group else Run.unfinished(resume, root)
        check_devices(run, values.get("devices"))
        from tfnews.data.splits import own_splits  # pandas, which a wrong name need not wait for

        own_splits(run)
        return
    if name is not None and not dry_run:
        check_free(name, root)
    if from_run is None:
        row = catalogue.row(arch or catalogue.DEFAULT)
        options = resolve(row, values, config, assignments)
        opened(data)
        check_weights(row, options["weights"])
    else:
        parent = Run.open(from_run, root)
        check_parent(parent, arch, values.get("weights"))
        model_folder(parent)
        row, base = catalogue.row(parent.config.arch), inherited(parent.config)
        resolve(row, values, config, assignments, base=base)
        opened(data)


def without_none(asked: Mapping[str, object]) -> dict[str, object]:
    """Leave out what was not said, for which `None` stands."""
    return {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value
        for name, value in asked.items()
        if value is not None
    }


def refuse_besides(said: Mapping[str, object], dry_run: bool) -> None:
    """Refuse what may not be said of a run that goes on, for which only devices may change.

    Args:
        said: Arguments of `fit`, those that were given.
        dry_run: Whether nothing is to be trained.

    Raises:
        UsageError: Anything was said.
    """
    allowed = {"assignments", "devices"}
    named = [name.replace("from_run", "from") for name in said if name not in allowed]
    named += [*said.get("assignments", []), *(["dry_run"] if dry_run else [])]
    if named:
        raise UsageError(
            "--resume goes on with the configuration the run was started with; --devices alone "
            f"may change. Received besides: {', '.join(named)}. Leave them out, or start a new run."
        )


def check_devices(run: "Run", devices_asked: str | None) -> None:
    """Check on what a run is to go on.

    Raises:
        UsageError: It is named wrongly, or the run is not trained step by step.
    """
    row = catalogue.row(run.config.arch)
    if devices_asked is not None:
        devices.check(devices_asked)
        if not row.recipe:
            raise UsageError(
                f"{row.name} is solved on the processor, not trained step by step. Received: "
                f"--devices {devices_asked}. Leave it out."
            )


def check_parent(parent: "Run", arch: str | None, weights: str | None) -> None:
    """Check that a run can be gone on from.

    Args:
        parent: The run.
        arch: The architecture asked for, if any.
        weights: The weights asked for, if any.

    Raises:
        UsageError: Its weights are solved, or others are asked for than its own.
    """
    row = catalogue.row(parent.config.arch)
    if not row.recipe:
        raise UsageError(
            f"{parent.name} is a {row.name}, whose weights are solved from all texts at once: it "
            "cannot be trained further. Prepare both data sets together and fit it on them."
        )
    if arch not in (None, row.name) or weights is not None:
        raise UsageError(
            f"--from goes on with the architecture and weights of {parent.name}, which is a "
            f"{row.name}. Leave --arch and --weights out."
        )


def check_weights(row: Row, handle: str) -> None:
    """Look for pretrained weights, as far as that needs no TensorFlow; they may be downloaded."""
    from tfnews.weights.digests import is_vectors, split_pin
    from tfnews.weights.find import find

    place = split_pin(handle)[0]
    if handle == "none" or is_vectors(handle):
        return
    if row.kind != "transformer":
        find(handle)
    elif not (os.path.isdir(place) or "://" in place or place.startswith(_PRESETS)):
        raise WeightsError(
            f"There are no pretrained weights {place[:120]!r}. Give a checkpoint's folder, "
            "hf://OWNER/NAME, the name of a preset of keras-hub that begins with "
            f"{' or '.join(_PRESETS)}, or --weights none."
        )


def check_seeds(
    seeds: int, arch: str | None, resume: object = None, dry_run: object = False
) -> None:
    """Check what is asked of several seeds, before TensorFlow starts.

    Raises:
        UsageError: Fewer than 2, a run to resume, a dry run, or a row that no seed changes.
    """
    bounded("--seeds", seeds)
    if resume or dry_run:
        raise UsageError(
            "--seeds trains new runs. Received besides: "
            f"{'--resume' if resume else '--dry-run'}. A group is resumed by its name "
            "alone, and a dry run is the same for each seed: leave --seeds out."
        )
    name = arch or catalogue.DEFAULT
    if catalogue.row(name).kind == "tfidf":
        raise UsageError(
            f"{name} is solved, not drawn: every seed gives the same run. Leave --seeds out, or "
            "choose another --arch."
        )


def opened(data: str | os.PathLike | Sequence[str | os.PathLike] | None) -> "Splits":
    """Open the folder of splits that a fit reads; several are joined first.

    Raises:
        UsageError: None is given.
        DataError: One cannot be used, or they cannot be joined.
    """
    from tfnews.data.join import join  # pandas, which a wrong setting need not wait for
    from tfnews.data.splits import open_splits

    if data is None or data == ():
        raise UsageError("fit needs a folder of splits. Give one with --data SPLITS.")
    if isinstance(data, str | os.PathLike):
        return open_splits(data)
    return open_splits(data[0]) if len(data) == 1 else join(data)


def check_sets(
    data: Sequence[str | os.PathLike],
    test_only: Sequence[str | os.PathLike],
    arch: str | None = None,
    *,
    leave_one_out: bool = False,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    out: str | os.PathLike = "matrix",
    **given: object,
) -> None:
    """Say what is wrong with the arguments of `matrix`, as far as shows before TensorFlow starts.

    Raises:
        UsageError: Unknown architecture or setting, a value that is not allowed, or too few sets.
        DataError: The splits or the folder cannot be used.
    """
    row = catalogue.row(arch or catalogue.DEFAULT)
    values = {name: value for name, value in given.items() if name in SETTINGS}
    options = resolve(row, values, config, assignments)
    check_out(out)
    opened_sets(data, test_only, leave_one_out)
    check_weights(row, options["weights"])


def opened_sets(
    data: Sequence[str | os.PathLike],
    test_only: Sequence[str | os.PathLike],
    leave_one_out: bool = False,
) -> tuple[list["Splits"], list["Splits"]]:
    """Open the folders of splits that a matrix trains on, and those that it only tests on.

    Args:
        data: Folders to train on.
        test_only: Folders to test on only.
        leave_one_out: Whether those to train on are to be joined.

    Raises:
        UsageError: There are fewer than two, or fewer than three to join.
        DataError: One cannot be used or is given twice, or they cannot be joined.
    """
    from tfnews.data.join import check_alike, check_apart
    from tfnews.data.splits import open_splits

    if not data or len(data) + len(test_only) < 2:
        raise UsageError(
            "A matrix needs at least one set to train on and another to test on. Received: "
            f"{len(data)} to train on, {len(test_only)} to test on only. Name folders of splits: "
            "tfnews matrix SPLITS SPLITS ... --test-only SPLITS"
        )
    sets = [[open_splits(path) for path in paths] for paths in (data, test_only)]
    check_apart([one for group in sets for one in group])
    if leave_one_out:
        if len(data) < _FEWEST_LEFT:
            raise UsageError(
                f"--leave-one-out needs {_FEWEST_LEFT} sets to train on or more, so that two are "
                f"left to join. Received: {len(data)}."
            )
        check_alike(sets[0])
    return sets[0], sets[1]


def check_out(out: str | os.PathLike) -> None:
    """Refuse a place where no files can go.

    Raises:
        DataError: It is a file.
    """
    if os.path.isfile(out):
        raise DataError(f"{out} is a file. Name a folder with --out.")
