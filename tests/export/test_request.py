"""What an export may be asked for; none of it needs TensorFlow."""

import dataclasses
import os

import pytest

from tests import tiny
from tfnews.errors import ExportError, RunError, UsageError
from tfnews.export import request
from tfnews.records import WeightsRecord
from tfnews.runs import Run


def made(config, root):
    """Make a run whose model is there by name, which is all that is looked at."""
    run = Run.create(config, root)
    run.model_dir.mkdir()
    run.task_path.touch()
    return run


@pytest.fixture
def run(tmp_path):
    return made(tiny.config("mine", state="complete"), tmp_path / "runs")


def test_what_is_not_said_has_defaults(run):
    found = request.check(run)
    assert (found.targets, str(found.to), found.name) == (("savedmodel",), "exports", "mine")
    assert (found.max_drop, found.min_document_frequency) == (0.01, 2)
    assert found.splits is None
    assert "no longer at splits" in found.lost


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"target": "onnx"},
            r"Unknown target 'onnx'.*Allowed: savedmodel, .*, web, all",
        ),
        ({"name": "a/b"}, r"may hold letters.*Received: 'a/b'"),
        ({"name": ".."}, r"Received: '\.\.'"),
        ({"name": ""}, r"Received: ''"),
        ({"quantize": "int4"}, r"'int4'. Allowed: none, float16, dynamic"),
        ({"quantize": "float16"}, r"for a device smaller.*savedmodel keeps"),
        ({"max_tokens": 5}, r"for a device smaller"),
        (
            {"max_tokens": 0},
            r"--max-tokens must be a whole number from 1 up to .* Received: 0",
        ),
        ({"vocabulary": -1}, r"--vocabulary must be a whole number from 1"),
        ({"max_drop": 1.5}, r"--max-drop must be a number from 0 up to 1"),
        ({"runtime": "."}, r"--runtime names the libraries .* it is for web. Leave it out"),
        ({"target": "web", "runtime": "none"}, r"--runtime takes a folder. Received: 'none'"),
        ({"min_document_frequency": 0}, r"--min-document-frequency must be a whole number from 1"),
    ],
)
def test_names_and_numbers_that_are_not_allowed(run, options, said):
    with pytest.raises(UsageError, match=said):
        request.check(run, **options)


def test_a_classifier_is_no_run():
    with pytest.raises(UsageError, match=r"takes a run.*Received: object\..*classifier\.export"):
        request.check(object())


def test_every_target_has_its_writer(run):
    assert set(request.TARGETS) == set(request.WRITERS)
    assert (*request.check(run, "all").targets, "web") == tuple(request.WRITERS)


def test_a_page_has_a_place_of_its_own(run):
    assert str(request.check(run, "web").to) == "exports/web"
    assert str(request.check(run, "web", to="page").to) == "page"


def test_a_run_in_training_is_refused(tmp_path):
    Run.create(tiny.config("mine"), tmp_path)
    with pytest.raises(RunError, match=r"not complete: its state is 'training'"):
        request.check("mine", root=tmp_path)


def test_a_file_in_the_way_is_refused(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"is a file.*Name another folder with --to"):
        request.check(run, to=tmp_path / "file" / "below")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_to_is_refused(run, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="may not be written to"):
        request.check(run, to=tmp_path / "exports")


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY-NC 4.0",
        "for research only",
        "Non-commercial use",
        "redistribution is not permitted; do not redistribute",
        "CC BY-ND",
        "All rights reserved",
    ],
)
def test_a_licence_that_forbids_it_needs_to_be_accepted(tmp_path, licence):
    config = tiny.config("mine", state="complete", weights=WeightsRecord("x", licence=licence))
    run = made(config, tmp_path)
    with pytest.raises(ExportError, match=r"licence of the weights.*--accept-licence"):
        request.check(run)
    assert request.check(run, accept_licence=True).licences["weights"] == licence


@pytest.mark.parametrize(
    "licence", ["Apache-2.0", "CC BY-SA 4.0", "none: learnt from the training split", "MIT", "PDDL"]
)
def test_other_licences_need_not(tmp_path, licence):
    config = tiny.config("mine", state="complete", weights=WeightsRecord("x", licence=licence))
    assert request.check(made(config, tmp_path)).licences["weights"] == licence


def test_the_licence_of_the_data_is_the_runs_or_the_manifests(tmp_path):
    from tfnews.export.licences import UNKNOWN, stated

    splits = tiny.splits(tmp_path)
    config = tiny.config("mine", state="complete")
    run = made(config, tmp_path / "runs")
    assert stated(run, splits)["data"] == UNKNOWN
    splits.manifest["licence"] = "research use only"
    assert stated(run, splits)["data"] == "research use only"
    record = dataclasses.replace(config.splits, licence="CC BY 4.0")
    told = made(dataclasses.replace(config, name="told", splits=record), tmp_path / "runs")
    assert stated(told, None)["data"] == "CC BY 4.0"  # though its splits are gone


def test_a_research_set_is_not_exported_unasked(tmp_path):
    licence = "research purposes only; the original sources retain the copyright of the data"
    config = tiny.config("mine", state="complete")
    record = dataclasses.replace(config.splits, licence=licence)
    run = made(dataclasses.replace(config, splits=record), tmp_path)
    with pytest.raises(ExportError, match=r"licence of the data.*--accept-licence"):
        request.check(run)
    assert request.check(run, accept_licence=True).licences["data"] == licence
