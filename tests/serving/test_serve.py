"""A real server on a real socket: clients that break off, are slow, send too much, and its end."""

import contextlib
import json
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, model_pb2, predict_pb2

import tfnews
from tests.models.reduced import TEXTS
from tests.serving import made
from tests.serving.tf_serving_client import Client, ServingError

PROGRAM = "from tfnews.cli import run; run()"
DEADLINE = 120


class Server:
    """`tfnews serve` in a process of its own."""

    def __init__(self, *arguments):
        command = [sys.executable, "-c", PROGRAM, "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = []
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                self.address = f"http://127.0.0.1:{self.port}"
                return
        raise AssertionError(self.process.communicate()[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), DEADLINE)

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=DEADLINE) as answer:
            return answer.read().decode()

    def metric(self, start):
        lines = self.get("/monitoring/prometheus/metrics").splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, errors


def until(found, what):
    """Ask again until something is true, or too late."""
    end = time.monotonic() + DEADLINE
    while not (value := found()):
        assert time.monotonic() < end, what
        select.select([], [], [], 0.05)
    return value


def answer(connection):
    """Read one answer: status, and its body."""
    with connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return status, file.read(length)


def request(name, body, length=None, extra=b""):
    head = f"POST /v1/models/{name}:predict HTTP/1.1\r\nHost: x\r\nContent-Length: "
    return head.encode() + str(length or len(body)).encode() + b"\r\n" + extra + b"\r\n" + body


BODY = json.dumps({"instances": [TEXTS[0]]}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with a run, and a repository of one version of it."""
    folder = tmp_path_factory.mktemp("served")
    classifier = tfnews.load(made.run(folder, "mine"))
    classifier.export(folder / "exports" / "news" / "1")
    made.configure(folder / "exports", "news", [1], stable=1)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    limits = ["--read-within", 0.5, "--max-body", 100_000, "--poll", 0.1]
    server = Server(folder / "mine", folder / "exports", *limits)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.communicate()


def test_a_client_of_tensorflow_serving_talks_to_it(server, folder):
    client = Client(server.address)
    spec = model_pb2.ModelSpec(name="news", version_label="stable")
    (status,) = client.status(spec).model_version_status
    assert (status.version, status.State.Name(status.state)) == (1, "AVAILABLE")
    asked = predict_pb2.PredictRequest(
        model_spec=spec, inputs={"text": tf.make_tensor_proto(["", *TEXTS[:3]])}
    )
    told = client.predict(asked).outputs
    found = {name: tf.make_ndarray(one) for name, one in told.items()}
    expected = list(tfnews.predict(folder / "mine", ["", *TEXTS[:3]]))
    assert found["outcome"].tolist() == [one.outcome.encode() for one in expected]
    assert found["fake_probability"].dtype == "float32"
    assert found["fake_probability"][1] == pytest.approx(expected[1].fake_probability, abs=1e-6)
    example = tf.train.Example()
    example.features.feature["text"].bytes_list.value.append(TEXTS[0].encode())
    spec.signature_name = "classify"
    asked = classification_pb2.ClassificationRequest(model_spec=spec)
    asked.input.example_list.examples.append(example)
    ((real, fake),) = (one.classes for one in client.classify(asked).result.classifications)
    assert real.label == "resembles texts labelled news in contracts"
    assert fake.score == pytest.approx(expected[1].fake_probability, abs=1e-6)
    with pytest.raises(ServingError) as caught:
        client.status(model_pb2.ModelSpec(name="none"))
    assert caught.value.status == 404


def test_a_new_version_is_picked_up_while_it_answers(server, folder):
    client = Client(server.address)
    tfnews.load(folder / "mine").export(folder / "exports" / "news" / "2")
    made.configure(folder / "exports", "news", [1, 2], stable=1, canary=2)
    canary = model_pb2.ModelSpec(name="news", version_label="canary")

    def loaded():
        with contextlib.suppress(ServingError):
            return client.status(canary).model_version_status[0].version == 2

    until(loaded, "version 2 was not loaded")
    made.configure(folder / "exports", "news", [1], stable=1)  # a rollback
    news = model_pb2.ModelSpec(name="news")
    until(
        lambda: [s.state for s in client.status(news).model_version_status] == [50, 30],
        "version 2 was not unloaded",
    )
    assert json.loads(server.get("/healthz"))["models"]["news"] == [1]


def test_a_slow_body_is_408_and_a_slow_head_is_let_go(server):
    with server.connect() as body, server.connect() as head, server.connect() as idle:
        body.sendall(request("mine", BODY[:5], len(BODY)))
        head.sendall(b"POST /v1/models/mine:predict HTTP/1.1\r\nHost")
        status, told = answer(body)
        assert status == 408
        assert b"did not come within" in told
        assert body.recv(1) == head.recv(1) == idle.recv(1) == b""  # closed


def test_an_endless_head_is_let_go(server):
    head = b"GET / HTTP/1.1\r\n" + b"X-Long: xxxxxxxxxxxxxxxxxxxxxxxxx\r\n" * 500_000
    with server.connect() as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        connection.sendall(head)


def test_a_body_that_is_too_large_is_told_before_and_after_it_is_sent(server):
    with server.connect() as asking, server.connect() as sending:
        asking.sendall(request("mine", b"", 10**9, b"Expect: 100-continue\r\n"))
        assert answer(asking)[0] == 413
        sending.sendall(request("mine", b" " * 100_001))
        assert answer(sending)[0] == 413


def test_clients_that_go_away_and_send_rubbish_leave_it_answering(server):
    before = server.metric('tfnews_requests_total{code="499"')
    with server.connect() as connection:
        connection.sendall(request("mine", BODY[:5], len(BODY)))
    for rubbish in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 1000):
        with server.connect() as connection:
            connection.sendall(rubbish)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1000)
    until(lambda: server.metric('tfnews_requests_total{code="499"') > before, "it was not counted")
    with server.connect() as connection:
        for _ in range(2):  # on one connection
            connection.sendall(request("mine", BODY))
            status, told = answer(connection)
            assert status == 200
            assert json.loads(told)["predictions"][0]["outcome"] in ("scored", "not_scored")


def test_requests_on_their_way_are_answered_after_sigterm_and_no_new_ones(folder):
    server = Server(folder / "mine", "--read-within", 60)
    with server.connect() as connection, server.connect() as idle:
        connection.sendall(request("mine", BODY[:5], len(BODY)))
        until(lambda: server.get("/healthz"), "it does not answer")
        server.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b""  # closed: the end has begun
        until(lambda: refused(server), "it still listens")
        connection.sendall(BODY[5:])
        status, told = answer(connection)
    assert status == 200
    assert len(json.loads(told)["predictions"]) == 1
    _, errors = server.process.communicate(timeout=DEADLINE)
    assert server.process.returncode == 0
    assert not re.search("Error|Warning|Traceback", errors), errors  # its stages stand there


def refused(server):
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_ends_at_once_when_nothing_is_on_its_way_and_has_logged_no_text(server):
    code, errors = server.end()
    assert code == 0
    assert TEXTS[0] not in errors
