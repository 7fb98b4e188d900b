"""The page in headless Chromium: it answers as the run does, alone on its origin, and offline."""

import csv
import http.server
import io
import json
import os
import shutil
import sys
import threading
import unicodedata
import urllib.parse
from contextlib import contextmanager

import numpy as np
import pytest
import tensorflow as tf

import tfnews
from tests.models.reduced import TEXTS, small
from tfnews.export import page, pruning, runtime, web
from tfnews.export.parity import PROBES
from tfnews.export.request import Options
from tfnews.scoring.answers import write_predictions

REQUIRED = os.environ.get("TFNEWS_TEST_DATA_REQUIRED")  # then nothing is skipped
ROWS = {
    "wordpiece": ("bert-tiny", {}),
    "windows": ("bert-tiny", {"long": "windows"}),
    "both-ends": ("bert-tiny", {"long": "head-tail"}),
    "sentencepiece": ("albert", {}),
    "embedding": ("swivel20", {}),
    "buckets": ("nnlm50", {"oov_buckets": 40}),
    "cnn": ("cnn", {}),
    "tfidf": ("tfidf", {}),
    "characters": ("tfidf", {"analyzer": "char"}),
    "pieces": ("swivel20", {"analyzer": "piece"}),
}
PIECES = ["港湾", "港湾事", "湾事務", "務所", "ท่าเ", "офи"]
ODD = {
    "no spaces": "港湾事務所NBA港湾、事務所ท่าเรือ e\u0301港湾湾事務所",
    "curly quotes": "“The Harbour Office” — it’s ‘closed’… says Arvel’s mayor",
    "no-break spaces": "10\u00a0000 euro for the\u202fharbour\u2009office",
    "marks apart": "e\u0301te\u0301 n\u0303andu\u0301 \u1e9e ß İstanbul ı ΟΔΟΣ",
    "invisible": "soft\u00adhyphen zero\u200bwidth \ufeffmark \u200d joined",
    "control": "null \x00 inside, bell \x07, tab\tand\x0bvertical",
    "scripts mixed": "harbour офис 港湾 사무소 المرفأ נמל ท่าเรือ",
    "compatibility": "ﬁne ² ª № ～ Ａｒｖｅｌ",
    "long word": "a" * 120 + " harbour",
    "spaces": "the   harbour  \n\n office",
    "another language": "O prefeito disse que não vai fechar o porto e que os barcos não são do "
    "governo, mas a câmara da cidade ainda não sabe o que ele quer fazer com eles",
    "unusual words": "Quantum chromodynamics lattices thermalise slowly; gluons condense, vortices "
    "percolate, instantons tunnel between degenerate vacua, whereupon monopoles proliferate",
}
# What Chromium asks for by itself, whatever the page.
ITS_OWN = (".googleapis.com", ".google.com", ".gvt1.com", ".gstatic.com")
ASKED = [text.strip() for text in [*PROBES.values(), *ODD.values(), *TEXTS[:6]]]


def require(fault):
    if fault and REQUIRED:
        pytest.fail(f"{fault}, and TFNEWS_TEST_DATA_REQUIRED is set")
    if fault:
        pytest.skip(fault)


@pytest.fixture(scope="module")
def libraries():
    """Give the two libraries of the page, fetched before or now."""
    require(None if shutil.which("npm") else "npm is not installed")
    return runtime.files(None)


@pytest.fixture(scope="module")
def driving():
    """Give the module that drives Chromium."""
    if not REQUIRED:
        pytest.importorskip("selenium")
    from tools import measure_page

    require(measure_page.missing())
    return measure_page


def add(folder, name, classifier, libraries):
    place = web.Page(folder, name, libraries)
    with place.writing() as beside:
        web.write(classifier, beside, Options(), [])
        (beside / "parity.json").write_text('{"arch": "small"}')
        return place.publish(beside)


@pytest.fixture(scope="module")
def classifiers():
    found = {name: small(row, **changes) for name, (row, changes) in ROWS.items()}
    tokenizer = found["pieces"].preprocessor.tokenizer
    tokenizer.set_vocabulary([*PIECES, *tokenizer.get_vocabulary()[len(PIECES) :]])
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory, classifiers, libraries):
    """Give a page with a small model of every path."""
    found = tmp_path_factory.mktemp("page")
    for name, classifier in classifiers.items():
        add(found, name, classifier, libraries)
    return found


