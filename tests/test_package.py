"""`import tfnews`: light, and known to keras-hub whichever comes first."""

import subprocess
import sys

import pytest

import tfnews

REGISTERED = (
    "import keras\n"
    "names = ['HubClassifier', 'TfidfClassifier', 'HubBackbone', 'WordTokenizer']\n"
    "assert all(keras.saving.get_registered_object(f'tfnews>{name}') for name in names)\n"
)


def run(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_tfnews_imports_nothing_heavy():
    heavy = ("tensorflow", "keras", "keras_hub", "pandas", "sklearn", "matplotlib")
    assert run(f"import sys, tfnews; print([x for x in {heavy!r} if x in sys.modules])") == "[]"


@pytest.mark.parametrize("order", ["tfnews, keras_hub", "keras_hub, tfnews"])
def test_our_classes_are_registered_with_keras(order):
    assert run(f"import {order}\n{REGISTERED}print('done')") == "done"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("prepare", "tfnews.data.prepare"),
        ("fit", "tfnews.training.fit"),
        ("load", "tfnews.models"),
        ("evaluate", "tfnews.evaluation.evaluate"),
        ("predict", "tfnews.scoring.predict"),
    ],
)
def test_the_functions_of_the_package(name, module):
    function = getattr(tfnews, name)
    assert callable(function)
    assert (function.__name__, function.__module__) == (name, module)
    assert name in dir(tfnews)
    assert name in tfnews.__all__


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'tfnews' has no attribute 'train'"):
        tfnews.train  # noqa: B018
