"""A name that is wrong costs nothing: it is told before TensorFlow starts, and before any output.

All commands are tried in one process, which has no TensorFlow in it at the end of each.
"""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from tests import tiny
from tfnews.files import sha256
from tfnews.records import Member, SplitsRecord
from tfnews.runs import Run

HEADER = "combined_text,label\n"
ROWS = "a text,1\nanother text,0\n"

# Command -> exit code, and what the last line says. {news} is a file of news.
WRONG = {
    "predict nosuch {news}": (5, "No run 'nosuch'"),
    "predict nosuch --text a": (5, "No run 'nosuch'"),
    "predict lost {news}": (5, "has lost its model"),
    "predict young {news}": (5, "is not complete"),
    "predict splits {news}": (5, "holds neither a run's config.json nor a model's task.json"),
    "predict mine nosuch.csv": (2, "There is no file 'nosuch.csv'"),
    "predict mine {news} --text-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "predict mine {news} --title-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "predict mine {news} --id-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "predict mine {news} --threshold 3": (2, "--threshold"),
    "predict mine {news} --batch-size 0": (2, "--batch-size"),
    "predict mine {news} --precision int8": (2, "'--precision'"),
    "predict mine {news} --backend nosuch": (2, "'--backend'"),
    "predict mine {news} --backend litert": (2, "mine is of the family linear"),
    "predict mine {news} --backend litert --precision mixed_bfloat16": (2, "Leave one of them out"),
    "predict mine {news} --backend litert --runner DirectRunner --output new": (
        2,
        "With --runner TensorFlow scores",
    ),
    "predict mine {news} --encoding utf-9": (2, "No encoding is called 'utf-9'"),
    "predict mine {news} --output scores": (2, "does not tell a format"),
    "predict mine {news} b.csv": (2, "One file is scored at a time. Received besides: 'b.csv'"),
    "predict mine {news} --runner nosuch --output new": (2, "'nosuch' is not one of"),
    "predict nosuch {news} --runner DirectRunner --output new": (5, "No run 'nosuch'"),
    "predict lost {news} --runner DirectRunner --output new": (5, "has lost its model"),
    "predict mine nosuch-* --runner DirectRunner --output new": (2, "No file matches 'nosuch-*'"),
    "predict mine {news} b.csv --runner DirectRunner --output new": (
        2,
        "Put the pattern in quotes",
    ),
    "predict mine {news} --runner DirectRunner": (2, "name a folder for the answers"),
    "predict mine {news} --runner DirectRunner --output {news}": (2, "is a file. Name another"),
    "predict mine {news} --runner DirectRunner --output splits": (2, "splits holds other files"),
    "predict mine {news} --runner DirectRunner --output new --output-format table": (2, "table"),
    "predict mine {news} --runner DirectRunner --output new --threshold 3": (2, "--threshold"),
    "predict mine {news} --runner DirectRunner --output new --id-column nosuch": (3, "'nosuch'"),
    "predict mine {news} --runner DirectRunner --output new -- --nosuch=1": (2, "option 'nosuch'"),
    "predict mine {news} --runner DirectRunner --output new -- --direct_num_workers=a": (2, "'a'"),
    "predict mine {news} --runner DirectRunner --output new -- --runner=x": (2, "stands before"),
    "predict mine --text a --runner DirectRunner --output new": (2, "Leave --text out"),
    "predict mine - --runner DirectRunner --output new": (2, "standard input is none"),
    "predict mine --runner DirectRunner --output new -- --x=1": (2, "name the files before"),
    "predict mine {news} --output splits": (2, "is a folder. Name a file, or give --runner"),
    "evaluate nosuch": (5, "No run 'nosuch'"),
    "evaluate lost": (5, "has lost its model"),
    "evaluate mine --data nosuch": (2, "'nosuch' does not exist"),
    "evaluate mine --data {news}": (2, "Make one with: tfnews data prepare {news} --out FOLDER"),
    "evaluate mine --data empty": (3, "empty is not a folder of splits"),
    "evaluate mine --data nolabel": (3, "has no column 'label'"),
    "evaluate mine --splits empty": (3, "empty is not a folder of splits"),
    "evaluate mine --splits {news}": (2, "Make one with: tfnews data prepare {news} --out FOLDER"),
    "evaluate mine --splits others": (3, "is not the one mine was trained on"),
    "evaluate mine --prevalence 3": (2, "--prevalence"),
    "evaluate mine --slice-by nosuch": (2, "cannot be sliced by 'nosuch'"),
    "evaluate mine --slice-by b --data others": (2, "Leave one of them out"),
    "ensemble": (2, "An ensemble is the average of 2 runs or more. Received: none"),
    "ensemble mine": (2, "An ensemble is the average of 2 runs or more. Received: mine"),
    "ensemble mine mine": (2, "mine is given more than once"),
    "ensemble mine nosuch": (5, "No run 'nosuch'"),
    "ensemble mine young": (5, "is not complete"),
    "ensemble mine lost": (5, "has lost its model"),
    "ensemble mine lost --name mine": (5, "A run named 'mine' exists"),
    "ensemble mine lost --name a/b": (2, "a/b"),
    "ensemble mine lost --calibrate nosuch": (2, "'--calibrate'"),
    "ensemble mine away": (2, "mine and away were trained on different splits"),
    "ensemble mine all": (2, "all is an ensemble itself"),
    "fit --data splits --arch ensemble": (2, "An ensemble is not trained"),
    "fit --data splits --from all": (2, "An ensemble is not trained"),
    "fit --resume half": (2, "An ensemble is not trained"),
    "fit --data splits --arch cnn --devices 0,0": (2, "Received: '0,0'"),
    "fit --data splits --arch cnn --devices gpu:1": (2, "Received: 'gpu:1'"),
    "fit --data splits --arch cnn --set devices=cpu:0": (2, "Received: 'cpu:0'"),
    "fit --data splits --devices cpu:2": (2, "Received: devices=cpu:2. Leave these out"),
    "fit --resume young --devices cpu:2": (2, "is solved on the processor"),
    "fit --resume young --devices ,": (2, "Received: ','"),
    "verify nosuch": (5, "No run 'nosuch'"),
    "calibrate nosuch": (5, "No run 'nosuch'"),
    "calibrate lost": (5, "has lost its model"),
    "calibrate mine --threshold nosuch": (2, "nosuch"),
    "calibrate mine --coverage 3": (2, "3"),
    "stress nosuch": (5, "No run 'nosuch'"),
    "stress lost": (5, "has lost its model"),
    "stress young": (5, "is not complete"),
    "stress mine --splits empty": (3, "empty is not a folder of splits"),
    "stress mine --splits others": (3, "is not the one mine was trained on"),
    "stress mine --split nosuch": (2, "'--split'"),
    "stress mine --texts 3": (2, "--texts"),
    "stress mine --to {news}": (2, "is a file. Name another"),
    "stress mine": (3, "Of the validation texts of splits, 1 real and 1 fake texts can be scored"),
    "compare nosuch mine": (5, "No run 'nosuch'"),
    "compare mine lost --splits nosuch": (2, "'nosuch' does not exist"),
    "compare nosuch mine --data {news} --gate": (5, "No run 'nosuch'"),
    "compare mine lost --data {news} --gate": (5, "has lost its model"),
    "compare --cleaning": (2, "--cleaning takes the runs to compare"),
    "compare --cleaning mine": (2, "Comparing takes two runs or more"),
    "compare --cleaning mine nosuch": (5, "No run 'nosuch'"),
    "compare --cleaning mine lost --splits others": (2, "--cleaning compares runs on their own"),
    "compare --cleaning mine lost": (2, "do not say what was cut"),
    "matrix splits": (2, "A matrix needs at least one set to train on and another"),
    "matrix splits nosuch": (2, "'nosuch' does not exist"),
    "matrix splits empty": (3, "empty is not a folder of splits"),
    "matrix splits {news}": (2, "Make one with: tfnews data prepare {news} --out FOLDER"),
    "matrix splits others --arch nosuch": (2, "No architecture 'nosuch'"),
    "matrix splits others --arch cnn --weights nosuch": (4, "No weights for 'nosuch'"),
    "drift nosuch {news}": (5, "No run 'nosuch'"),
    "drift lost {news}": (5, "has lost its model"),
    "drift young {news}": (5, "is not complete"),
    "drift mine nosuch.csv": (2, "There is no file 'nosuch.csv'"),
    "drift mine {news} --text-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "drift mine {news} --reference nosuch.csv": (2, "There is no file 'nosuch.csv'"),
    "drift mine {news} --splits empty": (3, "empty is not a folder of splits"),
    "drift mine {news} --splits others": (3, "is not the one mine was trained on"),
    "drift mine {news} --to {news}": (2, "is a file. Name another"),
    "drift mine {news} --level 0": (2, "--level"),
    "drift mine {news} --max-shift 2": (2, "--max-shift"),
    "trial nosuch {news}": (5, "No run 'nosuch'"),
    "trial lost {news}": (5, "has lost its model"),
    "trial young {news}": (5, "is not complete"),
    "trial mine nosuch.csv": (2, "There is no file nosuch.csv"),
    "trial mine empty": (2, "empty is a folder without articles"),
    "trial mine -": (2, "it is read more than once"),
    "trial mine {news} --labels 3": (2, "--labels must be a whole number from 20"),
    "trial mine {news} --fpr 0": (2, "--fpr must be a number above 0"),
    "trial mine {news} --annotators 3": (2, "--annotators"),
    "trial mine {news} --text-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "trial mine {news} --encoding utf-9": (2, "No encoding is called 'utf-9'"),
    "trial mine {news} --out splits": (2, "splits holds other files and no design.json"),
    "trial mine {news} --out {news}": (2, "--out takes a folder"),
    "trial mine {news} --sheet sheet.csv": (2, "holds no trial yet"),
    "trial mine {news}": (3, "news.csv has 1 articles to draw from, fewer than --labels 200"),
    "explain nosuch text": (5, "No run 'nosuch'"),
    "explain lost text": (5, "has lost its model"),
    "explain mine nosuch.csv": (2, "There is no file 'nosuch.csv'"),
    "explain mine {news} --row 99": (3, "99"),
    "explain mine {news} --row 1 --text-column nosuch": (3, "Column 'nosuch' is not in news.csv"),
    "explain mine text --method nosuch": (2, "'--method'"),
    "explain mine text --to a.pdf": (2, "ends in .html or .json"),
    "export nosuch": (5, "No run 'nosuch'"),
    "export lost": (5, "has lost its model"),
    "export mine --target nosuch": (2, "nosuch"),
    "export mine --quantize nosuch": (2, "nosuch"),
    "export mine --name a/b": (2, "a/b"),
    "export mine --to {news}": (6, "is a file"),
    "export --promote --name nosuch": (2, "no folder of exports exports"),
    "serve nosuch": (5, "No run 'nosuch'"),
    "serve lost": (5, "has lost its model"),
    "serve empty": (6, "holds no version to serve"),
    "fit --data nosuch": (2, "'nosuch' does not exist"),
    "fit --data {news}": (2, "Make one with: tfnews data prepare {news} --out FOLDER"),
    "fit --data empty": (3, "empty is not a folder of splits"),
    "fit --data nolabel": (3, "has no column 'label'"),
    "fit --data splits --arch nosuch": (2, "No architecture 'nosuch'"),
    "fit --data splits --set nosuch=1": (2, "Unknown setting 'nosuch'"),
    "fit --data splits --arch bert-tiny --set activation=foo": (2, "Unknown activation 'foo'"),
    "fit --data splits --arch bert-tiny --weights none --frozen": (2, "Add --trainable."),
    "fit --data splits --config nosuch.toml": (2, "'nosuch.toml' does not exist"),
    "fit --data splits --name mine": (5, "A run named 'mine' exists"),
    "fit --data splits --name a/b": (2, "a/b"),
    "fit --data splits --arch nnlm50 --weights nosuch": (4, "No weights for 'nosuch'"),
    "fit --data splits --arch nnlm50 --weights nosuch.txt": (4, "No weights for 'nosuch.txt'"),
    "fit --data splits --arch cnn --weights nosuch": (4, "No weights for 'nosuch'"),
    "fit --data splits --arch bert-tiny --weights ./nosuch": (4, "weights './nosuch'"),
    "fit --data splits --arch bert-tiny --weights nosuch": (4, "weights 'nosuch'"),
    "fit --resume nosuch": (5, "No run 'nosuch'"),
    "fit --resume mine": (5, "is complete: there is nothing to resume"),
    "fit --resume young --refit": (2, "Received besides: refit"),
    "fit --resume young --from mine": (2, "Received besides: from"),
    "fit --resume twins": (5, "All runs of the group twins are complete"),
    "fit --resume torn": (3, "are no longer at nowhere"),
    "fit --resume torn --refit": (2, "Received besides: refit"),
    "evaluate twins": (5, "it is a group of runs that differ in their seed"),
    "compare torn mine": (5, "No run of the group torn is complete"),
    "fit --resume young": (3, "are no longer at nowhere"),
    "fit --from nosuch --data splits": (5, "No run 'nosuch'"),
    "fit --from lost --data splits": (2, "lost is a tfidf, whose weights are solved"),
    "tune --data nosuch": (2, "'nosuch' does not exist"),
    "tune": (2, "Give one with --data SPLITS"),
    "tune --data empty": (3, "empty is not a folder of splits"),
    "tune --data splits": (3, "cannot be parted in two halves that both have both classes"),
    "tune --data splits --arch nosuch": (2, "No architecture 'nosuch'"),
    "tune --data splits --arch all": (2, "No architecture 'all'"),
    "tune --data splits --trials 0": (2, "--trials must be a whole number from 1"),
    "tune --data splits --hours 0": (2, "--hours must be a number above 0"),
    "tune --data splits --budget-ms 0": (2, "--budget-ms must be a number above 0"),
    "tune --data splits --pruner nosuch": (2, "'--pruner'"),
    "tune --data splits --name a/b": (2, "a/b"),
    "tune --data splits --set nosuch=1": (2, "Unknown setting 'nosuch'"),
    "tune --data splits --arch cnn --weights nosuch": (4, "No weights for 'nosuch'"),
    "data audit nosuch": (3, "nosuch is not a folder of splits"),
    "data audit {news}": (2, "Make one with: tfnews data prepare {news} --out FOLDER"),
    "data prepare nosuch.csv --out new": (3, "nosuch.csv"),
    "data prepare {news} --out new": (3, "Column 'label' is not in news.csv"),
    "data prepare labelled.csv --out new --text-column nosuch": (3, "'nosuch'"),
    "data prepare labelled.csv --out new --group-column nosuch": (3, "'nosuch'"),
    "data prepare {news} --out splits": (3, "splits is not empty"),
    "weights build nosuch --out new": (2, "'nosuch' does not exist"),
    "weights convert nosuch --out new": (2, "'nosuch' does not exist"),
    "weights convert empty --out new": (4, "pytorch_model.bin"),
}

