"""The paths: cases of TensorFlow Serving's published http_rest_api_handler_test.cc, and ours."""

import json
import logging
import threading

import numpy as np
import pytest
import tensorflow as tf
from starlette.testclient import TestClient

import tfnews
from tests.models.reduced import PROBES
from tests.serving import made
from tfnews.serving.app import app
from tfnews.serving.asked import Limits
from tfnews.serving.opened import open_export, open_run

HALF = "/v1/models/half"


@pytest.fixture
def half():
    """Give a client of the model that TensorFlow Serving's own tests ask."""
    models = made.models(half=made.half_plus_two())
    models.models["half"].labels["stable"] = 1
    yield TestClient(app(models))
    models.close()


def ask(client, path, body, status=200):
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    answer = client.post(path, content=content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["error"] if status != 200 else answer.json()


@pytest.mark.parametrize(
    ("verb", "path", "said"),
    [
        ("GET", "/v1/foo", "Malformed request: GET /v1/foo"),
        ("POST", "/v1/foo", "Malformed request"),
        ("GET", "/v1/models", "Missing model name"),
        ("GET", "/v1/models/debug/model_name", "Malformed request"),
        ("POST", "/v1/models", "Malformed request"),
        ("GET", "/v1/models/foo:predict", "Malformed request"),
        ("GET", "/v1/models/foo/version/50:predict", "Malformed request"),
        ("POST", "/v1/models/foo/version/50:regress", "Malformed request"),
        ("POST", "/v1/models/foo/versions/HELLO:regress", "Malformed request"),
        ("POST", "/v1/models/foo/versions/18446744073709551615:regress", "Failed to convert"),
        ("POST", "/v1/models/foo/metadata", "Malformed request"),
        ("POST", "/v1/models/foo/label/some_label:regress", "Malformed request"),
        ("POST", "/v1/models/foo/versions/50/labels/some_label:regress", "Malformed request"),
        ("PUT", "/v1/models/foo:predict", "Malformed request: PUT"),
    ],
)
def test_paths_that_fit_no_form_are_400(half, verb, path, said):
    answer = half.request(verb, path)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/models/foo:predict", 404, "Servable not found for request: Latest(foo)"),
        (
            "/v1/models/foo/versions/50:predict",
            404,
            "Servable not found for request: Specific(foo, 50)",
        ),
        (f"{HALF}99:predict", 404, "Servable not found for request: Latest(half99)"),
        (f"{HALF}/versions/99:predict", 404, "Servable not found"),
        (f"{HALF}/labels/none:predict", 400, "Unrecognized servable version label: none"),
    ],
)
def test_models_versions_and_labels_that_are_not_there(half, path, status, said):
    assert said in ask(half, path, {"instances": [1]}, status)


def test_bodies_that_are_wrong(half):
    path = f"{HALF}:predict"
    assert ask(half, path, "", 400) == "JSON Parse error: The document is empty"
    assert "JSON Parse error: Invalid value" in ask(half, path, "instances = [1, 2]", 400)
    assert "not of expected type: float" in ask(half, path, {"instances": ["x", "y"]}, 400)
    assert "'signature_name' key must be a string" in ask(half, path, {"signature_name": 100}, 400)
    said = ask(half, path, {"signature_name": "no", "instances": [1]}, 400)
    assert said == 'Serving signature name: "no" not found in signature def'


def test_predict_by_version_label_signature_row_and_column(half):
    two = {"instances": [1.0, 2.0]}
    rows = {"instances": [[1.0, 2.0], [3.0, 4.0]]}
    assert ask(half, f"{HALF}:predict", rows) == {"predictions": [[2.5, 3.0], [3.5, 4.0]]}
    assert ask(half, f"{HALF}/versions/1:predict", two) == {"predictions": [2.5, 3.0]}
    assert ask(half, f"{HALF}/labels/stable:predict", two) == {"predictions": [2.5, 3.0]}
    assert ask(half, "/V1/MODELS/half:Predict", two) == {"predictions": [2.5, 3.0]}
    named = {"signature_name": "serving_default"}
    assert ask(half, f"{HALF}:predict", {**named, **two}) == {"predictions": [2.5, 3.0]}
    assert ask(half, f"{HALF}:predict", {**named, "inputs": [3.0]}) == {"outputs": [3.5]}