@pytest.fixture(scope="module")
def single(tmp_path_factory, classifiers, libraries):
    """Give a page with one model, which is quick."""
    found = tmp_path_factory.mktemp("single")
    add(found, "tfidf", classifiers["tfidf"], libraries)
    return found


class _Keeping(http.server.BaseHTTPRequestHandler):
    """Answers as its server's `answer` says, and keeps what it was asked for."""

    def reply(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, body))
        status, headers, content = self.server.answer(self.path)
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_CONNECT = do_HEAD = reply  # noqa: N815

    def log_message(self, *arguments):
        pass


@contextmanager
def answering(answer):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Keeping)
    server.asked, server.answer = [], answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def proxy():
    """Give a proxy that refuses everything, and keeps what it was asked for."""
    with answering(lambda path: (403, {}, b"")) as (server, address):
        server.address = address
        yield server


@pytest.fixture(scope="module")
def browser(driving, proxy):
    """Give Chromium, which reaches all but this machine through that proxy."""
    with driving.chromium(f"--proxy-server={proxy.address}") as driver:
        driver.set_window_size(1280, 900)
        yield driver


@pytest.fixture(scope="module")
def answered(folder, classifiers, driving, browser):
    """Give what the page answered of every model."""
    with driving.served(folder) as address:
        browser.get(address)
        return {name: driving.ask(browser, name, ASKED) for name in classifiers}


@pytest.mark.parametrize("name", ROWS)
def test_ids_numbers_and_outcomes_are_those_of_the_run(classifiers, answered, folder, name):
    run, found = classifiers[name], answered[name]
    length = json.loads((folder / "models" / name / "spec.json").read_text("utf-8"))["length"]
    cut = pruning.shortened(run, length)
    assert [one["ids"] for one in found] == cut.encode(ASKED).to_list()
    numbers = np.array([one["probability"] for one in found])
    np.testing.assert_allclose(numbers, cut.probabilities(ASKED), atol=1e-5)
    whole = np.array([one["read"] == one["total"] for one in found])
    np.testing.assert_allclose(numbers[whole], run.probabilities(ASKED)[whole], atol=1e-5)
    assert not whole[list(PROBES).index("very long")] or run.preprocessor.sequence_length is None
    answers = [one["answer"] for one in found]
    expected = list(tfnews.predict(cut, ASKED))
    assert [(a["outcome"], a["reason"]) for a in answers] == [
        (one.outcome, one.reason) for one in expected
    ]
    far = np.abs(numbers - run.threshold) > 1e-4
    labels = [one.label if ok else None for one, ok in zip(expected, far, strict=True)]
    found = [a["resembles"] if ok else None for a, ok in zip(answers, far, strict=True)]
    assert found == labels


def script(browser, body, *arguments):
    """Run the body of an asynchronous function of (modules..., arguments) in the page."""
    program = (
        "const [given, done] = arguments;"
        "const from = (name) => import(new URL(name, document.baseURI).href);"
        f"(async () => {{ {body} }})().then((found) => done([found]), (e) => done(`${{e}}`));"
    )
    found = browser.execute_async_script(program, list(arguments))
    assert isinstance(found, list), found
    return found[0]


def test_text_is_treated_as_python_treats_it(folder, driving, browser):
    # Letters that the browser's Unicode has and Python's has not are left alone, and so are
    # ideographs, which are many and have no case.
    every = map(chr, range(sys.maxunicode + 1))
    known = [c for c in every if unicodedata.category(c) not in ("Cn", "Co", "Cs", "Lo")]
    with driving.served(folder) as address:
        browser.get(address)
        body = "const t = await from('text.js'); return given[0].map((x) => t[given[1]](x));"
        folded = script(browser, body, known, "casefold")
        padded = [f"{c}x{c}" for c in known]
        stripped = script(browser, body, padded, "strip")
        shares = [n / 1000 for n in range(0, 1001, 5)]
        percents = script(browser, body, shares, "percent")
        numbers = [float(np.float32(n / 7)) for n in range(7)] + [1e-7, 0.1, 0.6]
        short = script(browser, body, numbers, "shortest")
    assert [c for c, f in zip(known, folded, strict=True) if f != c.casefold()] == []
    assert [c for c, s in zip(padded, stripped, strict=True) if s != c.strip()] == []
    assert percents == [f"{share:.0%}" for share in shares]
    assert short == [float(str(np.float32(n))) for n in numbers]


