"""What a search for settings says of itself, and of the run that it chose."""

from dataclasses import dataclass, field

from tfnews.records.record import Record


@dataclass(frozen=True)
class Tuning:
    """How a run was chosen: as the best of several trials on one half of the validation texts.

    Attributes:
        study: Name of the search.
        digest: SHA-256 of the study.json of the search.
        trial: Number of the trial that became the run, from 1.
        trials: That were finished when it was chosen, broken-off and failed ones included.
        pruned: Of these, broken off because others did better after as many epochs.
        failed: Of these, ended by an error.
        settings: That were searched, with the trial's values.
        rows: Texts of the half that chose.
        f1: Of the fake class on that half: the best of many, and so too good.
        held_out_rows: Texts of the other half.
        held_out_f1: On the other half.
        held_out_interval: 95 % interval of it; `None` for fewer than two clusters of texts.
        ms_per_text: Milliseconds of one text, where the search measured them.
        budget_ms: That one was allowed to take.
    """

    study: str
    digest: str
    trial: int
    trials: int
    pruned: int = 0
    failed: int = 0
    settings: dict[str, object] = field(default_factory=dict)
    rows: int = 0
    f1: float = 0.0
    held_out_rows: int = 0
    held_out_f1: float = 0.0
    held_out_interval: tuple[float, float] | None = None
    ms_per_text: float | None = None
    budget_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class StudyRecord(Record):
    """What study.json says: what is searched. A study goes on only with the very same.

    Attributes:
        format: Of the file.
        arch: Name of the catalogue's row.
        data: Name of the splits.
        digests: SHA-256 of each part's file.
        settings: That are the same for all trials, with their values.
        space: Searched settings, and where they are looked for.
        pruner: As `tune` takes it.
        objectives: f1, or f1 and ms.
        rows: Validation texts of the half that chooses, and of the other.
    """

    format: str
    arch: str
    data: str
    digests: dict[str, str]
    settings: dict[str, object]
    space: dict[str, str]
    pruner: str
    objectives: tuple[str, ...]
    rows: tuple[int, int]


@dataclass(frozen=True)
class TrialRecord:
    """A trial of a search.

    Attributes:
        number: From 1; one that was killed and tried again keeps its number.
        state: running, complete, pruned or failed.
        settings: The searched ones.
        f1: On the half that chooses; of a pruned trial after its last epoch.
        ms_per_text: Milliseconds of one text, where they were measured.
        seconds: That it took.
        epochs: That were trained; 0 for a solver.
        fault: What a failed one ended with.
    """

    number: int
    state: str
    settings: dict[str, object]
    f1: float | None = None
    ms_per_text: float | None = None
    seconds: float | None = None
    epochs: int = 0
    fault: str | None = None
