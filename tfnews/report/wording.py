"""What scores mean, in sentences: the report and the card say the same things in the same words."""

from collections.abc import Mapping, Sequence
from datetime import date

from tfnews.data.splits import UNSTATED
from tfnews.records import CalibrationRecord, Comparison, Judged, OtherSet
from tfnews.report import tuned
from tfnews.report.content import DataSet, Report
from tfnews.statistics import metrics

LABEL_BASES = {
    UNSTATED: "nobody has said",
    "publisher": "the publisher: each text carries the label of the site it comes from",
    "factcheck": "fact-checkers' verdicts on single texts or claims",
    "crowd": "people who were paid to write or judge the texts",
    "satire": "satire sites against news sites",
    "clickbait": "sites known for clickbait against news sites, or people's judgement",
}
UNTESTED = (
    "The model has not been scored on the test texts. Scores on validation texts are too good: the "
    "model was chosen by them."
)
NEAR_PERFECT = 0.98
# As things that were scored.
STRESS_TEST, TRIALS, DRIFT_CHECK = "stress test", "trials", "drift check"
FEW_ROWS = 300
MANY_REFUSED = 0.05  # of another set's texts


def with_names(said: str, class_names: Sequence[str]) -> str:
    """Return a metric's label, long or short, with the set's own class names in it."""
    real, fake = class_names
    return said.format(real=real, fake=fake)


def number(value: float | None) -> str:
    """Return a score with four decimals, as the studies print them; a dash for None."""
    return "–" if value is None else f"{value:.4f}"


def interval(bounds: Sequence[float] | None) -> str:
    """Return "0.9123 to 0.9456", or "" without an interval."""
    return "" if bounds is None else f"{bounds[0]:.4f} to {bounds[1]:.4f}"


def p_value(value: float) -> str:
    """Return a p value as it is usually printed."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def day(when: date) -> str:
    """Return "5 May 2026"."""
    return f"{when.day} {when:%B %Y}"


def count(texts: int) -> str:
    """Return "1 text", "2,000 texts"."""
    return f"{texts:,} text" if texts == 1 else f"{texts:,} texts"


def dated(iso: str | None) -> str:
    """Return the beginning of a sentence about what was made on a day; "" where it is not known."""
    return f"{day(date.fromisoformat(iso))}: " if iso else ""


def resembles(class_names: Sequence[str], set_name: str) -> str:
    """Say what a score means."""
    fake = class_names[1]
    return (
        f"A high score means that a text resembles texts labelled {fake} in {set_name}. "
        "It is a score of style, not a verdict on truth."
    )


def label_basis(basis: str) -> str:
    """Say what the labels of a data set, or of several joined, rest on."""
    return "; ".join(LABEL_BASES.get(one, one) for one in basis.split(" and "))


def false_alarms(judged: Judged, called: str | None = None, of: str = "") -> str:
    """Say how many real texts were called fake, or `called`, with the interval.

    Args:
        judged: The scores.
        called: What the model calls class 1, where that is not the set's own name.
        of: The set's name, where it is not the run's own.
    """
    real, fake = judged.class_names
    counts = judged.scores["confusion"][0]
    return _rate(judged, "fpr", counts[1], sum(counts), real, called or fake, of)


def misses(judged: Judged, of: str = "") -> str:
    """Say how many fake texts were called real, with the interval; `of` as `false_alarms`."""
    real, fake = judged.class_names
    counts = judged.scores["confusion"][1]
    return _rate(judged, "fnr", counts[0], sum(counts), fake, real, of)


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


def flags(report: Report) -> list[str]:
    """Say which share of flags would be right at each of the report's prevalences."""
    judged = report.judged
    found = metrics.flag_precisions(judged.scores, judged.intervals, report.prevalences)
    return [flags_right(flag, judged.class_names) for flag in found]


def floor(compared: Comparison | None) -> str | None:
    """Say whether the model beats the simplest one; None without a comparison."""
    if compared is None:
        return None
    name, bounds = compared.arch, compared.interval
    known = f" (95 % interval {bounds[0]:+.4f} to {bounds[1]:+.4f})" if bounds else ""
    said = (
        f"F1 differs by {compared.difference:+.4f}{known} from that of {name}, "
        f"{compared.f1:.4f}, on the same {compared.part} texts"
    )
    if compared.gain_shown:
        return f"Better than the simplest model: {said}."
    return f"No gain over the simplest model is shown: {said}. Prefer {name}, which is smaller."


def always(judged: Judged) -> str:
    """Say what giving every text the commoner class would score; "" in files made before."""
    found = judged.scores.get("always")
    if not found:
        return ""
    return (
        f"Always giving {found['class']}, the commoner class, would score F1 {found['f1']:.4f} for "
        f"{judged.class_names[1]} and accuracy {found['accuracy']:.4f}."
    )