PROGRAM = """
import json, sys
from click.testing import CliRunner
from tfnews.cli import main

found = {}
for words in json.loads(sys.argv[1]):
    done = CliRunner().invoke(main, words.split())
    heavy = sorted({"tensorflow", "keras", "keras_hub"} & sys.modules.keys())
    found[words] = done.exit_code, done.stdout, done.stderr, heavy
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder of runs that look trained, of splits and of news."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "news.csv").write_text("title,text\nA,b\n")
    (folder / "labelled.csv").write_text("title,text,label\nA,b c d,fake\nE,f g h,real\n")
    (folder / "empty").mkdir()
    for name, header in {
        "splits": HEADER,
        "others": HEADER,
        "nolabel": "combined_text,b\n",
    }.items():
        (folder / name).mkdir()
        for part in ("train", "validation", "test"):
            (folder / name / f"{part}.csv").write_text(f"{header}{name} {ROWS}")
    runs = folder / "saved_models"
    splits = SplitsRecord(
        path=str(folder / "splits"),
        name="made_up",
        digests={"train": sha256(folder / "splits" / "train.csv")},
        class_names=("real", "fake"),
    )
    for name in ("mine", "lost"):
        config = tiny.config(name, splits=splits, family="linear")
        run = Run.create(replace(config, state="complete"), runs)
        run.model_dir.mkdir()
    (runs / "mine" / "model" / "task.json").touch()
    member = Member("mine", "nowhere", "", "tfidf", True)
    all_ = tiny.config("all", splits=splits, arch="ensemble", members=(member,))
    Run.create(replace(all_, state="complete"), runs)
    Run.create(replace(all_, name="half"), runs)
    for name, group, state in (("a", "twins", "complete"), ("b", "torn", "training")):
        lone = replace(splits, path="nowhere")
        made = tiny.config(name, splits=lone, group=group, group_seeds=(0,), state=state)
        Run.create(made, runs)
    away = replace(splits, digests={"train": "0" * 64})
    Run.create(replace(tiny.config("away", splits=away), state="complete"), runs)
    Run.create(tiny.config("young", splits=replace(splits, path="nowhere")), runs)
    return folder


@pytest.fixture(scope="module")
def told(folder):
    """Give what each command says, by itself."""
    commands = [words.format(news=folder / "news.csv") for words in WRONG]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(commands)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(WRONG, json.loads(done.stdout).values(), strict=True))


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_name_is_told_before_tensorflow_starts(told, folder, words):
    """It took five to thirty seconds, and a header may have been written by then."""
    code, said = WRONG[words]
    exit_code, stdout, stderr, heavy = told[words]
    assert said.format(news=folder / "news.csv") in stderr
    assert (exit_code, stdout, heavy) == (code, "", [])
    assert len(stderr) < 800
    assert "Traceback" not in stderr
