"""What files say, as typed records: a run's config.json and metrics.json, and comparisons."""

from tfnews.records.audit import Audit, AuditedPart, Copies, Fitted, Probe, Token
from tfnews.records.calibration import Band, Bin, Calibration, CalibrationRecord, Reliability
from tfnews.records.config import (
    Ancestor,
    ColumnsRecord,
    Config,
    Member,
    Parameters,
    SplitsRecord,
    WeightsRecord,
)
from tfnews.records.promotion import Flip, Promotion, Side
from tfnews.records.ranking import Contender, HeldOut, Paired, Ranking
from tfnews.records.scores import Comparison, Judged, OtherSet, Reason, Scores, Timings
from tfnews.records.tuning import StudyRecord, TrialRecord, Tuning

__all__ = [
    "Ancestor", "Audit", "AuditedPart", "Band", "Bin", "Calibration", "CalibrationRecord",
    "ColumnsRecord", "Comparison", "Config", "Contender", "Copies", "Fitted", "Flip", "HeldOut",
    "Judged", "Member", "OtherSet", "Paired", "Parameters", "Probe", "Promotion", "Ranking",
    "Reason", "Reliability", "Scores", "Side", "SplitsRecord", "StudyRecord", "Timings",
    "Token", "TrialRecord", "Tuning", "WeightsRecord",
]  # fmt: skip
