"""What a data set gives away before any model is trained: copies, balance, lengths, shortcuts."""

import os
from dataclasses import replace

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.audit import columns
from tfnews.audit import wording as audit_wording
from tfnews.audit.judging import TRAIT_SHARE, WORDS_SHARE, Judge, beats_a_guess
from tfnews.audit.labels import doubted
from tfnews.audit.overlap import overlap
from tfnews.audit.probes import REUTERS, Rows, Words, words_in
from tfnews.catalogue.bounds import bounded
from tfnews.data.splits import PARTS, Splits, open_splits
from tfnews.errors import DataError
from tfnews.records import Audit, AuditedPart, Fitted

SAMPLED = 10_000  # training rows that probes are fitted on, at most
TITLED = 0.5  # of the training texts: fewer, and titles are not probed
RARE = 0.1  # a class of a smaller share is warned of


def audit(splits: str | os.PathLike | Splits, *, seed: int = 0, labels: bool = False) -> Audit:
    """Look for copies across splits and for labels that can be had without reading.

    Probes are fitted on the training split and scored on the validation split by macro F1 with a
    95 % interval over clusters. Of the test split only rows, lengths and copies are counted: it is
    never scored.

    Args:
        splits: A folder of splits, or the splits opened.
        seed: Of the sample of training rows, where there are more than `SAMPLED`.
        labels: Whether training texts are listed too whose label probably is wrong.

    Raises:
        DataError: The splits cannot be read, or train or validation lacks a class.
        UsageError: `labels` needs cleanlab, which is not installed.

    Example:
        >>> for said in tfnews.audit("splits").findings:
        ...     print(said)
    """
    bounded("--seed", seed)
    splits = splits if isinstance(splits, Splits) else open_splits(splits)
    progress.stage("Reading the splits")
    frames = {part: splits.frame(part) for part in PARTS}
    for part in ("train", "validation"):
        _check_classes(frames[part], part, splits)
    found = Audit(
        name=splits.name,
        class_names=splits.class_names,
        label_basis=splits.label_basis,
        parts={part: _part(frame, splits.class_names) for part, frame in frames.items()},
        overlap=overlap({part: frame["combined_text"] for part, frame in frames.items()}),
        doubts=doubted(splits, seed=seed) if labels else None,
        **_probed(frames["train"], frames["validation"], splits.class_names, seed),
    )
    warnings = (*_imbalance(found.parts["train"]), *audit_wording.warnings(found))
    return replace(found, findings=audit_wording.findings(found), warnings=warnings)


def _check_classes(frame: pd.DataFrame, part: str, splits: Splits) -> None:
    if frame["label"].nunique() < 2:
        raise DataError(
            f"The {part} split of {splits.path} holds one class only. An audit needs some of both "
            "in train and validation: run tfnews data prepare again."
        )


def _part(frame: pd.DataFrame, names: tuple[str, str]) -> AuditedPart:
    lengths, labels = words_in(frame["combined_text"]), frame["label"]
    of_class = {name: lengths[labels == label] for label, name in enumerate(names)}
    return AuditedPart(
        len(frame),
        counts={name: len(found) for name, found in of_class.items()},
        share=float(labels.mean()),
        words={
            name: tuple(np.percentile(found, [25, 50, 75]).tolist())
            for name, found in of_class.items()
            if len(found)
        },
    )


def _imbalance(train: AuditedPart) -> list[str]:
    rarer = min(train.counts, key=train.counts.get)
    share = train.counts[rarer] / train.rows
    return [audit_wording.rare(rarer, share)] if share < RARE else []


def _probed(
    train: pd.DataFrame, validation: pd.DataFrame, names: tuple[str, str], seed: int
) -> dict:
    """Run every probe on at most `SAMPLED` training rows; return what an `Audit` holds of it."""
    sample = train.sample(SAMPLED, random_state=seed) if len(train) > SAMPLED else train
    rows = Rows(sample, validation)
    progress.stage("Fitting the probe of all words")
    words = Words.read(sample["combined_text"], rows.labels, validation["combined_text"])
    progress.stage("Fitting the probes of other columns")
    metadata, skipped = columns.probes(rows)
    full = words.called() if words else rows.majority()
    judge = Judge(rows, full)
    references = {audit_wording.MAJORITY: rows.majority(), audit_wording.FULL: full}
    kinds = (
        ("reference", 0.0, references),
        ("text", TRAIT_SHARE, _traits(rows)),
        ("text", WORDS_SHARE, _parts_of_words(rows, words)),
        ("metadata", 0.0, metadata),
    )
    progress.stage("Working out intervals of the probes")
    probes = [
        judge.probe(name, kind, called, share)
        for kind, share, found in kinds
        for name, called in found.items()
    ]
    if any(one.name == audit_wording.REUTERS and one.verdict == "finding" for one in probes):
        cut = rows.without_reuters().by_words("combined_text")
        probes.insert(len(references), judge.probe(audit_wording.CUT, "reference", cut))
    of_full = next(probe for probe in probes if probe.name == audit_wording.FULL)
    return {
        "fitted": Fitted(len(sample), len(train), len(validation)),
        "learnable": beats_a_guess(of_full.interval),
        "probes": tuple(
            replace(one, in_words=audit_wording.probe(one, judge.full)) for one in probes
        ),
        "tokens": words.tokens(names) if words else (),
        "skipped": skipped,
    }


def _traits(rows: Rows) -> dict[str, np.ndarray]:
    progress.stage("Fitting the probes of length and Reuters")
    return {
        audit_wording.LENGTH: rows.by_length(),
        audit_wording.REUTERS: rows.by_mention(REUTERS),
    }


def _parts_of_words(rows: Rows, words: Words | None) -> dict[str, np.ndarray]:
    progress.stage("Fitting the probes of titles and single words")
    found = {}
    if (rows.train["title"].str.strip() != "").mean() >= TITLED:
        found[audit_wording.TITLE] = rows.by_words("title")
    if words:
        found[audit_wording.HEAVIEST] = words.called_by_heaviest()
        best, called = words.called_by_best()
        found[audit_wording.one_word(best)] = called
    return found
