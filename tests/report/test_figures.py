import numpy as np
import pytest

from tests.report.sample import rows
from tfnews.report import figures
from tfnews.statistics import metrics

HISTORY = [
    {"epoch": 1, "loss": 0.6, "val_loss": 0.5, "accuracy": 0.7, "val_accuracy": 0.75},
    {"epoch": 2, "loss": 0.4, "val_loss": 0.45, "accuracy": 0.8, "val_accuracy": 0.74},
]
NAMES = ("odd but true", "satire")


def _words(figure):
    axes = figure.axes
    said = [text for one in axes for text in (one.get_title(), one.get_xlabel(), one.get_ylabel())]
    said += [label.get_text() for one in axes for label in one.get_xticklabels()]
    said += [text.get_text() for legend in figure.legends for text in legend.texts]
    return "\n".join(said)


@pytest.fixture(scope="module")
def drawn():
    labels, probabilities = rows()
    confusion = metrics.scores(labels, probabilities)["confusion"]
    return figures.draw_all(
        {"train": confusion, "test": confusion}, labels, probabilities, HISTORY, NAMES
    )


def test_all_figures_are_drawn_and_saved_as_png(drawn, tmp_path):
    assert set(drawn) == {
        "confusion", "roc", "precision_recall", "calibration", "risk_coverage", "histogram", "loss",
        "accuracy",
    }  # fmt: skip
    paths = figures.save_all(drawn, tmp_path / "figures")
    assert paths.keys() == drawn.keys()
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths.values())
    assert len(list((tmp_path / "figures").iterdir())) == len(paths)  # nothing left beside


@pytest.mark.parametrize(
    "name", ["confusion", "roc", "precision_recall", "calibration", "histogram"]
)
def test_figures_speak_of_the_sets_own_classes(drawn, name):
    words = _words(drawn[name])
    assert "satire" in words
    assert "fake" not in words


def test_axes_are_labelled(drawn):
    for name in drawn.keys() - {"confusion"}:
        assert all(axes.get_ylabel() for axes in drawn[name].axes), name
        assert drawn[name].axes[-1].get_xlabel(), name


def test_no_legend_lies_over_a_curve(drawn):
    for name in drawn.keys() - {"confusion"}:
        assert not any(axes.get_legend() for axes in drawn[name].axes), name
        drawn[name].draw_without_rendering()
        (legend,) = drawn[name].legends
        top = legend.get_window_extent().y1
        assert all(axes.get_tightbbox().y0 > top for axes in drawn[name].axes), name


def test_titles_say_the_best_epoch(drawn):
    assert drawn["loss"].axes[0].get_title() == "Validation loss was lowest at epoch 2"
    assert drawn["accuracy"].axes[0].get_title() == "Validation accuracy was highest at epoch 1"


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_and_no_history_leave_out_what_cannot_be_drawn(label, tmp_path):
    labels, probabilities = np.full(3, label), np.array([0.1, 0.2, 0.3])
    confusion = metrics.scores(labels, probabilities)["confusion"]
    drawn = figures.draw_all({"test": confusion}, labels, probabilities)
    assert set(drawn) == {"confusion", "calibration", "risk_coverage", "histogram"}
    figures.save_all(drawn, tmp_path)


def test_class_names_are_not_formulas(tmp_path):
    labels, probabilities = rows(20)
    drawn = figures.draw_all({"test": [[1, 2], [3, 4]]}, labels, probabilities, (), ("$x_$", "$^$"))
    # Regression: read as mathematics, such a name cannot be drawn.
    assert all(path.stat().st_size for path in figures.save_all(drawn, tmp_path).values())


def test_nothing_flagged_is_said(tmp_path):
    numbers = figures.precision_recall_numbers(np.array([0, 1]), np.array([0.1, 0.2]), 0.5)
    assert numbers["at"] is None
    drawn = figures.precision_recall(numbers, NAMES)
    assert "No text is flagged" in drawn.axes[0].get_title()
    figures.save_all({"precision_recall": drawn}, tmp_path)


def test_curves_pass_through_the_threshold():
    labels, probabilities = rows()
    scored = metrics.scores(labels, probabilities, 0.6)
    roc = figures.roc_numbers(labels, probabilities, 0.6)
    assert roc["at"] == pytest.approx((scored["fpr"], scored["recall"]))
    curve = figures.precision_recall_numbers(labels, probabilities, 0.6)
    assert curve["at"] == pytest.approx((scored["recall"], scored["precision"]))


def test_figures_call_fake_what_the_scores_call_fake():
    """A threshold chosen from the scores: a float32 lies below or above what its digits mean."""
    generator = np.random.default_rng(1)
    labels, probabilities = generator.integers(0, 2, 200), generator.random(200, "float32")
    for threshold in (float(str(score)) for score in probabilities[:20]):
        scored = metrics.scores(labels, probabilities, threshold)
        at = figures.roc_numbers(labels, probabilities, threshold)["at"]
        assert at == pytest.approx((scored["fpr"], scored["recall"]))
        at = figures.precision_recall_numbers(labels, probabilities, threshold)["at"]
        assert at == pytest.approx((scored["recall"], scored["precision"]))
        right = figures.histogram_numbers(labels, probabilities, threshold)["right"]
        assert right == pytest.approx((1 - scored["fpr"], scored["recall"]))


def test_the_histogram_holds_every_text_with_its_edges():
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([0.0, 0.5, 0.5, 1.0])
    numbers = figures.histogram_numbers(labels, probabilities, 0.5)
    assert numbers["real"].sum() == numbers["fake"].sum() == 2
    assert numbers["right"] == (0.5, 1.0)


def test_epochs_without_validation_are_drawn(tmp_path):
    drawn = figures.by_epoch([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "val_loss": None}], "loss")
    assert drawn.axes[0].get_title() == "Training loss by epoch"
    figures.save_all({"loss": drawn}, tmp_path)


@pytest.mark.parametrize(("auc", "said"), [(1.0, "100.0 %"), (0.9999, "more than 99.9 %")])
def test_what_is_not_all_is_not_rounded_to_all(auc, said):
    """A title once said that 100.0 % of pairs were right where the page beside it said .9999."""
    numbers = {"auc": auc, "fpr": [0, 1], "tpr": [0, 1], "at": (0.1, 0.9)}
    assert f"in {said}" in figures.roc(numbers, NAMES).axes[0].get_title().replace(
        "\n", " "
    ).replace("\u00a0", " ")
