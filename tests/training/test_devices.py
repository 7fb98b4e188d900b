"""Training on several devices: their names, what is said without them, and an equal outcome."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import tensorflow as tf

from tests import tiny
from tfnews import catalogue
from tfnews.errors import RunError, UsageError
from tfnews.runs import Run
from tfnews.training import devices
from tfnews.training.settings import inherited, resolve
from tools import measure_devices

GPUS = [SimpleNamespace(name=f"/physical_device:GPU:{n}", device_type="GPU") for n in range(3)]


@pytest.fixture
def gpus(monkeypatch):
    """Have TensorFlow find three GPUs, which are all seen."""
    seen = list(GPUS)
    config = devices_of(monkeypatch, seen)
    monkeypatch.setattr(config, "set_visible_devices", lambda some, kind: seen.__init__(some))
    details = lambda gpu: {"device_name": f"Kind {gpu.name[-1]}"}  # noqa: E731
    monkeypatch.setattr(config.experimental, "get_device_details", details)
    return seen


def devices_of(monkeypatch, seen):
    config = tf.config
    monkeypatch.setattr(config, "list_physical_devices", lambda kind: list(GPUS))
    monkeypatch.setattr(config, "get_visible_devices", lambda kind: list(seen))
    return config


@pytest.mark.parametrize("named", ["auto", "all", "0", "2,0,11", "cpu:1", "cpu:16"])
def test_devices_are_named(named):
    devices.check(named)


WRONG = [
    "cpu",
    "cpu:0",
    "cpu:17",
    "CPU:2",
    "gpu:0",
    "0,0",
    "0,00",
    "0, 1",
    "",
    ",",
    "-1",
    "1,",
    "٢",
]


@pytest.mark.parametrize("named", WRONG)
def test_other_names_are_refused(named):
    with pytest.raises(UsageError, match=r"auto .*all .*0,1.*cpu:2"):
        devices.check(named)


def test_a_fit_has_one_device_unless_told_and_so_has_one_that_goes_on_from_a_run():
    assert resolve(catalogue.row("cnn"), {})["devices"] == "auto"
    parent = tiny.config(arch="cnn", recipe={"devices": "0,1", "epochs": 3})
    assert inherited(parent)["devices"] == "auto"
    assert inherited(parent)["epochs"] == 3


def test_gpus_are_chosen_by_number_and_the_others_left_alone(gpus):
    devices.make_ready("2,1")
    assert gpus == [GPUS[2], GPUS[1]]
    assert devices.names("2,1") == ("GPU:0", "GPU:1")  # as TensorFlow numbers those that it sees
    assert devices.described("2,1") == ("GPU:0 (Kind 2)", "GPU:1 (Kind 1)")


def test_all_gpus_are_those_that_are_there(gpus):
    devices.make_ready("all")
    assert devices.names("all") == ("GPU:0", "GPU:1", "GPU:2")
    assert devices.said("all", 32).startswith("Each batch of 32 texts is shared out to GPU:0 (Ki")
    assert devices.said("auto", 32) == "One of 3 GPUs trains. All would with: --devices all"


def test_a_gpu_that_is_not_there_is_told(gpus):
    with pytest.raises(UsageError, match=r"finds 3 GPUs here \(numbers 0 to 2\).*--devices 1,3\."):
        devices.make_ready("1,3")


@pytest.mark.parametrize("named", ["all", "0"])
def test_without_gpus_it_is_told_how_to_try(monkeypatch, named):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    with pytest.raises(UsageError, match=r"finds 0 GPUs here \(none\).*--devices cpu:2.*--resume"):
        devices.make_ready(named)


def test_a_process_that_has_started_on_other_gpus_cannot_change_them(monkeypatch):
    def refuse(some, kind):
        raise RuntimeError("Visible devices cannot be modified after being initialized")

    config = devices_of(monkeypatch, GPUS[:1])
    monkeypatch.setattr(config, "set_visible_devices", refuse)
    devices.make_ready("0")
    with pytest.raises(UsageError, match="already started with other devices"):
        devices.make_ready("1")


def test_a_processor_that_has_started_is_not_cut_up(monkeypatch):
    tf.constant(0) + 1
    with pytest.raises(UsageError, match=r"already started.*devices=cpu:16.*in a new process"):
        devices.make_ready("cpu:16")


def explain(error, **options):
    with devices.explained({"devices": "cpu:2", "deterministic": False} | options, "mine"):
        raise error


@pytest.mark.parametrize(
    "kind", [tf.errors.InternalError, tf.errors.UnavailableError, tf.errors.AbortedError]
)
def test_a_lost_device_is_told_with_how_to_go_on(kind):
    with pytest.raises(RunError, match=r"no longer answers: .*gone.*--resume mine --devices 0"):
        explain(kind(None, None, "CPU:1 is gone\nand a long trace"))


def test_on_the_one_processor_such_an_error_is_none_of_a_device():
    with pytest.raises(tf.errors.InternalError):
        explain(tf.errors.InternalError(None, None, "a fault"), devices="auto")


def test_what_cannot_be_deterministic_is_told():
    """In TensorFlow's words: no operation refuses on a processor."""
    words = "Determinism is not yet supported in GPU implementation of Bincount."
    error = tf.errors.UnimplementedError(None, None, words)
    with pytest.raises(RunError, match=r"implementation of Bincount.*without --deterministic"):
        explain(error, deterministic=True)
    with pytest.raises(tf.errors.UnimplementedError):
        explain(error)


# Equal to one device, in processes of their own: a processor is cut up before anything is computed


def measured(folder, *arguments):
    command = [sys.executable, "-m", "tools.measure_devices", str(folder), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_devices_and_the_one_that_is_left_come_to_what_one_comes_to(tmp_path):
    """Row-sparse Adam, clipping and accumulation; a device is lost in the midst of an epoch."""
    case, ways = "embedding, clipped, in parts", ["two devices", "two, then one"]
    found = measured(tmp_path, "--cases", case, "--ways", *ways)[case]
    assert list(found) == ways
    assert max(n for far in found.values() for n in far.values()) <= 1e-4
    runs = {name: Run.open(tmp_path / "embedding-clipped-in-parts" / name) for name in RECORDED}
    told = {name: (run.config.recipe["devices"], run.config.devices) for name, run in runs.items()}
    assert told == RECORDED


RECORDED = {
    "two": ("cpu:2", ("CPU:0", "CPU:1")),
    "two-then-one": ("auto", ()),
    "one": ("auto", ()),
}


@pytest.mark.slow
def test_every_case_comes_to_the_same(tmp_path):
    assert measured(tmp_path).keys() == measure_devices.CASES.keys()