def no_better(judged: Judged, of: str = "") -> str | None:
    """Say that a model is not shown to tell the classes apart, or None where it is.

    `of` is the set's name, where it is not the run's own.

    The mean of both classes' recall is 0.5 for whoever gives all texts one class, whatever the
    classes' shares, and for whoever draws lots.
    """
    found = judged.scores.get("always")
    recall, bounds = judged.scores.get("macro_recall"), judged.intervals.get("macro_recall")
    if not found or recall is None or (bounds[0] if bounds else recall) > 0.5:
        return None
    known = f" (95 % interval {interval(bounds)})" if bounds else ""
    return (
        f"{f'On {of} this' if of else 'This'} model is not shown to be any better than always "
        f"giving {found['class']}: it finds "
        f"{recall:.4f} of a class on average{known}, where one answer for all texts finds 0.5."
    )


def unscored(name: str, judged: Judged, refused: Mapping[str, int], f1: float | None) -> str:
    """Say which texts count here and get no number from `predict`; "" where there are none.

    Args:
        name: Of the texts, as "test texts".
        judged: The scores of all of them.
        refused: Those without a number, by kind of reason.
        f1: F1 of the others.
    """
    if not refused:
        return ""
    kinds = "; ".join(f"{kind}: {texts:,}" for kind, texts in refused.items())
    without = "" if f1 is None else f" Without these, F1 for {judged.class_names[1]} is {f1:.4f}."
    return (
        f"Scores count all {judged.rows:,} {name}; predict gives no number to "
        f"{sum(refused.values()):,} of them ({kinds}).{without}"
    )


def warnings(report: Report) -> list[str]:
    """Return what a reader must know before believing the scores: the caller's, then our own."""
    found = [
        *report.warnings,
        *report.data.warnings,
        _trust_warning(report.config.weights.trusted),
        _style_warning(report),
        _refit_warning(report.config.refit_epochs),
        tuned.warning(report.config.tuning),
        _outdated_warning(report),
        _reads_warning(report.test_reads),
        _test_warning(report.parts.get("test")),
        no_better(report.judged),
    ]
    for away in report.other_sets:
        found += [_meaning_warning(report.data, away), _refused_warning(away)]
    if report.floor and not report.floor.gain_shown:
        found.append(floor(report.floor))
    return list(dict.fromkeys(warning for warning in found if warning))


def _trust_warning(trusted: Sequence[str] | None) -> str | None:
    return trusted and (
        "The graph of the weights does more than compute, and was trusted with all files "
        f"(--trust-graph): it holds {', '.join(trusted)}. Open this run only if you trust their "
        "maker, too."
    )


