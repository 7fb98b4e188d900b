"""Versions that come and go in a repository, by a models.config as `tfnews export` writes it."""

import asyncio

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tests.serving import made
from tfnews.errors import ExportError
from tfnews.serving.asked import Limits
from tfnews.serving.metrics import Metrics
from tfnews.serving.models import AVAILABLE, END, Models
from tfnews.serving.refused import RefusedError
from tfnews.serving.serve import look_once
from tfnews.serving.wanted import wanted


class Server:
    """A repository and what is served of it."""

    def __init__(self, repository):
        self.repository = repository
        self.models = Models(Limits(max_wait=0), Metrics())

    def look(self):
        asyncio.run(look_once(self.models, self.repository))

    def states(self):
        versions = self.models.models["news"].versions
        return {number: one.state for number, one in versions.items()}

    def labels(self):
        return self.models.models["news"].labels


@pytest.fixture
def server(tmp_path):
    served = Server(tmp_path)
    yield served
    served.models.close()


def test_a_new_version_is_picked_up_and_a_rollback_too(server):
    made.saved(server.repository / "news" / "1", 1)
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    assert server.states() == {1: AVAILABLE}
    assert server.labels() == {"stable": 1}
    made.saved(server.repository / "news" / "2", 2)
    made.configure(server.repository, "news", [1, 2], stable=1, canary=2)
    server.look()
    assert server.states() == {1: AVAILABLE, 2: AVAILABLE}
    assert server.models.find("news", None, "canary").number == 2
    assert server.models.find("news", None, "stable").number == 1
    assert server.models.find("news", None, None).number == 2
    made.configure(server.repository, "news", [2], stable=2)
    server.look()
    assert server.states() == {1: END, 2: AVAILABLE}
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    assert server.states() == {1: AVAILABLE, 2: END}
    assert server.models.find("news", None, "stable").number == 1


def test_a_version_that_fails_keeps_the_old_one_and_is_tried_again_once_it_changed(server):
    made.saved(server.repository / "news" / "1", 1)
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    broken = server.repository / "news" / "2"
    broken.mkdir()
    (broken / "saved_model.pb").write_bytes(b"no graph")
    made.configure(server.repository, "news", [2], stable=2)
    server.look()
    assert server.states() == {1: AVAILABLE, 2: END}
    assert "cannot be loaded" in server.models.told("news", 2)[0].error
    assert server.models.find("news", None, "stable").number == 1  # the label did not move
    before = server.models.told("news", 2)[0]
    server.look()
    assert server.models.told("news", 2)[0] is before  # not tried again
    made.saved(broken, 2)
    server.look()
    assert server.states() == {1: END, 2: AVAILABLE}
    assert server.models.find("news", None, "stable").number == 2


def test_a_name_of_a_config_makes_no_line_of_the_log(server, caplog):
    name = "x\x1b[2J\n1 version 1: all is well"
    broken = server.repository / "one" / "1"
    broken.mkdir(parents=True)
    (broken / "saved_model.pb").write_bytes(b"no graph")
    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path="/models/one")
    (server.repository / "models.config").write_text(text_format.MessageToString(config))
    server.look()
    assert "(not shown) version 1: " in caplog.text
    assert "\x1b" not in caplog.text
    assert "all is well" not in caplog.text


def test_a_config_that_cannot_be_read_leaves_all_as_it_is(server):
    made.saved(server.repository / "news" / "1", 1)
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    (server.repository / "models.config").write_text("model_config_list { config {")
    with pytest.raises(ExportError, match="cannot be read"):
        wanted(server.repository)
    server.look()
    assert server.states() == {1: AVAILABLE}
    assert b"tfnews_repository_errors_total 1.0" in server.models.metrics.page()


def test_a_model_that_is_no_longer_named_ends(server):
    made.saved(server.repository / "news" / "1", 1)
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    (server.repository / "models.config").write_text("model_config_list { }")
    server.look()
    assert server.states() == {1: END}
    with pytest.raises(RefusedError) as caught:
        server.models.find("news", None, None)
    assert caught.value.status == 404


def test_a_label_whose_version_is_not_loaded_stays_and_so_does_its_version(server):
    """TensorFlow Serving moves a label only to a version that it has loaded."""
    made.saved(server.repository / "news" / "1", 1)
    made.saved(server.repository / "news" / "3", 3)
    made.configure(server.repository, "news", [1], stable=1)
    server.look()
    made.configure(server.repository, "news", [2, 3], stable=2, canary=3)
    server.look()
    assert server.states() == {1: AVAILABLE, 3: AVAILABLE}
    assert server.labels() == {"stable": 1, "canary": 3}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", [3]),
        ("model_version_policy { latest { num_versions: 2 } }", [2, 3]),
        ("model_version_policy { all { } }", [1, 2, 3]),
        ("model_version_policy { specific { versions: 1 versions: 9 } }", [1]),
    ],
)
def test_version_policies(tmp_path, policy, expected):
    for number in (1, 2, 3):
        (tmp_path / "news" / str(number)).mkdir(parents=True)
        (tmp_path / "news" / str(number) / "saved_model.pb").touch()
    (tmp_path / "news" / "4").mkdir()  # not whole yet
    config = f'config {{ name: "n" base_path: "/models/news" {policy} logging_config {{ }} }}'
    (tmp_path / "models.config").write_text(f"model_config_list {{ {config} }}")
    assert list(wanted(tmp_path)["n"].folders) == expected


def test_without_a_config_the_newest_version_of_each_model_is_served(tmp_path):
    for name, number in (("a", 1), ("a", 12), ("b", 2)):
        (tmp_path / name / str(number)).mkdir(parents=True)
        (tmp_path / name / str(number) / "saved_model.pb").touch()
    found = wanted(tmp_path)
    assert {name: list(one.folders) for name, one in found.items()} == {"a": [12], "b": [2]}
