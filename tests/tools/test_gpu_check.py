from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tools import gpu_check


@pytest.fixture(autouse=True)
def global_switches():
    """Put back what the program sets for its whole process."""
    rounding = tf.config.experimental.tensor_float_32_execution_enabled()
    placement = tf.config.get_soft_device_placement()
    yield
    tf.config.experimental.enable_tensor_float_32_execution(rounding)
    tf.config.set_soft_device_placement(placement)


def test_the_cpu_agrees_with_itself(capsys):
    arguments = ["--device", "CPU", "--rows", "swivel20", "mobilebert"]
    assert gpu_check.main([*arguments, "--precisions", "mixed_float16"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("swivel20     mixed_float16   loss ")
    assert lines[2].endswith("  within 5e-03")
    assert lines[3].startswith("mobilebert   mixed_float16   left out: ")
    assert lines[4] == "Comparisons: 1 within, 0 beyond, 1 left out"


@pytest.mark.parametrize("wrong", [1.0, np.nan])
@pytest.mark.parametrize("which", [0, 1])
def test_a_difference_is_found(capsys, monkeypatch, wrong, which):
    """In the loss and in the probabilities; the first of the two sides is the device."""
    offsets = iter([wrong, 0.0] * len(gpu_check.TOLERANCES))
    classifier = SimpleNamespace(get_weights=lambda: [1], set_weights=lambda weights: None)
    monkeypatch.setattr(gpu_check, "built", lambda *arguments: (classifier, {}))
    monkeypatch.setattr(gpu_check, "trained", lambda *arguments: _answers(which, next(offsets)))
    assert gpu_check.main(["--device", "CPU", "--rows", "swivel20"]) == 1
    assert "Comparisons: 0 within, 3 beyond" in capsys.readouterr().out


def _answers(which, offset):
    answers = [np.zeros(4), np.zeros(8)]
    answers[which] = answers[which] + offset
    return answers


def test_without_a_gpu_it_says_that_nothing_was_checked(capsys, monkeypatch):
    monkeypatch.setattr(gpu_check.tf.config, "list_physical_devices", lambda kind: [])
    assert gpu_check.main([]) == 0
    said = capsys.readouterr().out
    assert "looked for: GPU" in said
    assert "No GPU found: nothing was checked." in said
