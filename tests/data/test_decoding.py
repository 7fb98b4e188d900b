"""Which encoding a source is in: files in odd ones were once mojibake, or refused."""

import io
import sys

import pytest

from tests.data.news import write
from tfnews.data import decoding, streams, tables
from tfnews.data.decoding import NOT_UTF8, REPLACED, Account, Lines
from tfnews.data.rows import layout_of
from tfnews.errors import UsageError

# Made-up news in several languages, with the encodings that were usual before UTF-8.
NEWS = {
    "Президент объявил о новых мерах поддержки. Учёные открыли планету.": (
        "cp1251 koi8_r cp866 iso8859_5 utf-16 utf-32"
    ),
    "Η κυβέρνηση ανακοίνωσε νέα μέτρα στήριξης της οικονομίας.": "cp1253 iso8859_7 utf-16",
    "Vláda schválila nový zákon, řekl. Žluťoučký kůň úpěl ódy na škole.": "cp1250 iso8859_2",
    "Vláda schválila zákon. Ľudia musia ťažko čakať na ďalšie zmeny v školách.": "cp1250 iso8859_2",
    "Rząd ogłosił dziś nowe środki. Premier powiedział: żółć, gęś, jaźń.": "cp1250 iso8859_2",
    "A miniszterelnök szerint jövőre lépnek életbe. Több tűzoltó érkezett.": "cp1250 iso8859_2",
    "Hükümet yeni önlemleri açıkladı. İşçiler ağır şartlarda çalışıyor.": "cp1254",
    "הממשלה הודיעה היום על צעדים חדשים לתמיכה בכלכלה.": "cp1255 utf-16",
    "أعلنت الحكومة اليوم عن إجراءات جديدة لدعم الاقتصاد.": "cp1256 utf-16",
    "政府今天宣布了支持经济的新措施。科学家发现了一颗新的行星。": "gb18030 utf-16-le utf-16-be",
    "政府今天宣布了支持經濟的新措施。科學家發現了一顆新的行星。": "big5 utf-16",
    "政府は今日、新しい措置を発表した。首相は来年から実施されると述べた。": "cp932 euc_jp utf-16",
    "정부는 오늘 경제를 지원하기 위한 새로운 조치를 발표했다.": "cp949 utf-16",
    "« L’économie a été touchée », déclare le ministre à Évry. Cœur — voilà.": "cp1252 mac_roman",
    "As mudanças não começarão: informações da redação, “muito” ruins.": "cp1252 utf-16-le",
    "Die Änderungen müssen für alle gelten, sagte er. Größe, Äpfel, Öl.": "cp1252 cp850",
    "“It’s a hoax,” he said — the aide didn’t reply… £5 or €6.": "cp1252 mac_roman utf-16-be",
    "Þetta er það sem þau vildu, sagði ráðherra á næsta ári.": "cp1252",
}
CASES = [(text, name) for text, names in NEWS.items() for name in names.split()]


@pytest.mark.parametrize(("text", "encoding"), CASES, ids=lambda value: value[:12])
def test_an_encoding_is_found_out(tmp_path, text, encoding):
    rows = "".join(f'{number},"{text}",x{number}\n' for number in range(4))
    path = write(tmp_path / "a.csv", f"id,text,source\n{rows}", encoding)
    account = Account()
    names = tables.columns(path)
    assert names == ["id", "text", "source"]
    assert [row.values[1] for row in tables.rows(path, names, account)] == [text] * 4
    assert account.encoding != "utf-8"


@pytest.mark.parametrize(("text", "encoding"), CASES[::3], ids=lambda value: value[:12])
def test_an_encoding_that_the_user_names_is_taken(tmp_path, text, encoding):
    path = write(tmp_path / "a.csv", f'text\n"{text}"\n', encoding)
    layout = layout_of(encoding, None, True)
    assert tables.first_row(path, ["text"], layout).values == [text]


@pytest.mark.parametrize("name", ["latin-1", "iso-8859-1", "ascii", "cp1252", "Windows-1252"])
def test_what_calls_itself_latin_1_is_windows_1252_as_in_browsers(tmp_path, name):
    """Read as Latin-1, curly quotes, dashes and the euro sign were control characters."""
    path = write(tmp_path / "a.csv", b"text\n\x93quoted\x94 \x96 \x80 \x81\n")
    layout = layout_of(name, None, True)
    assert tables.first_row(path, ["text"], layout).values == ["“quoted” – € \x81"]


def test_a_guess_is_said(tmp_path):
    path = write(tmp_path / "a.csv", "text\n" + "Новые меры поддержки экономики\n" * 3, "cp1251")
    account = Account()
    list(tables.rows(path, ["text"], account))
    (note,) = account
    assert note.endswith("read as cp1251, which is a guess that --encoding overrules")
    assert account[note] == 3
    assert account.encoding == "cp1251"


def test_a_guess_is_made_where_the_first_such_line_stands(tmp_path, monkeypatch):
    """However far into a file of gigabytes, from a bounded part of it."""
    monkeypatch.setattr(streams, "BLOCK", 64)
    monkeypatch.setattr(decoding, "_GUESSED_FROM", 256)
    plain = "plain words\n" * 1000
    russian = "Новые меры поддержки экономики\n" * 20
    data = f"text\n{plain}".encode() + russian.encode("cp1251") + "é\n".encode()
    account = Account()
    path = write(tmp_path / "a.csv", data)
    found = [row.values[0] for row in tables.rows(path, ["text"], account)]
    assert found[1000:1020] == ["Новые меры поддержки экономики"] * 20
    assert account.encoding == "cp1251"


def test_a_line_of_another_encoding_leaves_the_others_as_they_are(tmp_path):
    data = "text\n“naïve” and more\n".encode() + b"na\xefve \x93many\x94 \x96 of them \xe9\n"
    account = Account()
    path = write(tmp_path / "a.csv", data)
    found = [row.values[0] for row in tables.rows(path, ["text"], account)]
    assert found == ["“naïve” and more", "naïve “many” – of them é"]
    assert account == {NOT_UTF8: 1}


def test_what_cannot_be_decoded_is_counted(tmp_path):
    path = write(tmp_path / "a.csv", b"text\na\xff\xfeb\n")
    account = Account()
    layout = layout_of("utf-8", None, True)
    assert next(tables.rows(path, ["text"], account, layout=layout)).values == ["a\ufffd\ufffdb"]
    assert account[REPLACED] == 2


def test_a_mark_goes_before_what_the_user_names(tmp_path):
    path = write(tmp_path / "a.csv", "text\né\n", "utf-16")
    assert tables.first_row(path, ["text"], layout_of("cp1252", None, True)).values == ["é"]


@pytest.mark.parametrize("name", ["utf-9", "", "base64", "x" * 500, "nul\0"])
def test_no_encoding_of_that_name(name):
    with pytest.raises(UsageError, match="No encoding is called") as error:
        layout_of(name, None, True)
    assert len(str(error.value)) < 260


class Slow(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data):
        self.data = data

    def readable(self):
        return True

    def readinto(self, buffer):
        given, self.data = self.data[:1], self.data[1:]
        buffer[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_a_pipe_that_gives_byte_by_byte(monkeypatch, encoding):
    text = "text\n“é”\n"
    stream = io.BufferedReader(Slow(text.encode(encoding)))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    with streams.opened("-") as opened:
        assert "".join(Lines(opened, "standard input", Account())) == text
