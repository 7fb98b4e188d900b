"""What scores mean, in sentences: the report and the card say the same things in the same words.

A part is `{"scores": metrics.scores(...), "intervals": intervals.bootstrap(...) or None}`.
"""

from collections.abc import Sequence

from tfnews.statistics import metrics

LABEL_BASES = {
    "unstated": "nobody has said",
    "publisher": "the publisher: each text carries the label of the site it comes from",
    "factcheck": "fact-checkers' verdicts on single texts or claims",
    "crowd": "people who were paid to write or judge the texts",
    "satire": "satire sites against news sites",
    "clickbait": "sites known for clickbait against news sites, or people's judgement",
}
NEAR_PERFECT = 0.98
FEW_ROWS = 300
MANY_REFUSED = 0.05  # of another set's texts

LABELS = {
    "fpr": "{real} called {fake} (false alarms, FPR)",
    "fnr": "{fake} called {real} (misses, FNR)",
    "accuracy": "accuracy",
    "precision": "precision for {fake}",
    "recall": "recall for {fake}",
    "f1": "F1 for {fake}",
    "weighted_precision": "weighted precision",
    "weighted_recall": "weighted recall",
    "weighted_f1": "weighted F1",
    "macro_f1": "macro F1",
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC (average precision)",
    "mcc": "Matthews correlation (MCC)",
    "brier": "Brier score (0 is best)",
    "ece": "calibration error (ECE, 0 is best)",
}


def headline(report: dict) -> tuple[str, dict]:
    """Return the part a report speaks of, test or else validation, as (name, part)."""
    name = "test" if "test" in report["parts"] else "validation"
    return name, report["parts"][name]


def metric_label(name: str, class_names: Sequence[str]) -> str:
    """Return a score's name with the set's own class names in it."""
    real, fake = class_names
    return LABELS[name].format(real=real, fake=fake)


def number(value: float | None) -> str:
    """Return a score with four decimals, as the studies print them; a dash for None."""
    return "–" if value is None else f"{value:.4f}"


def interval(bounds: Sequence[float] | None) -> str:
    """Return "0.9123 to 0.9456", or "" without an interval."""
    return "" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def resembles(class_names: Sequence[str], set_name: str) -> str:
    """Say what a score means."""
    fake = class_names[1]
    return (
        f"A high score means that a text resembles texts labelled {fake} in {set_name}. "
        "It is a score of style, not a verdict on truth."
    )


def label_basis(splits: dict) -> str:
    """Say what the labels of a data set rest on."""
    basis = splits.get("label_basis") or "unstated"
    return LABEL_BASES.get(basis, basis)


def false_alarms(part: dict, called: str | None = None) -> str:
    """Say how many real texts were called fake, or `called`, with the interval."""
    scores, intervals = part["scores"], part.get("intervals") or {}
    real, fake = scores["class_names"]
    counts = scores["confusion"][0]
    return _rate(scores["fpr"], intervals.get("fpr"), counts[1], sum(counts), real, called or fake)


def misses(part: dict) -> str:
    """Say how many fake texts were called real, with the interval."""
    scores, intervals = part["scores"], part.get("intervals") or {}
    real, fake = scores["class_names"]
    counts = scores["confusion"][1]
    return _rate(scores["fnr"], intervals.get("fnr"), counts[0], sum(counts), fake, real)


def flags_right(flag: dict, class_names: Sequence[str]) -> str:
    """Say which share of flags would be right at a prevalence (`metrics.flag_precisions`)."""
    when = f"If {100 * flag['prevalence']:g} % of the texts you check are {class_names[1]}"
    if flag["precision"] is None:
        return f"{when}: nothing is flagged, so no share of right flags can be given."
    said = f"{when}, {_of_100(flag['precision'])} of 100 flags are right"
    if flag.get("low") is not None:
        said += (
            f" ({_of_100(flag['low'])} with both error rates at the bad ends of their intervals)"
        )
    return f"{said}."


def flags(report: dict) -> list[dict]:
    """Return `metrics.flag_precisions` of the headline part at the report's prevalences."""
    scores, intervals = (headline(report)[1].get(key) for key in ("scores", "intervals"))
    prevalences = report.get("prevalences", metrics.PREVALENCES)
    return metrics.flag_precisions(scores, intervals, prevalences)


