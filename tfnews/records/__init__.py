"""What the files of a run say, as typed records: config.json, metrics.json and the audit in it."""

from tfnews.records.audit import Audit, AuditedPart, Copies, Fitted, Probe, Token
from tfnews.records.calibration import Band, Bin, Calibration, CalibrationRecord, Reliability
from tfnews.records.config import (
    Ancestor,
    ColumnsRecord,
    Config,
    Parameters,
    SplitsRecord,
    WeightsRecord,
)
from tfnews.records.scores import Comparison, Judged, OtherSet, Scores, Timings

__all__ = [
    "Ancestor", "Audit", "AuditedPart", "Band", "Bin", "Calibration", "CalibrationRecord",
    "ColumnsRecord", "Comparison", "Config", "Copies", "Fitted", "Judged", "OtherSet",
    "Parameters", "Probe", "Reliability", "Scores", "SplitsRecord", "Timings", "Token",
    "WeightsRecord",
]  # fmt: skip