def test_classify_and_regress(half):
    body = {"signature_name": "classify_x_to_y", "examples": [{"x": 20.0}]}
    assert ask(half, f"{HALF}:classify", body) == {"results": [[["", 12]]]}
    body["examples"] = [{"x": 10.0}]
    assert ask(half, f"{HALF}/labels/stable:classify", body) == {"results": [[["", 7]]]}
    assert "No classification inputs" in ask(
        half, f"{HALF}:classify", {"examples": [{"x": 1.0}]}, 400
    )
    assert "A classifier has none" in ask(half, f"{HALF}:regress", body, 400)
    body["examples"] = [{"y": 10.0}]
    said = ask(half, f"{HALF}:classify", body, 400)
    assert said == "The model has no answer to these inputs: INVALID_ARGUMENT."


def test_status(half):
    told = {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    for path in (HALF, f"{HALF}/versions/1", f"{HALF}/labels/stable"):
        assert half.get(path).json() == told
    missing = half.get("/v1/models/foo")
    assert missing.status_code == 404
    assert missing.json() == {"error": "Could not find any versions of model foo"}
    assert half.get(f"{HALF}/versions/7").json() == {
        "error": "Could not find version 7 of model half"
    }


# --- Runs and exports -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Give a run and its SavedModel, and a client that asks either."""
    root = tmp_path_factory.mktemp("runs")
    run = made.run(root, "mine")
    classifier = tfnews.load(run)
    classifier.export(root / "news" / "1")
    models = made.models(mine=open_run(run), news=open_export(root / "news" / "1"))
    yield classifier, TestClient(app(models))
    models.close()


def test_a_run_answers_what_its_export_does_and_what_predict_says(both):
    classifier, client = both
    texts = [text.encode().decode() for text in PROBES]
    mine, news = (
        ask(client, f"/v1/models/{name}:predict", {"instances": texts})["predictions"]
        for name in ("mine", "news")
    )
    for here, there in zip(mine, news, strict=True):
        assert here["fake_probability"] == pytest.approx(there["fake_probability"], abs=1e-6)
        assert (here["label"], here["outcome"]) == (there["label"], there["outcome"])
    for text, answer, expected in zip(texts, mine, tfnews.predict(classifier, texts), strict=True):
        assert answer["outcome"] == expected.outcome, text
        assert (expected.label or "") in answer["label"]  # the name, and here the sentence
        assert bool(answer["label"]) == bool(expected.label)
        if expected.fake_probability is not None:
            assert answer["fake_probability"] == pytest.approx(expected.fake_probability, abs=1e-6)
        assert 0 <= answer["fake_probability"] <= 1
    assert {"scored", "not_scored"} == {answer["outcome"] for answer in mine}


def test_a_run_has_the_metadata_of_its_export(both):
    _, client = both
    mine, news = (client.get(f"/v1/models/{name}/metadata").json() for name in ("mine", "news"))
    assert mine["model_spec"] == {"name": "mine", "signature_name": "", "version": "1"}
    ours, theirs = (told["metadata"]["signature_def"]["signature_def"] for told in (mine, news))
    assert ours.keys() == {"serving_default", "token_ids", "classify"}
    for name, told in ours.items():
        assert told == theirs[name]
    text = ours["serving_default"]["inputs"]["text"]
    assert text["dtype"] == "DT_STRING"
    assert text["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


def test_token_ids_and_classify_of_a_run(both):
    classifier, client = both
    ids = classifier.encode(PROBES)
    inputs = {
        "token_ids": ids.flat_values.numpy().tolist(),
        "row_lengths": ids.row_lengths().numpy().tolist(),
    }
    body = {"signature_name": "token_ids", "inputs": inputs}
    told = ask(client, "/v1/models/mine:predict", body)["outputs"]
    expected = classifier.probabilities(PROBES)
    np.testing.assert_allclose(told["fake_probability"], expected, atol=1e-6)
    body = {"signature_name": "classify", "examples": [{"text": text} for text in PROBES]}
    for name in ("mine", "news"):
        results = ask(client, f"/v1/models/{name}:classify", body)["results"]
        (real, fake), empty = results[-1], results[0]
        assert [real[0], fake[0]] == list(classifier.labels)
        assert fake[1] == pytest.approx(expected[-1], abs=1e-6)
        assert [label for label, _ in empty] == ["", ""]


def test_lengths_that_lie_are_refused(both):
    """They would be read beyond the ids, or as another text's."""
    _, client = both
    for lengths in ([3, 0, -1], [1], [10**15], []):
        inputs = {"token_ids": [1, 2], "row_lengths": lengths}
        body = {"signature_name": "token_ids", "inputs": inputs}
        assert "add up to the 2 token_ids" in ask(client, "/v1/models/mine:predict", body, 400)


def test_bytes_that_are_no_text_do_not_stop_the_server(both):
    _, client = both
    body = {"instances": [{"b64": "//79"}, "harbour office"]}
    answer = client.post("/v1/models/mine:predict", json=body)
    assert answer.status_code in (200, 400)
    assert ask(client, "/v1/models/mine:predict", {"inputs": []})["outputs"]["label"] == []
    assert client.get("/healthz").json()["status"] == "ok"


def test_the_page_and_what_it_lists(both):
    _, client = both
    index = client.get("/")
    assert index.headers["content-type"].startswith("text/html")
    assert client.get("/index.html").content == index.content
    listing = client.get("/models.json").json()["models"]
    assert [one["name"] for one in listing] == ["mine", "news"]
    engine = listing[0]["engine"]
    assert (engine["kind"], engine["url"]) == ("rest", "v1/models/mine:predict")
    assert listing[0]["trained_on"] == "contracts"
    assert client.get("/../setup.cfg").status_code == 404
    assert client.get("/nosuch").json() == {"error": "There is no such path."}
    assert client.post("/healthz").status_code == 405


def test_what_is_counted(both):
    _, client = both
    before = metrics(client)
    ask(client, "/v1/models/news:predict", {"instances": ["", PROBES[-1]]})
    ask(client, "/v1/models/news:predict", "{", 400)
    ask(client, "/v1/models/made-up:predict", {"instances": ["a"]}, 404)
    after = metrics(client)
    of = 'model="news",version="1"'

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    assert grown(f'tfnews_requests_total{{code="200",method="predict",{of}}}') == 1
    nothing = 'model="",version=""'
    assert grown(f'tfnews_requests_total{{code="400",method="predict",{nothing}}}') == 1
    assert grown(f'tfnews_requests_total{{code="404",method="predict",{nothing}}}') == 1
    assert grown('tfnews_texts_total{model="news",outcome="not_scored",version="1"}') == 1
    assert grown('tfnews_texts_total{model="news",outcome="scored",version="1"}') == 1
    assert grown(f"tfnews_fake_probability_count{{{of}}}") == 1
    assert grown(f"tfnews_batch_rows_sum{{{of}}}") == 2
    assert after[f"tfnews_queue_rows{{{of}}}"] == 0
    assert after['tfnews_version_state{model="news",state="AVAILABLE",version="1"}'] == 1
    assert "made-up" not in str(after)


def metrics(client):
    lines = client.get("/monitoring/prometheus/metrics").text.splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


# --- Bounds -----------------------------------------------------------------------------------


def client_of(function, **limits):
    return TestClient(app(made.models(Limits(**limits), mine=made.opened(function, "said"))))


def test_a_body_that_is_too_large_is_413():
    client = client_of(lambda text: {"said": text}, max_body=100, max_wait=0)
    assert "100 bytes" in ask(client, "/v1/models/mine:predict", b" " * 101, 413)
    assert ask(client, "/v1/models/mine:predict", {"instances": ["a"]}) == {"predictions": ["a"]}


def test_rows_of_columns_are_bounded_too():
    client = client_of(lambda text: {"said": text}, max_rows=2, max_wait=0)
    assert "3 rows" in ask(client, "/v1/models/mine:predict", {"inputs": ["a"] * 3}, 400)


def test_a_compressed_body_is_415():
    client = client_of(lambda text: {"said": text})
    answer = client.post(
        "/v1/models/mine:predict", content=b"x", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415


def test_an_answer_that_does_not_come_is_504():
    never = threading.Event()

    def waits(text):
        never.wait(60)
        return {"said": text}

    client = client_of(waits, answer_within=0.01, max_wait=0)
    assert "No answer within" in ask(client, "/v1/models/mine:predict", {"instances": ["a"]}, 504)
    never.set()


def test_a_failure_says_nothing_of_the_text_to_anyone(caplog):
    def fails(text):
        raise ValueError(f"cannot read {text.numpy()}")

    def breaks(text):
        raise tf.errors.InternalError(None, None, f"cannot read {text.numpy()}")

    with caplog.at_level(logging.DEBUG):
        for function in (fails, breaks):
            client = client_of(function, max_wait=0)
            said = ask(client, "/v1/models/mine:predict", {"instances": ["secret"]}, 500)
            assert said == "The model has no answer to these inputs: INTERNAL."
    assert "secret" not in caplog.text


def test_health_is_bad_without_a_version():
    models = made.models()
    assert TestClient(app(models)).get("/healthz").status_code == 503
