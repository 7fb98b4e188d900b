"""`import tfnews`: light, and known to keras-hub whichever comes first."""

import importlib
import subprocess
import sys

import pytest

import tfnews

REGISTERED = (
    "import keras\n"
    "names = ['HubClassifier', 'AliasClassifier', 'TfidfClassifier', 'CnnClassifier',\n"
    "         'TransformerClassifier', 'HubBackbone', 'WordTokenizer', 'PieceTokenizer']\n"
    "assert all(keras.saving.get_registered_object(f'tfnews>{name}') for name in names)\n"
)
# Finds keras-hub as an editable installation does: by a finder of its own.
ANOTHER_FINDER = (
    "import importlib.machinery, sys\n"
    "class Finder:\n"
    "    @staticmethod\n"
    "    def find_spec(name, path=None, target=None):\n"
    "        if name != 'keras_hub': return None\n"
    "        return importlib.machinery.PathFinder.find_spec(name, path)\n"
    "class Rest:\n"
    "    @staticmethod\n"
    "    def find_spec(name, path=None, target=None):\n"
    "        if name == 'keras_hub': return None\n"
    "        return importlib.machinery.PathFinder.find_spec(name, path, target)\n"
    "sys.meta_path[:] = [f for f in sys.meta_path if f is not importlib.machinery.PathFinder]\n"
    "sys.meta_path += [Finder, Rest]\n"
)


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_tfnews_imports_nothing_heavy():
    heavy = ("tensorflow", "keras", "keras_hub", "pandas", "sklearn", "matplotlib")
    assert run(f"import sys, tfnews; print([x for x in {heavy!r} if x in sys.modules])") == "[]"


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("import tfnews, keras_hub", marks=pytest.mark.slow),
        "import keras_hub, tfnews",
        pytest.param(
            "from tfnews.models.embedding.family import HubClassifier", marks=pytest.mark.slow
        ),
        pytest.param("from tfnews.models.classifier import NewsClassifier", marks=pytest.mark.slow),
        pytest.param("import tfnews.models.text.words", marks=pytest.mark.slow),
        ANOTHER_FINDER + "import tfnews, keras_hub",
    ],
    ids=["tfnews first", "keras-hub first", "a family", "the classifier", "words", "a finder"],
)
def test_all_our_classes_are_registered_whatever_is_imported_first(imports):
    """A run of another family could not be opened in some orders."""
    assert run(f"{imports}\n{REGISTERED}print('done')") == "done"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("prepare", "tfnews.data.prepare"),
        ("fit", "tfnews.training.fit"),
        ("load", "tfnews.models"),
        ("evaluate", "tfnews.evaluation.evaluate"),
        ("predict", "tfnews.scoring.predict"),
        ("audit", "tfnews.audit.audit"),
        ("export", "tfnews.export.export"),
        ("explain", "tfnews.evaluation.explain"),
    ],
)
def test_the_functions_of_the_package(name, module):
    importlib.import_module(module)
    # Where a room had the name of a function, it took its place once it was imported.
    function = getattr(tfnews, name)
    assert callable(function)
    assert (function.__name__, function.__module__) == (name, module)
    assert name in dir(tfnews)
    assert name in tfnews.__all__


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'tfnews' has no attribute 'train'"):
        tfnews.train  # noqa: B018
