"""Versions of a model, and what a server is told of them."""

import errno
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf import text_format

from tfnews.errors import ExportError, UsageError
from tfnews.export import repository, serving, wording
from tfnews.export.repository import Labels, Model, models


def publish(model, served=True):
    with model.writing() as folder:
        folder.mkdir()
        (folder / "saved_model.pb").write_text("")
        return model.publish(folder, served=served)


@pytest.fixture
def model(tmp_path):
    return Model(tmp_path / "exports", "news")


def config(folder):
    """Read models.config as TensorFlow Serving does."""
    messages = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    content = (folder / serving.MODELS).read_text()
    return text_format.Parse(content, messages.ModelServerConfig()).model_config_list.config


def told(one):
    return list(one.model_version_policy.specific.versions), dict(one.version_labels)


def test_the_first_version_is_stable_and_later_ones_are_on_trial(model):
    assert publish(model).name == "1"
    (one,) = config(model.repository)
    assert (one.name, one.base_path, one.model_platform) == ("news", "/models/news", "tensorflow")
    assert told(one) == ([1], {"stable": 1})
    publish(model)
    assert told(config(model.repository)[0]) == ([1, 2], {"stable": 1, "canary": 2})
    publish(model)
    assert told(config(model.repository)[0]) == ([1, 3], {"stable": 1, "canary": 3})


def test_a_promoted_version_is_stable_and_can_be_rolled_back(model):
    for _ in range(3):
        publish(model)
    assert model.promote() == Labels(3, 3)
    assert told(config(model.repository)[0]) == ([3], {"stable": 3})
    assert model.roll_back() == Labels(2, 2)
    assert model.roll_back() == Labels(1, 1)
    assert told(config(model.repository)[0]) == ([1], {"stable": 1})
    assert model.versions() == [1, 2, 3]
    with pytest.raises(UsageError, match=r"no version before 1 to go back to. Versions: 1, 2, 3"):
        model.roll_back()


def test_a_version_on_trial_is_withdrawn_and_its_number_not_given_again(model):
    publish(model)
    publish(model)
    assert model.roll_back() == Labels(1, 1)
    with pytest.raises(UsageError, match="no version on trial: 1 is stable"):
        model.promote()
    assert publish(model).name == "3"
    assert model.labels() == Labels(1, 3)


def test_versions_are_counted_as_numbers(model):
    for name in ("9", "10", "notes", ".writing.x", "²"):
        (model.path / name).mkdir(parents=True)
    assert model.versions() == [9, 10]
    assert publish(model).name == "11"


def test_models_share_a_repository_and_its_files(model):
    publish(model)
    publish(Model(model.repository, "news-tflite"), served=False)
    publish(Model(model.repository, "other"))
    assert [one.name for one in config(model.repository)] == ["news", "other"]
    assert [one.name for one in models(model.repository)] == ["news", "news-tflite", "other"]


def test_an_operators_changes_stay(model):
    publish(model)
    changed = model.repository / serving.COMPOSE
    assert serving.IMAGE in changed.read_text()
    changed.write_text("mine")
    publish(model)
    assert changed.read_text() == "mine"


def test_exports_at_once_get_versions_of_their_own(tmp_path):
    places = [Model(tmp_path / "exports", "news") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda one: publish(one).name, places))
    assert sorted(map(int, names)) == list(range(1, 9))
    left = sorted(path.name for path in places[0].path.iterdir())
    assert left == sorted([*map(str, range(1, 9)), "labels.json"])
    assert places[0].labels().canary == 8


def test_another_export_that_never_ends_is_an_error(model, monkeypatch):
    publish(model)
    monkeypatch.setattr(repository, "_PATIENCE", 0)
    with model._locked(), pytest.raises(ExportError, match=r"kept .* locked for 0 s. Nothing was"):
        publish(Model(model.repository, "news"))
    assert model.versions() == [1]


def test_what_fails_leaves_nothing(model, tmp_path):
    def fail():
        with model.writing() as folder:
            folder.mkdir()
            (folder / "part").write_text("")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not (tmp_path / "exports").exists()


def test_what_a_killed_export_left_goes_with_the_next_one(model):
    """A process that is killed cleans nothing up, and an export may be a gigabyte."""
    publish(model)
    left = model.path / f".writing.{'0a' * 8}"
    (left / "new").mkdir(parents=True)
    with model.writing() as folder:
        assert not left.exists()
        with Model(model.repository, "news").writing():
            assert folder.parent.exists()  # this one goes on
    assert [path.name for path in model.path.iterdir() if path.is_dir()] == ["1"]


@pytest.mark.parametrize("versions", [0, 1])
def test_a_disk_that_fills_as_the_server_is_told_takes_the_version_back(
    model, monkeypatch, versions
):
    for _ in range(versions):
        publish(model)
    before = model.labels()
    write = repository.write_text

    def fail(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(repository, "write_text", fail)
    with pytest.raises(OSError, match="No space left"):
        publish(model)
    monkeypatch.setattr(repository, "write_text", write)
    assert model.versions() == list(range(1, versions + 1))
    assert model.labels() == before
    assert model.path.exists() == bool(versions)


def test_labels_that_are_damaged_are_an_error(model):
    publish(model)
    (model.path / "labels.json").write_text(json.dumps({"stable": 1}))
    with pytest.raises(ExportError, match=r"labels.json is not what tfnews writes"):
        model.roll_back()


def test_an_unknown_model_is_named_with_those_there_are(model):
    publish(model)
    with pytest.raises(UsageError, match=r"no served model named 'old'. There are: news"):
        Model(model.repository, "old").roll_back()
    with pytest.raises(UsageError, match="There is no folder of exports"):
        Model(model.repository / "none", "old").promote()


@pytest.mark.parametrize("name", ['x" } } #', "a\nb", "..x", "=1", "x" * 101])
def test_a_folders_name_is_no_part_of_models_config(model, name):
    """It could say there where a server is to look for models."""
    publish(model)
    (model.repository / name).mkdir()
    (model.repository / name / "labels.json").write_text('{"stable": 1, "canary": 1}')
    publish(model)
    assert [one.name for one in config(model.repository)] == ["news"]


@pytest.mark.parametrize("stable", ["1e400", "NaN", "true", '"1"', "0", "-1", str(2**63), "[1]"])
def test_a_label_stands_for_a_version(model, stable):
    publish(model)
    (model.path / "labels.json").write_text(f'{{"stable": {stable}, "canary": 1}}')
    with pytest.raises(ExportError, match=r"labels\.json is not what tfnews writes"):
        model.labels()


@pytest.mark.parametrize("content", ["[1]", '{"bytes": "x"}', '{"run": []}', "[" * 200_000, "3"])
def test_versions_are_listed_whatever_they_say_of_themselves(model, content):
    publish(model)
    (model.path / "1" / "parity.json").write_text(content)
    (model.path / str(2**63)).mkdir()
    assert [line for line in wording.versions(model) if "size unknown" in line]
    assert model.versions() == [1]
