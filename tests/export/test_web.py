"""A page's files, without a browser: what is written, checked, replaced and refused."""

import base64
import dataclasses
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tfnews
from tests import tiny
from tests.models.reduced import ALIASED, PROBES, small
from tfnews.errors import ExportError
from tfnews.export import page, runtime, tflite, web
from tfnews.export.request import Options
from tfnews.training.fit import fit

OWN = page.files()


@pytest.fixture
def libraries(monkeypatch):
    """Give made-up packages in place of the real ones, by path in each."""
    contents = {}
    packages = []
    for package in runtime.PACKAGES:
        files = {}
        for path, (place, _) in package.files.items():
            content = f"{package.name} {path}".encode()
            if path == "dist/index.js" and package.name == "@litertjs/core":
                content = b'import { a } from "@litertjs/wasm-utils";\n'
            contents[package.name, path] = content
            files[path] = (place, hashlib.sha256(content).hexdigest())
        made = dataclasses.replace(package, files=files)
        digest = hashlib.sha512(archive_of(made, contents)).digest()
        packages.append(
            dataclasses.replace(made, integrity=f"sha512-{base64.b64encode(digest).decode()}")
        )
    monkeypatch.setattr(runtime, "PACKAGES", tuple(packages))
    return contents


def archive_of(package, contents):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path in package.files:
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(contents[package.name, path])
            tar.addfile(member, io.BytesIO(contents[package.name, path]))
    return stream.getvalue()


def archives(folder, contents):
    folder.mkdir(parents=True, exist_ok=True)
    for package in runtime.PACKAGES:
        (folder / package.archive).write_bytes(archive_of(package, contents))
    return folder


def unpacked(folder, contents):
    for (name, path), content in contents.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@pytest.mark.parametrize("made", [archives, unpacked])
def test_libraries_are_taken_from_a_folder(libraries, tmp_path, made):
    found = runtime.files(made(tmp_path, libraries))
    places = {place for package in runtime.PACKAGES for place, _ in package.files.values()}
    assert set(found) == places | {"NOTICE.txt"}
    assert found["litert/index.js"] == b'import { a } from "./wasm-utils.js";\n'
    assert runtime.PACKAGES[0].integrity in found["NOTICE.txt"].decode()


@pytest.mark.parametrize("made", [archives, unpacked])
def test_a_library_that_was_changed_is_refused(libraries, tmp_path, made):
    libraries["@huggingface/tokenizers", "LICENSE"] = b"another"
    with pytest.raises(ExportError, match=r"not @huggingface/tokenizers 0.2.0 as it was published"):
        runtime.files(made(tmp_path, libraries))


def test_a_folder_without_the_libraries_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"neither @litertjs/core.* nor litertjs-core-2.5.3.tgz"):
        runtime.files(tmp_path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tfnews" / "runtime"


def test_without_npm_it_is_said_how_to_have_the_libraries(cache, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExportError, match=r"no npm client.*npm pack @litertjs/core@2.5.3 .*--run"):
        runtime.files(None)
    assert not cache.exists()


def test_the_npm_client_fetches_each_library_once(libraries, cache, monkeypatch):
    ran, said = [], []

    def packing(command, cwd, **options):
        ran.append(command[2])
        (package,) = [p for p in runtime.PACKAGES if f"{p.name}@{p.version}" == command[2]]
        content = archive_of(package, libraries)
        (Path(cwd) / package.archive).write_bytes(content)
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(shutil, "which", lambda name: "/npm")
    monkeypatch.setattr(subprocess, "run", packing)
    first = runtime.files(None, said.append)
    assert runtime.files(None, said.append) == first
    assert ran == [f"{package.name}@{package.version}" for package in runtime.PACKAGES]
    assert len(said) == 3
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        package.archive for package in runtime.PACKAGES
    )


def test_what_the_npm_client_complains_of_is_said(cache, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="npm error code\nnpm error network is down\n")
    monkeypatch.setattr(shutil, "which", lambda name: "/npm")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: failed)
    with pytest.raises(ExportError, match=r"could not fetch @litertjs.*network is down.*--runtime"):
        runtime.files(None)
    assert list(cache.iterdir()) == []


def test_nothing_on_the_page_names_another_place():
    """Its policy would forbid it; comments may name sources without an address."""
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', OWN["index.html"].decode())[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("script-src") == "'self' 'wasm-unsafe-eval'"
    assert set(rules.values()) == {"'self'", "'none'"}
    for name, content in OWN.items():
        text = content.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert re.findall(r"\w+://[^\s`)]*", text) == [], name
        assert "eval(" not in text
        assert "innerHTML" not in text
    assert "<script>" not in OWN["index.html"].decode()
    assert " style=" not in OWN["index.html"].decode()


def test_the_service_worker_keeps_every_file_and_changes_with_them():
    worker = OWN["service-worker.js"].decode()
    names = json.loads(re.search(r"const FILES = (\[.*\]);", worker)[1])
    assert set(names) == set(OWN) - {"service-worker.js"}
    assert page.files() == OWN
    other = page.files(also=b"other models")["service-worker.js"].decode()
    versions = [re.search(r'VERSION = "(\w{16})"', text)[1] for text in (worker, other)]
    assert versions[0] != versions[1]


