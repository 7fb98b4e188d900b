"""Bodies to tensors and back: the cases of TensorFlow Serving's published json_tensor_test.cc."""

import base64
import json
import math

import numpy as np
import pytest
from tensorflow.core.example import example_pb2

from tfnews.serving import bodies
from tfnews.serving.refused import RefusedError
from tfnews.serving.tensors import Spec


def specs(**types):
    return {name: Spec(f"DT_{type}", None) for name, type in types.items()}


def asked(body, most=512, longest=1000, **types):
    text = body if isinstance(body, str) else json.dumps(body)
    return bodies.inputs(bodies.document(text.encode()), specs(**types), most, longest)


def refused(body, most=512, longest=1000, **types):
    with pytest.raises(RefusedError) as caught:
        asked(body, most, longest, **types)
    assert caught.value.status == 400
    return caught.value.message


def test_a_single_unnamed_tensor_in_rows():
    found, by_row = asked({"instances": [[1, 2], [3, 4], [5, 6]]}, default="INT32")
    assert by_row
    assert found["default"].dtype == np.int32
    assert found["default"].tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize("type", ["FLOAT", "DOUBLE"])
def test_whole_and_decimal_numbers_mix(type):
    found, _ = asked({"instances": [1, 2.0, 3, 0.007, 0.0]}, default=type)
    np.testing.assert_allclose(found["default"], [1, 2, 3, 0.007, 0])


def test_base64_strings_in_rows_alone_in_lists_and_by_name():
    hello, world = {"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}
    alone, _ = asked({"instances": [hello, world]}, default="STRING")
    assert alone["default"].tolist() == [b"hello", b"world"]
    lists, _ = asked({"instances": [[hello], [world]]}, default="STRING")
    assert lists["default"].tolist() == [[b"hello"], [b"world"]]
    named, _ = asked({"instances": [{"default": [[hello], [world]]}]}, default="STRING")
    assert named["default"].tolist() == [[[b"hello"], [b"world"]]]


def test_several_named_tensors_in_rows():
    body = """{"instances": [
        {"i": [[1,2],[3,4],[5,6]], "s": ["foo", "bar"], "f": [1.0, NaN], "d": [NaN]},
        {"i": [[7,8],[9,0],[1,2]], "s": ["baz", "bat"], "f": [2.0, Infinity], "d": [2.0]}]}"""
    found, _ = asked(body, i="INT32", s="STRING", f="FLOAT", d="DOUBLE")
    assert found["i"].shape == (2, 3, 2)
    assert found["s"].tolist() == [[b"foo", b"bar"], [b"baz", b"bat"]]
    assert math.isnan(found["f"][0, 1])
    assert math.isinf(found["f"][1, 1])
    assert math.isnan(found["d"][0, 0])
    assert found["d"][1, 0] == 2


def test_columns_by_name_and_alone():
    for inputs in ({"i": [[[1, 2], [3, 4], [5, 6]]]}, [[[1, 2], [3, 4], [5, 6]]]):
        found, by_row = asked({"inputs": inputs}, i="INT32")
        assert not by_row
        assert found["i"].tolist() == [[[1, 2], [3, 4], [5, 6]]]


def test_columns_may_differ_in_length_and_a_scalar_has_no_dimension():
    body = {"inputs": {"i": [[1, 2]], "s": ["foo", "bar"], "b": {"b64": "aGVsbG8="}}}
    found, _ = asked(body, i="INT32", s="STRING", b="STRING")
    assert [found[name].shape for name in "isb"] == [(1, 2), (2,), ()]
    assert found["b"].item() == b"hello"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "document is empty"),
        ("instances = [1, 2]", "JSON Parse error: Invalid value. at offset: 0"),
        ({"inputs": [1], "instances": [1]}, "Not formatted correctly"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ([1], "Is not object"),
        ({"instances": 1}, "to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [[1, 2], [3, 4], [5, 6, 7]]}, "Expecting tensor size: 2 but got: 3"),
        ({"instances": [[1, 2], [3, 4], [[5, 6]]]}, "Expecting shape [2] but got: [1,2]"),
        ({"instances": [1, [1]]}, "Expecting shape [] but got: [1]"),
        ({"instances": [[1, 2], ["a", "b"]]}, "Type: String is not of expected type: int32"),
        ({"instances": [[[1, 2], [3]]]}, "list at unexpected size: 1 at level: 1 expected size: 2"),
        ({"instances": [[[1, 2], 3]]}, "found at incorrect level: 2"),
        ({"instances": [2**31]}, "Type: Number is not of expected type: int32"),
        ({"instances": [1.0]}, "Type: Number is not of expected type: int32"),
        ({"instances": [True]}, "Type: True is not of expected type: int32"),
        ({"instances": [None]}, "Type: Null is not of expected type: int32"),
        ('{"instances": [NaN]}', "Type: Number is not of expected type: int32"),
    ],
)
def test_what_a_single_tensor_cannot_be(body, said):
    assert said in refused(body, default="INT32")


