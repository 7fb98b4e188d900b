import keras
import pytest

from tests import tiny
from tfnews import catalogue, models
from tfnews.catalogue.settings import KINDS
from tfnews.errors import RunError, UsageError
from tfnews.models import FAMILIES, NewsClassifier, build, load
from tfnews.runs import Run

TEXTS, LABELS = ["the vote", "fake news", "the fake vote", "news"], [0, 1, 1, 0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Give a complete run, and the answers of its classifier."""
    row = catalogue.row("tfidf")
    classifier, _ = build(row, TEXTS, LABELS, {**row.settings, "min_df": 1}, {})
    run = Run.create(tiny.config("tfidf-1", state="complete"), tmp_path_factory.mktemp("runs"))
    classifier.save_to_preset(str(run.model_dir))
    return run, classifier.probabilities(TEXTS)


WAYS = {
    "name": lambda run: run.name,
    "path": lambda run: run.path,
    "path as text": lambda run: str(run.path),
    "model folder": lambda run: run.model_dir,
    "run": lambda run: run,
    "classifier": lambda run: load(run.path),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_name_a_run_opens_it(saved, monkeypatch, way):
    """A run's name was once taken by evaluate and predict, and refused here."""
    run, expected = saved
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(run.path.parent))
    opened = load(WAYS[way](run))
    assert isinstance(opened, NewsClassifier)
    assert (opened.probabilities(TEXTS) == expected).all()


def test_a_name_under_another_folder_of_runs(saved):
    run, expected = saved
    assert (load(run.name, root=run.path.parent).probabilities(TEXTS) == expected).all()


def test_a_classifier_is_given_back(saved):
    opened = load(saved[0])
    assert load(opened) is opened


def test_what_is_neither_a_run_nor_a_model(tmp_path):
    with pytest.raises(RunError, match=r"holds neither a run's config\.json nor a model"):
        load(tmp_path)
    with pytest.raises(RunError, match=r"No run .*nowhere.* holds a config\.json"):
        load(tmp_path / "nowhere")


def test_a_run_that_is_not_complete_or_lost_its_model(tmp_path):
    run = Run.create(tiny.config("mine"), tmp_path)
    with pytest.raises(RunError, match="is not complete: its state is 'training'"):
        load(run.path)
    run.update(state="complete")
    with pytest.raises(RunError, match=r"has lost its model: .*task\.json is not there"):
        load(run.path)


def test_another_input_rule_is_refused(saved):
    opened = load(saved[0])
    opened.input_rule = "title-newline-text"
    with pytest.raises(RunError, match="by the rule 'title-newline-text'; this tfnews knows"):
        load(opened)


@pytest.mark.parametrize("what", [None, 3, ["tfidf-1"]])
def test_what_is_no_run_is_refused(what):
    with pytest.raises(RunError, match=f"Received: {type(what).__name__}. Allowed: str"):
        load(what)


def test_every_kind_of_row_has_its_code():
    assert set(FAMILIES) == set(KINDS)
    assert {row.kind for row in catalogue.rows().values()} == set(FAMILIES)


@pytest.mark.parametrize("name", catalogue.rows())
def test_what_builds_a_row_is_found_by_its_name(name):
    assert models.family_of(name) is FAMILIES[catalogue.row(name).kind]


def test_nothing_builds_a_row_that_is_not_there():
    with pytest.raises(UsageError, match="No architecture 'hub'"):
        models.family_of("hub")


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_says_how_it_is_trained(family):
    assert type(family.solved) is bool
    assert type(family.padded) is bool


def test_every_classifier_is_registered():
    for name in ("HubClassifier", "TfidfClassifier"):
        registered = keras.saving.get_registered_object(f"tfnews>{name}")
        assert issubclass(registered, NewsClassifier)


def test_the_room_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        models.train  # noqa: B018