def test_unknown_words_fall_into_tensorflows_buckets(folder, driving, browser):
    words = ["", "é", *("harbour-" * 30)[:200].split(), *[("ab漢" * 70)[:n] for n in range(210)]]
    with driving.served(folder) as address:
        browser.get(address)
        found = script(
            browser,
            "const { fingerprint } = await from('fingerprint.js');"
            "return given[0].map((word) => Number(fingerprint(word) % 1000003n));",
            words,
        )
    assert found == tf.strings.to_hash_bucket_fast(words, 1000003).numpy().tolist()


LIST = (
    "id;Title;text\r\n"
    'a;"A ""quoted"" headline";"council of arvel approves\r\nharbour budget after long debate"\r\n'
    "\r\n"
    ";;you will not believe what the mayor of brask did next\n"
    "c;only two\n"
    "d;nan;\n"
    "e;x;é à brask, ministry of roads\n"
)


def test_a_list_is_read_and_answered_as_predict_does(
    classifiers, folder, driving, browser, tmp_path
):
    (tmp_path / "list.csv").write_bytes(LIST.encode())
    write_predictions(
        tfnews.predict(classifiers["tfidf"], tmp_path / "list.csv"), tmp_path / "answers.csv"
    )
    expected = list(csv.DictReader(io.StringIO((tmp_path / "answers.csv").read_text("utf-8"))))
    with driving.served(folder) as address:
        browser.get(address)
        fault = browser.execute_async_script(driving.OPEN, "tfidf")
        assert fault is None
        content = script(
            browser,
            "const { articles, answersFile } = await from('csv.js');"
            "const items = articles(given[0]); const answers = [];"
            "for (const item of items) answers.push(item.text === null"
            "  ? { fake_probability: null, outcome: 'not_scored', reason: item.problem }"
            "  : (await opened.tfidf.answers([item.text]))[0]);"
            "return answersFile(items, [{ name: 'tfidf', answers }]);",
            LIST,
        )
    found = list(csv.DictReader(io.StringIO(content)))
    assert list(found[0]) == list(expected[0])
    for one, other in zip(found, expected, strict=True):
        near = [float(row.pop("fake_probability") or -1) for row in (one, other)]
        np.testing.assert_allclose(*near, atol=1e-5)
        one["reason"], other["reason"] = (row["reason"].split("(")[0] for row in (one, other))
        assert one["reason"].split(":")[0] == other["reason"].split(":")[0]
        assert (one["id"], one["outcome"], one["label"]) == (
            other["id"],
            other["outcome"],
            other["label"],
        )


def test_influence_is_what_leaving_a_word_out_changes(classifiers, folder, driving, browser):
    text = "harbour council of arvel approves the harbour budget"
    with driving.served(folder) as address:
        browser.get(address)
        assert browser.execute_async_script(driving.OPEN, "tfidf") is None
        found = script(
            browser,
            "const { influence } = await from('influence.js');"
            "return influence(opened.tfidf, given[0], 1, () => true);",
            text,
        )
    run = classifiers["tfidf"]
    without = {
        word: " ".join(other for other in text.split() if other != word) for word in text.split()
    }
    (whole,) = run.probabilities([text])
    moved = dict(zip(without, whole - run.probabilities(list(without.values())), strict=True))
    assert (found["tried"], found["different"]) == (7, 7)
    for one in found["words"]:
        np.testing.assert_allclose(one["change"], moved[one["word"]], atol=1e-5)
    assert found["words"][0]["word"] == max(moved, key=lambda word: abs(moved[word]))
    assert {one["word"]: one["times"] for one in found["words"]}["harbour"] == 2


# --- By its window -----------------------------------------------------------------------------


def wait(browser, condition, *arguments):
    """Wait for a condition in JavaScript, which Chromium watches itself."""
    program = (
        "const [given, done] = arguments;"
        f"const holds = () => {{ {condition} }};"
        "const look = () => holds() ? done(true) : requestAnimationFrame(look); look();"
    )
    return browser.execute_async_script(program, list(arguments))