def test_a_signature_name_is_a_string():
    with pytest.raises(RefusedError, match="'signature_name' key must be a string value"):
        bodies.signature_name({"signature_name": 5})


@pytest.mark.parametrize(
    ("number", "type"),
    [(1.7976931348623157e308, "FLOAT"), (16777217, "FLOAT"), (9007199254740993, "DOUBLE")],
)
def test_a_number_that_a_decimal_cannot_hold_is_refused(number, type):
    assert "loss of precision" in refused({"instances": [number]}, default=type)


def test_several_tensors_must_be_alike_in_all_rows():
    row = {"i": [[1, 2], [3, 4], [5, 6]], "s": ["foo", "bar"]}
    other = {"i": [[[7, 8], [9, 0], [1, 2]]], "s": ["baz", "bat"]}
    types = {"i": "INT32", "s": "STRING"}
    assert "Expecting shape" in refused({"instances": [row, other]}, **types)
    longer = {**row, "i": [[1, 2], [3, 4], [5, 6], [7, 8]]}
    assert "Expecting tensor size" in refused({"instances": [longer, row]}, **types)
    said = refused({"instances": [row, [1, 20, 30], row]}, **types)
    assert "Expecting object but got list at item 1" in said
    said = refused({"instances": [["baz", "bar"], {"s": ["baz", "bat"]}]}, s="STRING")
    assert "Expecting value/list but got object at item 1" in said
    assert "keys must be equal to: i,s" in refused({"instances": [{"i": 1}]}, **types)
    assert "expecting list of objects" in refused({"instances": [1]}, **types)
    assert "expecting an object" in refused({"inputs": [1]}, **types)
    assert "Missing named input: s" in refused({"inputs": {"i": 1}}, **types)


def test_a_text_never_comes_back_in_a_message():
    secret = "Minister hides the bridge"
    bodies_ = [
        {"instances": [secret], "inputs": []},
        {"instances": [{secret: 1}]},
        {"instances": [[secret], secret]},
        {"instances": [{"b64": secret}]},
        {"inputs": {"text": {secret: 1}}},
        f'{{"instances": ["{secret}"',
        f'"{secret}"',
    ]
    for body in bodies_:
        assert secret not in refused(body, text="STRING")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"instances": ["\xff"]}', "not UTF-8 at offset: 16"),
        (b'{"instances": ["\\ud800"]}', "surrogate pair"),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "Number too big"),
        (b'{"instances": ' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"instances": ["a"]} 1', "must not be followed by other values"),
    ],
)
def test_bodies_that_attack_the_parser(body, said):
    with pytest.raises(RefusedError) as caught:
        bodies.inputs(bodies.document(body), specs(text="STRING"), 512, 1000)
    assert said in caught.value.message
    assert caught.value.status == 400


def test_rows_and_strings_are_bounded():
    assert "3 rows" in refused({"instances": ["a", "b", "c"]}, most=2, text="STRING")
    assert "5 bytes" in refused({"instances": ["éab1"]}, longest=4, text="STRING")
    long = base64.b64encode(b"12345").decode()
    assert "5 bytes" in refused({"instances": [{"b64": long}]}, longest=4, text="STRING")


def test_a_shape_that_the_signature_does_not_take_is_refused():
    with pytest.raises(RefusedError, match=r"shape \[1,1\] does not fit \[-1\]"):
        bodies.inputs({"instances": [["a"]]}, {"text": Spec("DT_STRING", (None,))}, 9, 9)


# --- Answers ----------------------------------------------------------------------------------


def strings(values):
    return np.array(values, dtype=object)


def test_one_output_is_values_and_several_are_objects():
    number = np.array([[[1, 2]], [[7, 8]]], np.int32)
    assert bodies.predicted({"i": number}, True) == {"predictions": [[[1, 2]], [[7, 8]]]}
    assert bodies.predicted({"i": number}, False) == {"outputs": [[[1, 2]], [[7, 8]]]}
    outputs = {
        "d": np.array([8.0, 9.0]),
        "f": np.array([[1.0], [2.0]], np.float32),
        "s": strings([[b"foo"], [b"baz"]]),
        "s_bytes": strings([b"hello", b"tf"]),
    }
    assert bodies.predicted(outputs, True) == {
        "predictions": [
            {"d": 8.0, "f": [1.0], "s": ["foo"], "s_bytes": {"b64": "aGVsbG8="}},
            {"d": 9.0, "f": [2.0], "s": ["baz"], "s_bytes": {"b64": "dGY="}},
        ]
    }
    assert bodies.predicted(outputs, False) == {
        "outputs": {
            "d": [8.0, 9.0],
            "f": [[1.0], [2.0]],
            "s": [["foo"], ["baz"]],
            "s_bytes": [{"b64": "aGVsbG8="}, {"b64": "dGY="}],
        }
    }