def floor(comparison: dict | None) -> str | None:
    """Say whether the model beats the simplest one, from `floor.compare`; None without one."""
    if not comparison or comparison.get("difference") is None:
        return None
    name, bounds = comparison["arch"], comparison.get("interval")
    known = f" (95 % interval {bounds[0]:+.4f} to {bounds[1]:+.4f})" if bounds else ""
    said = (
        f"F1 differs by {comparison['difference']:+.4f}{known} from that of {name}, "
        f"{comparison['f1']:.4f}, on the same {comparison['part']} texts"
    )
    if comparison["gain_shown"]:
        return f"Better than the simplest model: {said}."
    return f"No gain over the simplest model is shown: {said}. Prefer {name}, which is smaller."


def fall(home: dict, away: dict, away_name: str) -> str:
    """Say how F1 and accuracy move from the model's own test texts to another data set."""
    before, after = home["scores"], away["scores"]
    # A model knows only the classes it was trained on: it calls no text by another set's name.
    own = before["class_names"][1]
    called = own if own == after["class_names"][1] else f"{own}-like"
    commoner = max(map(sum, after["confusion"])) / after["rows"]
    moved = " and ".join(
        _moved(name, before[key], after[key])
        for key, name in (("f1", "F1"), ("accuracy", "accuracy"))
    )
    return (
        f"On {away_name}, {moved}; always giving the commoner class would be right for "
        f"{_percent(commoner)}. {false_alarms(away, called)}"
    )


def elsewhere(report: dict) -> list[str]:
    """Say how the model does on other data sets, and how many of their texts were left out."""
    home, said = headline(report)[1], []
    for away in report.get("other_sets") or ():
        said.append(fall(home, away, away["name"]))
        if "shared_with_training" in away:
            said.append(
                f"Left out of {away['name']}, as they are also in this model's training texts: "
                f"{away['shared_with_training']:,} texts."
            )
    return said


def _moved(name: str, before: float, after: float) -> str:
    if abs(after - before) < 0.005:
        return f"{name} stays at {after:.2f}"
    verb = "rises" if after > before else "falls"
    return f"{name} {verb} from {before:.2f} to {after:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def warnings(report: dict) -> list[str]:
    """Return what a reader must know before believing the scores: the caller's, then our own."""
    found = [
        *report.get("warnings", ()),
        *report["splits"].get("warnings", ()),
        _style_warning(report),
        _reads_warning(report.get("test_reads", 0)),
        _test_warning(report["parts"].get("test")),
    ]
    for away in report.get("other_sets") or ():
        found += [_meaning_warning(report["splits"], away), _refused_warning(away)]
    compared = report.get("floor")
    if compared and not compared.get("gain_shown"):
        found.append(floor(compared))
    return list(dict.fromkeys(warning for warning in found if warning))


