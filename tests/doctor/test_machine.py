"""The machine as the system tells of it."""

import pytest

from tfnews.doctor import machine

CPU = "processor\t: 0\nmodel name\t: A processor\nflags\t\t: {}\n\nprocessor\t: 1\n"


@pytest.mark.parametrize(
    ("flags", "features", "said"),
    [
        ("fpu avx avx2 fma", ("avx", "avx2", "fma"), "It has no matrix unit for bfloat16"),
        ("fpu sse2", (), "It has no AVX2 and will be slow"),
        ("avx2 avx512_bf16", ("avx2", "avx512_bf16"), "It has no matrix unit for bfloat16"),
        ("avx2 avx512_bf16 amx_bf16", ("avx2", "avx512_bf16", "amx_bf16"), "matrix unit (AMX)"),
    ],
)
def test_instructions_decide_which_precision_is_worth_it(flags, features, said):
    found = machine.processor(CPU.format(flags))
    assert (found.name, found.features) == ("A processor", features)
    assert said in found.advice


def test_a_processor_of_arm_is_read_too():
    found = machine.processor("Features\t: fp asimd bf16\n")
    assert found.features == ("asimd", "bf16")
    assert "slow" not in found.advice


def test_what_the_system_does_not_tell_is_not_guessed():
    found = machine.processor("")
    assert found.features is None
    assert "float32" in found.advice


def test_a_container_has_the_memory_it_may_have(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("500000000\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    said = "MemTotal:  8000000 kB\nMemAvailable:  6000000 kB\n"
    monkeypatch.setattr(machine, "_read_memory", lambda: said)
    assert machine.memory() == (2.0, 1.5)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory() == (8.19, 6.14)


def test_a_folder_to_be_is_judged_by_the_one_above(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    assert machine._written("runs", tmp_path / "not" / "there").fault is None
    assert machine._written("runs", tmp_path / "file").fault == "it is a file, not a folder"
    monkeypatch.setattr(machine, "_LEAST_FREE", 1e9)
    assert "GB are free" in machine._written("runs", tmp_path).fault


def test_caches_are_counted(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    with (tmp_path / "a" / "b").open("wb") as file:
        file.truncate(30_000_000)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    found = {one.name: one.used_gb for one in machine.places(tmp_path)}
    assert found["cache of Keras"] == 0.03


def test_variables_are_named_without_what_they_say(monkeypatch):
    for name in ("TFNEWS_SAVED_MODELS", "TF_NUM_INTRAOP_THREADS", "HF_TOKEN", "TF_VAR_password"):
        monkeypatch.setenv(name, "secret")
    found = machine.variables()
    assert {"TFNEWS_SAVED_MODELS", "TF_NUM_INTRAOP_THREADS"} <= set(found)
    assert not {"HF_TOKEN", "TF_VAR_password", "PATH"} & set(found)