def test_every_import_of_the_page_is_there():
    names = {
        found
        for content in OWN.values()
        for found in re.findall(r'(?:from|import\() ?"\./([^"]+)"', content.decode())
    }
    places = {f"runtime/{place}" for p in runtime.PACKAGES for place, _ in p.files.values()}
    assert names <= set(OWN) | places
    assert {name for name in OWN if name.endswith(".js")} <= names | {
        "page.js",
        "service-worker.js",
    }


@pytest.mark.parametrize(
    ("name", "changes"),
    [("swivel20", {}), ("nnlm50", {"oov_buckets": 40}), ("bert-tiny", {"long": "windows"})],
)
def test_the_reference_answers_as_the_run(tmp_path, name, changes):
    classifier = small(name, **changes)
    facts = web.write(classifier, tmp_path / "model", Options(), [])
    opened = web.opened(tmp_path / "model")
    texts = [*PROBES, " ".join(PROBES)]
    np.testing.assert_allclose(opened.answers(texts), classifier.probabilities(texts), atol=1e-6)
    ids = facts.stages[-1][1].encode(texts)
    np.testing.assert_allclose(opened.answers_ids(ids), classifier.probabilities(texts), atol=1e-6)
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "model.tflite",
        "spec.json",
        "guards.json",
        "tokenizer.json" if name == "bert-tiny" else "vocabulary.txt",
    }


def test_a_row_of_words_reads_more_in_a_browser_than_on_a_phone(tmp_path):
    facts = web.write(small("swivel20"), tmp_path / "a", Options(), [])
    assert facts.notes == ("Reads 4,096 tokens of a text.",)
    facts = web.write(small("swivel20"), tmp_path / "b", Options(max_tokens=9), [])
    assert facts.notes == ("Reads 9 tokens of a text.",)
    spec = json.loads((tmp_path / "b" / "spec.json").read_text("utf-8"))
    assert (spec["shape"], spec["length"]) == ([1, 9], 9)


def test_a_run_of_an_aliased_module_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"uses its TF-Hub module as it is"):
        web.write(small(ALIASED), tmp_path / "model", Options(), [])
    assert "web" not in small(ALIASED).exports
    assert web.refusal(small(ALIASED)) is not None
    assert web.refusal(small("cnn")) is None


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    splits = tiny.splits(tmp_path_factory.mktemp("splits"), label_basis="crowd")
    return fit(splits.path, root=tmp_path_factory.mktemp("runs")).path.parent


def test_runs_are_added_to_a_page_and_replaced_on_it(runs, libraries, tmp_path):
    def add(name, **options):
        place = tmp_path / "page"
        folder = archives(tmp_path / "libraries", libraries)
        return tfnews.export(
            "tfidf-1", "web", to=place, name=name, root=runs, runtime=folder, **options
        )[0]

    done = add("one")
    assert done.path == tmp_path / "page" / "models" / "one"
    assert done.parity["device"]["changed"] == 0
    assert done.parity["conversion"]["largest"] <= 1e-5
    add("two")
    add("one", max_tokens=40, max_drop=1)
    listed = json.loads((tmp_path / "page" / page.MODELS).read_text("utf-8"))
    assert [one["name"] for one in listed["models"]] == ["one", "two"]
    for one in listed["models"]:
        assert (one["arch"], one["threshold"], one["band"]) == ("tfidf", 0.5, None)
        assert one["label_basis"] == "crowd"
        assert set(one["engine"]["files"]) == {
            "model.tflite",
            "spec.json",
            "guards.json",
            "vocabulary.txt",
        }
        for file in one["engine"]["files"].values():
            content = (tmp_path / "page" / file["path"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (
                file["bytes"],
                file["sha256"],
            )
    spec = json.loads((tmp_path / "page" / "models" / "one" / "spec.json").read_text("utf-8"))
    assert spec["length"] == 40
    kept = {path.name for path in (tmp_path / "page").iterdir()}
    assert kept == {*OWN, "models.json", "models", "runtime", ".lock"}
    text = (tmp_path / "page" / "models" / "one" / "README.md").read_text("utf-8")
    assert "is not a verdict" in text


def test_files_of_others_are_let_be(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"holds files of others"):
        web.Page(tmp_path, "news", {})
    for content in ("[]", "{", "[" * 200_000):  # the last is too deep for Python
        (tmp_path / page.MODELS).write_text(content)
        with pytest.raises(ExportError, match=r"models.json is not what tfnews writes"):
            web.Page(tmp_path, "news", {})


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    place = web.Page(tmp_path / "a" / "page", "news", {})

    def fail():
        with place.writing() as folder:
            folder.mkdir()
            raise ExportError("no")

    with pytest.raises(ExportError, match="no"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_an_entry_for_a_server_says_what_is_known():
    classifier = small("tfidf")
    known = page.facts(classifier)
    entry = page.entry("news", page.rest("v1/models/news:predict"), **known)
    assert entry["engine"] == {"kind": "rest", "url": "v1/models/news:predict", "guards": None}
    assert (entry["class_names"], entry["threshold"]) == (["news", "rumour"], 0.4)
    assert json.loads(page.listing([entry]))["models"] == [entry]
    assert page.entry("x", page.rest("u"))["threshold"] is None


def test_windows_of_an_open_number_stay_open_for_phones():
    classifier = small("bert-tiny", long="windows", max_tokens=12, num_layers=1)
    assert tflite.input_shape(classifier, 12) == (1, None, 12)
    assert tflite.input_shape(classifier, 12, 8) == (1, 8, 12)
