"""Odd CSV files: quotes, escapes, widths, delimiters and headers, as public sets have them."""

import csv
import io

import pytest

from tests.data.news import write
from tfnews.data import tables
from tfnews.data.decoding import Account
from tfnews.data.delimited import ESCAPED
from tfnews.data.rows import Layout, layout_of
from tfnews.data.texts import read_texts
from tfnews.errors import DataError, UsageError

HEADER = "title,text,label\n"


def read(tmp_path, content, account=None, layout=Layout()):  # noqa: B008
    path = write(tmp_path / "a.csv", content)
    names = tables.columns(path, layout)
    account = Account() if account is None else account
    return list(tables.rows(path, names, account, layout=layout))


def sound(rows):
    return [row.values for row in rows if not row.fault]


BROKEN = [
    'A,"He said "no",\nand left",1\n',
    'A,"He said "no", twice "no",\nfirst, second, third\nand left",1\n',
    'A,"the 6" board,\nfirst, second, third\nlast",1\n',
    'A,"said "no", then\nfirst, second, third\nhe said "yes" and, left",1\n',
    'A,"said "no" then\n"Bye," he said\nfirst, second, third\nlast",1\n',
    'A,"said "no" then\n\n\nlast, of, it",1\n',
]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("after", ["B,b,0\n", 'B,"b",0\n', 'B,"b ""b"" b",0\n', '"B","b\nb","0"\n'])
def test_a_row_with_undoubled_quotes_over_lines_is_rejected_whole(tmp_path, broken, after):
    """Its second line was once kept as an article of its own."""
    first, *rest = read(tmp_path, HEADER + "Z,z,0\n" + broken + after + 'C,"c",1\nD,d,0\n')
    assert first.values == ["Z", "z", "0"]
    (fault,) = [row for row in rest if row.fault]
    assert fault.fault == "quotes that do not pair"
    assert (fault.line, "run together" in fault.values[0]) == (3, True)
    expected = next(csv.reader(io.StringIO(after, newline="")))
    assert sound(rest) == [expected, ["C", "c", "1"], ["D", "d", "0"]]


def test_sound_rows_between_broken_ones_are_kept(tmp_path):
    rows = ['"A" a,a,1', "B,b,0", 'C,"c" c,1', "D,d,0", 'E,"e",1', 'F "f,f,0']
    found = read(tmp_path, HEADER + "\n".join(rows))
    assert sound(found) == [["B", "b", "0"], ["D", "d", "0"], ["E", "e", "1"], ['F "f', "f", "0"]]
    assert [row.line for row in found if row.fault] == [2, 4]


@pytest.mark.parametrize("below", ['C,"c",1', 'B,b,0\nC,"c, ""c""",1', 'C,"c\nc",1', '"C",c,1'])
def test_a_quote_left_open_takes_no_sound_row_along(tmp_path, below):
    found = read(tmp_path, f'{HEADER}A,"a,1\n{below}\nD,d,0\n')
    assert found[0] == (
        2,
        ["a quote is opened and not closed on this line"],
        "quotes that do not pair",
    )
    assert sound(found) == [*csv.reader(io.StringIO(below, newline="")), ["D", "d", "0"]]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ('A,"He said \\"no\\", and left",1', 'He said "no", and left'),
        ('A,"ends \\"",1', 'ends "'),
        ('A,"\\"begins",1', '"begins'),
        ('A,"He said \\"no\\",\nand left",1', 'He said "no",\nand left'),
        ('A,He said \\"no\\" loud,1', 'He said "no" loud'),
        ('A,"a \\\\ backslash and \\"quotes\\"",1', 'a \\ backslash and "quotes"'),
        ("A,one\\, two,1", "one, two"),
        ('A,"a line\\\nand \\"another\\"",1', 'a line\nand "another"'),
    ],
)
def test_quotes_escaped_by_a_backslash_are_read(tmp_path, row, text):
    """As MySQL writes them, and pandas with escapechar."""
    found = read(tmp_path, f'{HEADER}{row}\nB,"b ""b""",0\nC,c,1\n')
    assert sound(found) == [["A", text, "1"], ["B", 'b "b"', "0"], ["C", "c", "1"]]


def test_escaped_quotes_are_counted(tmp_path):
    account = Account()
    rows = "".join(f'{n},"said \\"{n}\\", twice",1\n' for n in range(50))
    found = read(tmp_path, HEADER + rows + "B,b,0\n", account)
    assert [values[1] for values in sound(found)] == [
        *(f'said "{n}", twice' for n in range(50)),
        "b",
    ]
    assert account == {ESCAPED: 50}