def how_made(report: dict) -> list[tuple[str, str]]:
    """Return what is needed to make the model again, as (name, value) pairs; blanks left out."""
    config, splits = report["config"], report["splits"]
    parameters, timings = config.get("parameters") or {}, report.get("timings") or {}
    weights = config.get("weights") or {}
    facts = {
        "command": config.get("command"),
        "goes on from": ", ".join(step["run"] for step in config.get("lineage", [])),
        "seed": config.get("seed"),
        "recipe": _pairs(config.get("recipe")),
        "precision in training": config.get("precision"),
        "versions": _pairs(config.get("versions")),
        "weights": weights.get("handle"),
        "digest of the weights": weights.get("digest"),
        "split": f"{splits.get('strategy') or 'as found'}, seed {splits.get('seed', 'not stated')}",
        **{f"digest of {name}": value for name, value in (splits.get("digests") or {}).items()},
        "parameters": _amount(parameters.get("total"), "{:,}"),
        "trained parameters": _amount(parameters.get("trainable"), "{:,}"),
        "size": _amount(config.get("megabytes"), "{:.1f} MB"),
        "training time": _amount(config.get("fit_seconds"), "{:,.0f} s"),
        "time a text": _amount(timings.get("ms_per_text"), "{:.2f} ms"),
        "texts a second": _amount(timings.get("texts_per_second"), "{:,.0f}"),
        "measured on": timings.get("device"),
        "times the test texts were scored": report.get("test_reads"),
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _pairs(settings: dict | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (settings or {}).items())


def _amount(value: float | None, pattern: str) -> str | None:
    return None if value is None else pattern.format(value)


def _style_warning(report: dict) -> str | None:
    near_perfect = headline(report)[1]["scores"]["f1"] >= NEAR_PERFECT
    if report["splits"].get("label_basis") == "publisher":
        said = "Labels follow the publisher, not the single article: "
        if near_perfect:
            return (
                f"{said}a score near 1.0 on such a set means that the publishers' style was "
                "learnt. Expect far less on other publishers."
            )
        return f"{said}part of what the model learnt is the publishers' style."
    if near_perfect:
        return (
            "A score near 1.0 is rare unless something gives the classes away. Check whether "
            "they come from different publishers, years or topics."
        )
    return None


def _reads_warning(test_reads: int) -> str | None:
    if test_reads < 2:
        return None
    return (
        f"The test texts were scored {test_reads} times. Each choice made after looking at them "
        "makes these scores too good: keep texts aside that no one has looked at."
    )


def _test_warning(test: dict | None) -> str | None:
    if not test:
        return (
            "The model has not been scored on the test texts. Scores on validation texts are too "
            "good: the model was chosen by them."
        )
    if test["scores"]["rows"] >= FEW_ROWS:
        return None
    return (
        f"There are only {test['scores']['rows']:,} test texts: read the intervals, not the scores."
    )


def _meaning_warning(home: dict, away: dict) -> str | None:
    """Warn of labels that mean something else; a basis not stated is not known to differ."""
    names, own = away["scores"]["class_names"], home["class_names"]
    stated = {one.get("label_basis") or "unstated" for one in (home, away)} - {"unstated"}
    if list(names) == list(own) and len(stated) < 2:
        return None
    return (
        f"Labels in {away['name']} do not mean what they mean in {home['name']}: "
        f"{names[0]}/{names[1]} (basis: {label_basis(away)}) against {own[0]}/{own[1]} (basis: "
        f"{label_basis(home)}). The model only tells whether a text resembles texts labelled "
        f"{own[1]} in {home['name']}, so its scores on the two sets answer two different questions."
    )


def _refused_warning(away: dict) -> str | None:
    refused, rows = away.get("refused") or {}, away["scores"]["rows"]
    count = sum(refused.values())
    if count <= MANY_REFUSED * rows:
        return None
    kinds = "; ".join(f"{kind}: {texts:,}" for kind, texts in refused.items())
    return (
        f"{count:,} of {rows:,} texts of {away['name']} are unlike the training texts ({kinds}): "
        "predict would give them no number, so these scores say little about the model."
    )


def _rate(
    rate: float | None,
    bounds: Sequence[float] | None,
    wrong: int,
    total: int,
    name: str,
    called: str,
) -> str:
    if rate is None:
        return f"There were no {name} texts, so this cannot be said."
    base = _base(rate or (bounds[1] if bounds else 1))
    if not wrong:
        limit = f"; up to {bounds[1] * base:.1f} of {base:,} cannot be excluded" if bounds else ""
        return f"None of {total:,} {name} texts was called {called}{limit}."
    decimals = 0 if rate * base >= 10 else 1
    known = ""
    if bounds:
        low, high = (f"{bound * base:.{decimals}f}" for bound in bounds)
        known = f" (95 % interval {low} to {high})"
    said = f"Of {base:,} {name} texts, {rate * base:.{decimals}f} were called {called}{known}"
    return f"{said}. Counted: {wrong:,} of {total:,}."


def _base(rate: float) -> int:
    """Return the round number of texts of which at least one is meant."""
    return 100 if rate >= 0.01 else 1_000 if rate >= 0.001 else 10_000


def _of_100(share: float) -> str:
    """Return a share of 100; never 100 for less than all."""
    percent = 100 * share
    if 99 < percent < 100:
        return f"{min(percent, 99.9):.1f}"
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}"