def test_decimals_have_the_digits_of_float32():
    found = np.array([[9000000, 999999, 0.5], [0.0003, 0.00003, 555557.5]], np.float32)
    told = bodies.predicted({"y": found}, True)["predictions"]
    assert told == [[9e06, 999999.0, 0.5], [0.0003, 3e-05, 555557.5]]
    odd = np.array([np.nan, np.inf, 3, -np.inf, 0.6], np.float32)
    told = json.dumps(bodies.predicted({"y": odd}, True))
    assert told == '{"predictions": [NaN, Infinity, 3.0, -Infinity, 0.6]}'


def test_rows_need_outputs_that_share_the_batch():
    with pytest.raises(RefusedError, match="inconsistent batch size: 1 expecting: 2"):
        bodies.predicted({"a": np.zeros(2), "b": np.zeros(1)}, True)
    with pytest.raises(RefusedError, match="no shape information"):
        bodies.predicted({"a": np.array(1)}, True)
    assert bodies.predicted({"a": np.zeros((0, 2))}, True) == {"predictions": []}


# --- classify ---------------------------------------------------------------------------------


def features(body):
    found = bodies.examples(bodies.document(body.encode()), 9, 1000)
    parsed = [example_pb2.Example.FromString(one).features.feature for one in found]
    return [
        {name: list(getattr(f, f.WhichOneof("kind")).value) for name, f in one.items()}
        for one in parsed
    ]


def test_examples_have_bytes_floats_and_whole_numbers():
    body = """{"context": {"query": "pizza", "location": ["sfo"]}, "examples": [
        {"names": ["foo", "bar"], "ratings": [8.0, Infinity], "age": 20},
        {"names": ["baz", {"b64": "aGVsbG8="}], "ratings": 6.0, "mix": [1, true, false]}]}"""
    shared = {"query": [b"pizza"], "location": [b"sfo"]}
    assert features(body) == [
        {**shared, "names": [b"foo", b"bar"], "ratings": [8.0, math.inf], "age": [20]},
        {**shared, "names": [b"baz", b"hello"], "ratings": [6.0], "mix": [1, 1, 0]},
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"context": [{"names": ["foo"]}]}, "Example must be JSON object but got JSON Array"),
        ({}, "key 'examples' is expected"),
        ({"examples": {"names": ["foo"]}}, "list/array"),
        ({"examples": []}, "empty array"),
        ({"examples": [[{"names": ["foo"]}]]}, "Example must be JSON object"),
        (
            {"examples": [{"names": [10, None]}]},
            "names has element with unexpected JSON type: Null",
        ),
        ({"examples": [{"names": [10, 10.0]}]}, "feature: names expecting type: int64"),
        ({"examples": [{"names": [10, {"test": 10}]}]}, "unexpected JSON type: Object"),
        ({"examples": [{"names": [[10], 20]}]}, "unexpected JSON type: Array"),
        ({"examples": [{"names": [20, 18446744073709551603]}]}, "Only int64 is supported"),
        ({"examples": [{"names": 1.7976931348623157e308}]}, "loss of precision"),
    ],
)
def test_what_an_example_cannot_be(body, said):
    with pytest.raises(RefusedError) as caught:
        features(json.dumps(body))
    assert said in caught.value.message


def test_classes_are_pairs_of_label_and_score():
    scores = np.array([[0.2, 0.7], [0.7, 0.1]], np.float32)
    classes = strings([[b"car", b"bike"], [b"car", b"bike"]])
    told = bodies.classified({"classes": classes, "scores": scores}, 2)
    assert told == {"results": [[["car", 0.2], ["bike", 0.7]], [["car", 0.7], ["bike", 0.1]]]}
    assert bodies.classified({"scores": scores[:1, :1]}, 1) == {"results": [[["", 0.2]]]}
    with pytest.raises(RefusedError, match=r"batch size of 3\. Got: 2"):
        bodies.classified({"scores": scores}, 3)
    with pytest.raises(RefusedError, match=r"\[batch_size num_classes\] but got \[2\]"):
        bodies.classified({"scores": scores[:, 0]}, 2)