def test_what_pandas_writes_with_escapechar(tmp_path):
    rows = [["A", 'say "a", \\ b', "1"], ["B", '"', "0"], ["C", "c\nd", "1"], ["D", "x\\", "0"]]
    text = io.StringIO(newline="")
    text.write(HEADER)
    csv.writer(text, doublequote=False, escapechar="\\", lineterminator="\n").writerows(rows)
    assert sound(read(tmp_path, text.getvalue())) == rows


@pytest.mark.parametrize(
    "rows",
    [
        [["A", "C:\\", "1"], ["B", "C:\\new", "0"]],
        [["A", 'C:\\ "x" \\', "1"], ["B", "b,\\", "0"]],
        [["A", 'a \\" b', "1"], ["B", "b", "0"]],
    ],
)
def test_backslashes_that_escape_nothing_stay(tmp_path, rows):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
        [HEADER.strip().split(","), *rows]
    )
    assert sound(read(tmp_path, text.getvalue())) == rows


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", "\n\nsep=;\n"])
def test_a_first_line_that_names_the_delimiter(tmp_path, first):
    account = Account()
    found = read(tmp_path, first + "title;text;a,b\nA;x, y, z;1\n", account)
    assert sound(found) == [["A", "x, y, z", "1"]]
    assert found[0].line == first.count("\n") + 2
    assert account.delimiter == ";"


@pytest.mark.parametrize(
    "content",
    [
        "title,text,label\nA,b,1,\nC,d,0,,,\n",
        "title,text,label,\nA,b,1,\nC,d,0\n",
        "title,text,label,,\nA,b,1\nC,d,0,,,\n",
        "title,text,label,,\nA,b,1,,\nC,d,0,,\n",
    ],
)
def test_delimiters_at_the_end_of_rows(tmp_path, content):
    """As Excel leaves them when a column was emptied."""
    assert [values[:3] for values in sound(read(tmp_path, content))] == [
        ["A", "b", "1"],
        ["C", "d", "0"],
    ]


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        ("title,text,label\n0,A,b,1\n1,C,d,0\n", "has 3 fields, but the rows under it have 4"),
        ("title,text,label,url\nA,b,1\nC,d,0\n", "has 4 fields, but the rows under it have 3"),
        ("title,text\nA,b,c,d\nC,d\te,f\n", "has 2 fields, but the rows under it have 4 or 3"),
    ],
)
def test_a_header_of_another_width_is_refused_with_both(tmp_path, content, counts):
    """All rows were once rejected one by one."""
    with pytest.raises(DataError, match=counts) as error:
        read(tmp_path, content)
    assert "--no-header" in str(error.value)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("title;text;a,b\nA,x;b,y;1\nC;d, e, f;2\n", ";"),
        ("title,text,a;b\nA,b;c;d,1\nC,d,0\n", ","),
        ('"a;b",text,label\n"x;y",b,1\n', ","),
        ("title\ttext, all of it\tlabel\nA\tb, c\t1\n", "\t"),
        ("text\none, two; three\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_rows_agree_on(tmp_path, content, delimiter):
    account = Account()
    path = write(tmp_path / "a.csv", content)
    tables.first_row(path, tables.columns(path))
    with tables.opened(path, "csv", account):
        assert account.delimiter == delimiter


@pytest.mark.parametrize(
    ("named", "mark"), [("~", "~"), ("semicolon", ";"), ("TAB", "\t"), ("\\t", "\t"), (" ", " ")]
)
def test_a_delimiter_that_the_user_names(tmp_path, named, mark):
    content = f"title{mark}text{mark}label\nA{mark}b{mark}1\n"
    assert sound(read(tmp_path, content, layout=layout_of(None, named, True))) == [["A", "b", "1"]]


@pytest.mark.parametrize("named", ["", ";;", '"', "\n", "\\"])
def test_what_divides_nothing(named):
    with pytest.raises(UsageError, match="A delimiter is one character"):
        layout_of(None, named, True)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_of_a_file_without_a_header_go_by_number(tmp_path, mark):
    content = f'A{mark}"b{mark} c"{mark}1\nD{mark}e{mark}0\n'
    layout = Layout(header=False)
    found = read(tmp_path, content, layout=layout)
    assert sound(found) == [["A", f"b{mark} c", "1"], ["D", "e", "0"]]
    assert found[0].line == 1
    items = read_texts(tmp_path / "a.csv", layout=layout, title_column="1", text_column="2")
    assert [item.text for item in items] == [f"A b{mark} c", "D e"]
    with pytest.raises(DataError, match=r"Column 'text' is not in a.csv. It has: 1, 2, 3. Name"):
        list(read_texts(tmp_path / "a.csv", layout=layout))


def test_no_header_is_refused_where_columns_have_names_otherwise(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n')
    with pytest.raises(UsageError, match=r"--no-header is for csv, tsv, xlsx; a\.jsonl"):
        tables.columns(path, Layout(header=False))