def ready(browser, address):
    browser.get(address)
    wait(
        browser,
        "return /Ready/.test(document.getElementById('status').textContent)"
        " || !document.getElementById('problem').hidden;",
    )


def text_of(browser, selector):
    return browser.execute_script(
        "return document.querySelector(arguments[0])?.textContent", selector
    )


def compare(browser, title, text):
    browser.execute_script(
        "document.getElementById('title').value = arguments[0];"
        "document.getElementById('text').value = arguments[1];"
        "document.getElementById('ask').click();",
        title,
        text,
    )
    wait(browser, "return /Done/.test(document.getElementById('status').textContent);")


def test_by_keyboard_alone_and_named_for_screen_readers(single, driving, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        browser.switch_to.active_element.send_keys(*keys)

    with driving.served(single) as address:
        ready(browser, address)
        browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
        passed = []
        while (name := browser.switch_to.active_element.get_attribute("id")) != "title":
            passed.append(browser.switch_to.active_element.text)
            press(Keys.TAB)
        assert passed == ["Skip to the form"]
        press("Council of Arvel", Keys.TAB, "approves harbour budget after long debate")
        press(Keys.CONTROL, Keys.ENTER)
        wait(browser, "return document.querySelector('.answer') !== null;")
        assert text_of(browser, "#status").startswith("Done. Resembles texts labelled")
        while browser.switch_to.active_element.text != "Show which words moved the score":
            press(Keys.TAB)
        ring = browser.execute_script(
            "return getComputedStyle(document.activeElement).outlineWidth"
        )
        assert ring == "3px"
        press(Keys.ENTER)
        wait(browser, "return document.querySelector('.influence') !== null;")
        assert "not evidence" in browser.switch_to.active_element.text
        shown = browser.find_elements(By.CSS_SELECTOR, "input, textarea, button, [role], section")
        unnamed = [
            one.get_attribute("outerHTML")[:80]
            for one in shown
            if one.is_displayed() and one.aria_role != "status" and not one.accessible_name
        ]
        assert unnamed == []
        assert name == "title"
        live = browser.find_element(By.ID, "status")
        assert live.aria_role == "status"
        scale = browser.find_element(By.CSS_SELECTOR, ".scale").accessible_name
        assert scale.startswith("Score 0.")
        assert "the threshold is 0.4" in scale


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(folder, driving, browser, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    with driving.served(folder) as address:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        ready(browser, address)
        compare(browser, "A headline " + "verylongword" * 20, TEXTS[0] * 9)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_refusal_gives_the_reason_and_no_number(single, driving, browser):
    with driving.served(single) as address:
        ready(browser, address)
        compare(browser, "", " \u2003 ")
        assert text_of(browser, ".verdict") == "No score"
        assert text_of(browser, ".reason") == "Empty text: nothing to read."
        assert text_of(browser, ".scale") is None
        compare(browser, "", "Арвель")
        assert "script: 100% of its letters" in text_of(browser, ".reason")


def test_a_cut_a_band_and_two_models_are_shown(classifiers, libraries, driving, browser, tmp_path):
    for name in ("wordpiece", "tfidf"):
        add(tmp_path, name, classifiers[name], libraries)
    listed = json.loads((tmp_path / page.MODELS).read_text("utf-8"))
    listed["models"][0]["band"] = [0.0, 1.0]
    (tmp_path / page.MODELS).write_text(json.dumps(listed))
    with driving.served(tmp_path) as address:
        ready(browser, address)
        compare(browser, "", " ".join(TEXTS))
        shown = browser.execute_script(
            "return [...document.querySelectorAll('.answer')].map((one) => one.innerText)"
        )
    assert len(shown) == 2
    assert "Unsure" in shown[0]
    assert "where this model is called unsure" in shown[0]
    assert "% of the text was read, its beginning: 22 of" in shown[0]
    assert "Resembles texts labelled" in shown[1]
    assert "was read" not in shown[1]


def test_a_swapped_or_missing_file_is_said(classifiers, libraries, driving, browser, tmp_path):
    place = add(tmp_path, "tfidf", classifiers["tfidf"], libraries)
    model = place / "model.tflite"
    model.write_bytes(model.read_bytes()[:-1] + b"x")
    with driving.served(tmp_path) as address:
        ready(browser, address)
        told = text_of(browser, "#problem")
        assert "model.tflite is not the file that was exported: its SHA-256 is" in told
        assert "swapped or damaged" in told
        add(tmp_path, "word2vec", small("word2vec"), libraries)
        ready(browser, address)
        compare(browser, "", TEXTS[0])  # the other one is asked all the same
        assert text_of(browser, ".answer h3") == "word2vec"
        assert "was swapped" in text_of(browser, "#problem")
        model.unlink()
        ready(browser, address)
        assert "model.tflite is missing (status 404)" in text_of(browser, "#problem")


def test_opened_as_a_file_the_page_says_what_to_do(single, driving, browser):
    browser.get((single / "index.html").as_uri())
    wait(browser, "return getComputedStyle(document.getElementById('not-started')).opacity === '1'")
    assert "python -m http.server" in text_of(browser, "#not-started")


def test_after_the_first_load_it_works_without_a_network(single, driving, browser):
    with driving.served(single) as address:
        ready(browser, address)
        wait(
            browser,
            "return /without a network/.test(document.getElementById('status').textContent)",
        )
        compare(browser, "", TEXTS[0])
        first = text_of(browser, ".number")
    browser.get("about:blank")
    ready(browser, address)  # nobody answers there any more
    compare(browser, "", TEXTS[0])
    assert text_of(browser, ".number") == first
    assert first.startswith("0.")


def test_a_server_answers_the_same_page(classifiers, driving, browser):
    """In TensorFlow Serving's row form; a busy one is asked again."""
    label = "resembles texts labelled rumour in contracts"
    answers = [
        {"fake_probability": 0.875, "label": label, "outcome": "scored"},
        {"fake_probability": 0.5, "label": "", "outcome": "not_scored"},
    ]
    entry = page.entry(
        "served",
        page.rest("v1/models/served:predict"),
        class_names=("news", "rumour"),
        trained_on="contracts",
        threshold=0.4,
    )
    content = {f"/{path}": found for path, found in page.files().items()}
    content["/"] = content["/index.html"]
    content["/models.json"] = page.listing([entry])
    kinds = {"js": "text/javascript", "css": "text/css", "": "text/html", "html": "text/html"}
    busy = [(429, {"Retry-After": "0.01"}, b'{"error": "too many"}')]

    def answer(path):
        if path == "/v1/models/served:predict":
            told = json.dumps({"predictions": [answers.pop(0)]}).encode() if not busy else b""
            return busy.pop() if busy else (200, {"Content-Type": "application/json"}, told)
        kind = kinds.get(path.rpartition(".")[2].strip("/"), "application/octet-stream")
        found = content.get(path)
        return (200, {"Content-Type": kind}, found) if found else (404, {}, b"")

    with answering(answer) as (server, address):
        ready(browser, address)
        compare(browser, "Headline ", " body")
        assert text_of(browser, ".number") == "0.88"
        assert text_of(browser, ".verdict") == label.capitalize()
        compare(browser, "", "x")
        assert text_of(browser, ".reason") == "The server does not say why."
        posted = [json.loads(body) for method, _, body in server.asked if method == "POST"]
    assert posted == [{"instances": ["Headline body"]}] * 2 + [{"instances": ["x"]}]


def test_no_request_leaves_the_origin(single, driving, browser, proxy):
    """Last: by now the browser has done all that the tests above ask of it."""
    with driving.served(single) as address:
        ready(browser, address)
        blocked = script(
            browser,
            "return fetch(given[0]).then(() => 'came through', (error) => error.name);",
            "http://news.invalid/",
        )
        elsewhere = script(
            browser,
            "return performance.getEntriesByType('resource').map((one) => one.name)"
            ".filter((name) => !name.startsWith(location.origin));",
        )
    assert blocked == "TypeError"
    assert elsewhere == []
    paths = [path if "://" in path else f"//{path}" for _, path, _ in proxy.asked]
    hosts = {urllib.parse.urlsplit(path).hostname for path in paths}
    assert [host for host in hosts if not host.endswith(ITS_OWN)] == []