def how_made(report: Report) -> list[tuple[str, str]]:
    """Return what is needed to make the model again, as (name, value) pairs; blanks left out."""
    config, data, timings = report.config, report.data, report.timings
    parameters = config.parameters
    seed = "not stated" if data.seed is None else data.seed
    told = {"weights": config.weights.name} if "weights" in config.recipe else {}
    facts = {
        "written": report.written and day(report.written),
        "command": config.command,
        "average of": ", ".join(f"{one.run} ({one.arch})" for one in config.members),
        "goes on from": ", ".join(ancestor.run for ancestor in config.lineage),
        "chosen by": tuned.searched(config.tuning),
        "calibrated": _calibrated(config.calibration),
        "seed": config.seed,
        "recipe": _pairs(config.recipe | told),
        "precision in training": config.precision,
        "devices in training": ", ".join(config.devices),
        "versions": _pairs(config.versions),
        "weights": config.weights.name,
        "digest of the weights": config.weights.digest,
        "split": f"{data.strategy or 'as found'}, seed {seed}",
        **{f"digest of {name}": value for name, value in data.digests.items()},
        "parameters": _amount(parameters and parameters.total, "{:,}"),
        "trained parameters": _amount(parameters and parameters.trainable, "{:,}"),
        "size": _amount(config.megabytes, "{:.1f} MB"),
        "training time": _amount(config.fit_seconds or None, "{:,.0f} s"),
        "time a text": _amount(timings and timings.ms_per_text, "{:.2f} ms"),
        "texts a second": _amount(timings and timings.texts_per_second, "{:,.0f}"),
        "times the test texts were scored": report.test_reads,
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _calibrated(record: CalibrationRecord | None) -> str | None:
    if record is None:
        return None
    rows = " and ".join(f"{count:,} {name}" for name, count in record.rows.items())
    band = "" if record.coverage is None else f", coverage {record.coverage:g}"
    note = f". {record.note}" if record.note else ""
    return f"{record.method}, threshold {record.threshold}{band}, on {rows} validation texts{note}"


def _pairs(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _amount(value: float | None, pattern: str) -> str | None:
    return None if value is None else pattern.format(value)


def _style_warning(report: Report) -> str | None:
    near_perfect = report.judged.scores["f1"] >= NEAR_PERFECT
    if "publisher" in report.data.label_basis.split(" and "):
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


def _refit_warning(epochs: int | None) -> str | None:
    if epochs is None:
        return None
    return (
        "The model was trained once more, on train and validation: what it scores on validation "
        "texts now is what it scores on texts it has learnt. Only test says how good it is."
    )


def _outdated_warning(report: Report) -> str | None:
    if not report.outdated:
        return None
    names, run = ", ".join(report.outdated), report.config.name
    again = f"tfnews evaluate {run}, with --data SPLITS for other sets"
    commands = {STRESS_TEST: "stress {}", TRIALS: "trial {} FEED", DRIFT_CHECK: "drift {} FILE"}
    for name, command in commands.items():
        if name in report.outdated:
            again += f"; tfnews {command.format(run)}"
    return (
        f"Scored before this model was calibrated anew, and not shown: {names}. Score them again: "
        f"{again}."
    )


def _reads_warning(test_reads: int) -> str | None:
    if test_reads < 2:
        return None
    return (
        f"The test texts were scored {test_reads} times. Each choice made after looking at them "
        "makes these scores too good: keep texts aside that no one has looked at."
    )


def _test_warning(test: Judged | None) -> str | None:
    if not test:
        return UNTESTED
    if test.rows >= FEW_ROWS:
        return None
    return f"There are only {test.rows:,} test texts: read the intervals, not the scores."


def _meaning_warning(home: DataSet, away: OtherSet) -> str | None:
    """Warn of labels that mean something else; a basis not stated is not known to differ."""
    names, own = away.class_names, home.class_names
    stated = {home.label_basis, away.label_basis} - {UNSTATED}
    if names == own and len(stated) < 2:
        return None
    return (
        f"Labels in {away.name} do not mean what they mean in {home.name}: "
        f"{names[0]}/{names[1]} (basis: {label_basis(away.label_basis)}) against {own[0]}/{own[1]} "
        f"(basis: {label_basis(home.label_basis)}). The model only tells whether a text resembles "
        f"texts labelled {own[1]} in {home.name}, so its scores on the two sets answer two "
        "different questions."
    )


def _refused_warning(away: OtherSet) -> str | None:
    refused, rows = away.refused, away.judged.rows
    count = sum(refused.values())
    if count <= MANY_REFUSED * rows:
        return None
    kinds = "; ".join(f"{kind}: {texts:,}" for kind, texts in refused.items())
    return (
        f"{count:,} of {rows:,} texts of {away.name} are unlike the training texts ({kinds}): "
        "predict would give them no number, so these scores say little about the model."
    )


def _rate(
    judged: Judged, metric: str, wrong: int, total: int, name: str, called: str, of: str
) -> str:
    rate, bounds = judged.scores[metric], judged.intervals.get(metric)
    texts = f"{name} texts of {of}" if of else f"{name} texts"
    if rate is None:
        return f"There were no {texts}, so this cannot be said."
    base = _base(rate or (bounds[1] if bounds else 1))
    if not wrong:
        limit = f"; up to {bounds[1] * base:.1f} of {base:,} cannot be excluded" if bounds else ""
        return f"None of {total:,} {texts} was called {called}{limit}."
    decimals = 0 if 10 <= rate * base <= 99 else 1
    known = ""
    if bounds:
        low, high = (f"{bound * base:.{decimals}f}" for bound in bounds)
        known = f" (95 % interval {low} to {high})"
    # All is said of all alone: 99.96 is 99.9.
    some = base if rate == 1 else f"{min(rate * base, base - 0.1):.{decimals}f}"
    said = f"Of {base:,} {texts}, {some} were called {called}{known}"
    return f"{said}. Counted: {wrong:,} of {total:,}."


def _base(rate: float) -> int:
    """Return the round number of texts of which at least one is meant."""
    return 100 if rate >= 0.01 else 1_000 if rate >= 0.001 else 10_000


def in_100(share: float) -> str:
    """Return a share of 100 as a whole number; never 0 for some, nor 100 for less than all."""
    percent = 100 * share
    if round(percent) in (0, 100) and percent not in (0, 100):
        return f"{min(max(percent, 0.1), 99.9):.1f}"
    return f"{percent:.0f}"


def _of_100(share: float) -> str:
    """Return a share of 100; never 100 for less than all."""
    percent = 100 * share
    if 99 < percent < 100:
        return f"{min(percent, 99.9):.1f}"
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}"
