import keras
import pytest

from tfnews import catalogue, models
from tfnews.catalogue.settings import KINDS
from tfnews.errors import RunError, UsageError
from tfnews.models import FAMILIES, NewsClassifier, build, load

TEXTS, LABELS = ["the vote", "fake news", "the fake vote", "news"], [0, 1, 1, 0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    row = catalogue.row("tfidf")
    classifier, _ = build(row, TEXTS, LABELS, {**row.settings, "min_df": 1}, {})
    folder = tmp_path_factory.mktemp("run")
    classifier.save_to_preset(str(folder / "model"))
    return folder, classifier.predict(TEXTS, verbose=0)


@pytest.mark.parametrize("below", [".", "model"])
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_run_and_its_model_folder_open_alike(saved, below, kind):
    folder, expected = saved
    opened = load(kind(folder / below))
    assert isinstance(opened, NewsClassifier)
    assert (opened.predict(TEXTS, verbose=0) == expected).all()


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_model(tmp_path, name):
    with pytest.raises(RunError, match=r"holds no model.* Give the folder of a complete run"):
        load(tmp_path / name)


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
