import math

import pytest

from tfnews.catalogue.settings import (
    FAMILIES,
    GENERAL,
    IDLE,
    KINDS,
    PARTICULAR,
    RECIPE,
    SETTINGS,
    Setting,
    checked,
)
from tfnews.errors import UsageError

NUMBERS = [name for name, setting in SETTINGS.items() if setting.kind in (int, float)]
TEXTS = [name for name, setting in SETTINGS.items() if setting.kind is str]
FLAGS = [name for name, setting in SETTINGS.items() if setting.kind is bool]


def refused(name, value):
    with pytest.raises(UsageError) as raised:
        checked(name, value, "with --set")
    message = str(raised.value)
    assert name in message
    assert "with --set" in message
    assert len(message) < 400
    return message


# The declarations


def test_a_setting_is_declared_once():
    assert len(SETTINGS) == len(GENERAL) + len(RECIPE) + len(PARTICULAR)


def test_every_kind_gives_declared_settings_and_each_is_given_by_one():
    assert {name for names in KINDS.values() for name in names} == set(PARTICULAR)
    assert sorted(kind for kinds in FAMILIES.values() for kind in kinds) == sorted(KINDS)
    assert {name for names in IDLE.values() for name in names} <= set(GENERAL)
    assert IDLE.keys() <= KINDS.keys()


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_a_declaration_holds_together(setting):
    assert setting.meaning.endswith(".")
    assert len(setting.meaning) <= 80
    assert setting.default is None or setting.allows(setting.default)
    if setting.kind in (int, float):
        assert (setting.least is None) != (setting.above is None)
        assert (setting.most is None) != (setting.below is None)


# What is allowed


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, True, False, "3", "", None, [1], -1, 10**30, -(10**400)],
)
def test_what_no_number_may_be(name, value):
    refused(name, value)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_bounds_of_a_number(name):
    setting = SETTINGS[name]
    for bound, step in ((setting.least, -1), (setting.most, 1)):
        if bound is not None:
            assert checked(name, bound, "here") == bound
            refused(name, bound + step)
    for bound in (setting.above, setting.below):
        if bound is not None:
            refused(name, bound)
            inwards = 1.0 if bound == setting.above else 0.0
            assert checked(name, math.nextafter(bound, inwards), "here") != bound


@pytest.mark.parametrize("name", [name for name in NUMBERS if SETTINGS[name].kind is int])
@pytest.mark.parametrize("value", [2.0, 2.5])
def test_a_fraction_is_no_whole_number(name, value):
    assert "must be a whole number" in refused(name, value)


def test_a_whole_number_may_stand_for_a_fraction_and_is_one_then():
    value = checked("learning_rate", 1, "here")
    assert (value, type(value)) == (1.0, float)


def test_zero_has_no_sign():
    assert math.copysign(1, checked("clip", -0.0, "here")) == 1
    refused("learning_rate", -0.0)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["", 3, True, None, ["none"], 0.5])
def test_what_no_text_may_be(name, value):
    refused(name, value)


@pytest.mark.parametrize("name", [name for name in TEXTS if SETTINGS[name].choices])
def test_a_choice_is_one_of_the_names(name):
    choices = SETTINGS[name].choices
    assert [checked(name, choice, "here") for choice in choices] == list(choices)
    for wrong in (choices[0].upper(), f"{choices[0]} ", "é", "foo"):
        assert refused(name, wrong).endswith(f"Allowed: {', '.join(choices)}.")


def test_the_nearest_choice_is_named():
    assert "Did you mean 'lazy_adam'?" in refused("optimizer", "lazyadam")


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", [0, 1, "true", "", None])
def test_what_no_flag_may_be(name, value):
    assert "must be true or false" in refused(name, value)


# What is said


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (Setting(int, "", least=1, most=5000), "a whole number from 1 up to 5,000"),
        (Setting(float, "", above=0, most=1e9), "a number above 0 up to 1e+09"),
        (Setting(float, "", least=0, below=1), "a number from 0 below 1"),
        (Setting(bool, ""), "true or false"),
        (Setting(str, ""), "a text that is not empty"),
        (Setting(str, "", choices=("a",)), "a"),
        (Setting(str, "", choices=("a", "b", "c")), "a, b or c"),
    ],
)
def test_what_is_allowed_in_words(setting, said):
    assert setting.allowed == said


def test_a_long_value_is_not_repeated_whole():
    """Python refuses to print numbers of more than 4,300 digits."""
    assert "more than 60 digits" in refused("epochs", 16**5000)
    assert "xxx..." in refused("optimizer", "x" * 5000)
