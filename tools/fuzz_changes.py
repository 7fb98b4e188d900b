"""Changes to inputs that know their form: cells of tables, members of archives, keys of JSON.

Bytes that are changed blindly are refused at the first check, so that what lies behind it is not
reached. Each function here takes an input, a source of chance and a change of bytes that knows no
form, and returns another input, which is of the same form as a rule.
"""

import functools
import gzip
import io
import json
import math
import random
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator

Blind = Callable[[bytes], bytes]
Change = Callable[[bytes, random.Random, Blind], bytes]

_BLIND = 0.2  # share of the inputs that are changed without knowing their form
_PLACED = [
    b"", b" ", b'"', b'""', b"'", b",", b"\t", b";", b"|", b"\n", b"\r\n", b"\r", b"\0", b"\\",
    b"\x1a",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\xc2\x85",
    b"\xe2\x80\xa8", b"\xe2\x80\x8b", b"\xcc\x81", b"\xc3\xa9", b"\xe6\xb8\xaf", b"\xd8\xa7",
    b"\xf0\x9f\x8c\x99", b"nan", b"None", b"null", b"true", b"0", b"1", b"-1", b"1e999", b"0.5",
    b"=1",
    b"{", b"}", b"[", b"]", b"[[", b":", b"\\u0000", b"\\ud800", b"\\n", b"a" * 300, b"title,",
    b"<f>", b"</c>", b"<c>", b"&#0;", b"&lt;", b"_x000D_", b"<v>1</v>", b't="s"', b't="b"',
    b't="e"',
    b't="inlineStr"', b't="d"', b'r="Z9"', b'r="A1048577"', b'r="0"', b"#", b"=", b"inf", b"1_000",
    b"2024-01-01", b'"""', b"0x10",
]  # fmt: skip
_IN_MARKUP = re.compile(rb'(?<=[>"])([^<>"]*)(?=[<"])')
_NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    7,
    8,
    255,
    2**15,
    2**31 - 1,
    2**31,
    2**32,
    2**53,
    2**63 - 1,
    2**64,
    10**400,
]
_VALUES = [
    None, True, False, *_NUMBERS, -(2**63), 0.5, -0.0, 1e-9, 1e308, math.nan, math.inf, -math.inf,
    "",
    " ", "a", "1", "0", "nan", "\0", "\ud800", "caf\xe9", "\u6e2f", "x" * 2000,
    "../../x", "/etc/x", "a\nb",
    [], {}, [[]], [{}], [None], {"": None}, ["a", 1], {"b64": "YQ=="}, {"b64": "?"}, {"b64": 1},
]  # fmt: skip


def blind(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change bytes without knowing their form."""
    return change(data)


def _or_blind(know: Callable[[bytes, random.Random, Blind], bytes]) -> Change:
    """Leave a share to chance, and what has not the form any more."""

    @functools.wraps(know)
    def changed(data: bytes, rng: random.Random, change: Blind) -> bytes:
        if rng.random() < _BLIND:
            return change(data)
        try:
            return know(data, rng, change)
        except Exception:  # it has lost its form, in any of the ways that libraries tell of
            return change(data)

    return changed


@_or_blind
def lines(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change one to three lines of a text; its first seldom."""
    found = data.split(b"\n")
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(len(found)) if rng.random() < 0.1 else rng.randrange(1, len(found))
        found[place : place + 1] = _line(found[place], rng, change)
    return b"\n".join(found)


def _line(line: bytes, rng: random.Random, change: Blind) -> list[bytes]:
    kind = rng.randrange(8)
    if kind == 0:
        return [line, line]
    if kind == 1:
        return []
    if kind == 2:
        return [change(line)]
    if kind == 3:
        mark = rng.choice([b",", b"\t", b" ", b'"', b":"])
        cells = line.split(mark)
        cells[rng.randrange(len(cells))] = rng.choice(_PLACED)
        return [mark.join(cells)]
    return [placed(line, rng)]


def placed(data: bytes, rng: random.Random) -> bytes:
    """Put something that means much somewhere, perhaps in place of a few bytes."""
    start = rng.randint(0, len(data))
    return data[:start] + rng.choice(_PLACED) + data[start + rng.choice((0, 0, 1, 4)) :]


def anywhere(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Put something that means much anywhere, or change bytes blindly."""
    return placed(data, rng) if rng.random() < 0.7 else change(data)


def markup(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change a text, a name or a value of XML; seldom anything else of it."""
    if rng.random() < 0.15:
        return anywhere(data, rng, change)
    found = list(_IN_MARKUP.finditer(data))
    for one in sorted(rng.sample(found, rng.choice((1, 1, 2, 5))), key=lambda one: -one.start()):
        put = rng.choice([*_PLACED, one[1] + rng.choice(_PLACED), rng.choice(found)[1]])
        put = put.replace(b"<", b"&lt;").replace(b'"', b"&quot;") if rng.random() < 0.9 else put
        data = data[: one.start(1)] + put + data[one.end(1) :]
    return data


@_or_blind
def json_values(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change one to three values or keys of a JSON document."""
    content = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = _value(content, rng)
    return json.dumps(content, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


@_or_blind
def json_lines(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change a value in one line of JSON, or the line."""
    found = data.split(b"\n")
    place = rng.randrange(len(found))
    found[place] = json_values(found[place], rng, lambda line: placed(line, rng))
    return b"\n".join(found)


def _value(content: object, rng: random.Random) -> object:
    """Return a value with one of the values in it changed, taken away or doubled."""
    if not isinstance(content, dict | list) or not content or rng.random() < 0.05:
        return _other(content, rng)
    key = rng.choice(list(content)) if isinstance(content, dict) else rng.randrange(len(content))
    kind = rng.randrange(12)
    if kind == 0:
        del content[key]
    elif kind == 1 and isinstance(content, dict):
        content[rng.choice([*content, "", "text", "x" * 99])] = content[key]
    elif kind == 1:
        content.insert(rng.randint(0, len(content)), content[key])
    else:
        content[key] = _value(content[key], rng)
    return content


def _other(value: object, rng: random.Random) -> object:
    kind = rng.randrange(4)
    if kind == 0 and isinstance(value, str):
        return placed(value.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
    if kind == 0 and isinstance(value, int | float):
        return value + rng.choice((-1, 1, 0.5)) if value < 2**60 else -value
    if kind == 1:
        return functools.reduce(
            lambda inner, _: [inner], range(rng.choice((1, 40, 300, 900))), value
        )
    return rng.choice(_VALUES)


def gzipped(inner: Change) -> Change:
    """Change what gzip holds, sometimes packed in two parts or cut off."""

    @_or_blind
    def changed(data: bytes, rng: random.Random, change: Blind) -> bytes:
        content = inner(gzip.decompress(data), rng, change)
        if rng.random() < 0.1:
            place = rng.randint(0, len(content))
            return _packed(content[:place]) + _packed(content[place:])
        return _packed(content)[: -4 if rng.random() < 0.03 else None]

    return changed


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def zipped(named: str, inner: Change) -> Change:
    """Change a member of a zip archive whose name holds `named`, or others and their names."""

    @_or_blind
    def changed(data: bytes, rng: random.Random, change: Blind) -> bytes:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(name, archive.read(name)) for name in archive.namelist()]
        wanted = [place for place, (name, _) in enumerate(parts) if named in name]
        place = rng.choice(wanted if wanted and rng.random() < 0.85 else range(len(parts)))
        name, content = parts[place]
        kind = rng.randrange(40)
        if kind == 0:
            del parts[place]
        elif kind == 1:
            parts[place] = (rng.choice([name + "x", "../" + name, "", parts[0][0]]), content)
        else:
            parts[place] = (name, inner(content, rng, change))
        return _zip(parts, zipfile.ZIP_DEFLATED if rng.random() < 0.05 else zipfile.ZIP_STORED)

    return changed


def _zip(parts: list[tuple[str, bytes]], compression: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


@_or_blind
def tarred(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change members of a tar archive: names, kinds, sizes, contents; checksums are right."""
    packed = data[:2] == b"\x1f\x8b"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data) if packed else data)) as tar:
        members = [(one, tar.extractfile(one).read() if one.isfile() else b"") for one in tar]
    place = rng.randrange(len(members))
    kind = rng.randrange(6)
    if kind == 0:
        members.append(members[place])
    elif kind == 1 and len(members) > 1:
        del members[place]
    else:
        members[place] = _member(*members[place], rng, change)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=rng.choice((0, 1, 2))) as tar:
        for one, content in members:
            tar.addfile(one, io.BytesIO(content + bytes(max(0, min(one.size, 600) - len(content)))))
    return _packed(file.getvalue()) if packed else file.getvalue()


def _member(
    one: tarfile.TarInfo, content: bytes, rng: random.Random, change: Blind
) -> tuple[tarfile.TarInfo, bytes]:
    kind = rng.randrange(4)
    if kind == 0:
        one.name = placed(one.name.encode(), rng).decode("utf-8", "replace")
        if rng.random() < 0.4:
            one.name = rng.choice(
                ["../x", "/x", "a/../../x", "C:x", "x/", ".", "", "a" * 300, "assets"]
            )
    elif kind == 1:
        one.type = bytes([rng.choice(b"0123456789gxSLKVA")])
        one.linkname = rng.choice(["", "../x", "/etc/passwd", "saved_model.pb"])
    elif kind == 2:
        one.mode, one.size = rng.choice([(0, 0), (0o7777, 9), (0o644, 2**33), (0o644, 600)])
    else:
        content = change(content)
        one.size = len(content)
    return one, content


@_or_blind
def safetensors(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change the header of a safetensors file, whose length is told right as a rule."""
    (size,) = struct.unpack("<Q", data[:8])
    header, numbers = json_values(data[8 : 8 + size], rng, change), data[8 + size :]
    told = len(header) if rng.random() < 0.95 else rng.choice(_NUMBERS[:-2])
    return struct.pack("<Q", told) + header + numbers


@_or_blind
def parquet(data: bytes, rng: random.Random, change: Blind) -> bytes:
    """Change values and types of a Parquet table, and how it is written."""
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(data))
    table.validate(full=True)  # else writing it may write over this process's memory
    name = rng.choice(table.column_names)
    place = table.column_names.index(name)
    values = table.column(name).to_pylist()
    for _ in range(rng.choice((1, 1, 3))):
        values[rng.randrange(len(values))] = rng.choice(_VALUES + values)
    if rng.random() < 0.1:
        values = _of_a_kind(values, rng)
    texts = [
        None if one is None else str(one).encode("utf-8", "replace").decode() for one in values
    ]
    kinds = [
        texts,
        texts,
        texts,
        values,
        pa.array(texts).dictionary_encode(),
        pa.array(texts, "large_binary"),
    ]
    try:
        column = pa.array(kind) if isinstance(kind := rng.choice(kinds), list) else kind
    except (pa.ArrowException, OverflowError, UnicodeError):
        column = pa.array(texts)
    title = name if rng.random() < 0.95 else rng.choice(["", "text", "title", "id", "label"])
    file = io.BytesIO()
    parquet.write_table(
        table.set_column(place, title, column),
        file,
        compression=rng.choice(["snappy", "none", "gzip", "zstd"]),
        use_dictionary=rng.random() < 0.5,
        row_group_size=rng.choice((2, 5, 100)),
        data_page_version=rng.choice(("1.0", "2.0")),
        version=rng.choice(("1.0", "2.6")),
    )
    return _spoilt(file.getvalue(), rng) if rng.random() < 0.1 else file.getvalue()


def _of_a_kind(values: list, rng: random.Random) -> list:
    import datetime
    import decimal

    one = rng.choice(
        [True, 1.5, datetime.datetime(2024, 1, 1), datetime.timedelta(3), decimal.Decimal("1.10"),
         [1, None], {"a": 1}, b"\xff\0", None]
    )  # fmt: skip
    return [one] * len(values)


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 4))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def message(kind: Callable[[], type]) -> Change:
    """Change one to three fields of a protocol buffer of a kind, wherever they are in it."""

    @_or_blind
    def changed(data: bytes, rng: random.Random, change: Blind) -> bytes:
        content = kind().FromString(data)
        for _ in range(rng.choice((1, 1, 2, 3))):
            _field(_within(content, rng), rng)
        return content.SerializeToString()

    return changed


def _within(content: object, rng: random.Random) -> object:
    """Return a message or one somewhere in it."""
    while rng.random() < 0.85 and (inner := list(_inner(content))):
        content = rng.choice(inner)
    return content


def _inner(content: object) -> Iterator[object]:
    """Yield the messages that are fields of a message."""
    for field, value in content.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type:
                yield from value.values()
        else:
            yield from value if field.is_repeated else [value]


def _field(content: object, rng: random.Random) -> None:
    """Change a field of a message, one that is set as a rule."""
    set_ones = [field for field, _ in content.ListFields()]
    fields = set_ones if set_ones and rng.random() < 0.8 else content.DESCRIPTOR.fields
    if not fields:
        return
    field = rng.choice(fields)
    value = getattr(content, field.name)
    if field.is_repeated:
        _repeated(field, value, rng)
    elif field.message_type:
        (content.ClearField(field.name) if rng.random() < 0.3 else value.SetInParent())
    else:
        setattr(content, field.name, _scalar(field, value, rng))


def _repeated(field: object, value: object, rng: random.Random) -> None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        if value:
            del value[rng.choice(list(value))]
    elif not value and field.message_type:
        value.add()
    elif not value:
        value.append(_scalar(field, None, rng))
    else:
        place = rng.randrange(len(value))
        kind = rng.randrange(3)
        if kind == 0:
            del value[place]
        elif kind == 1 and not field.message_type:
            value[place] = _scalar(field, value[place], rng)
        else:
            value.append(value[place])


def _scalar(field: object, value: object, rng: random.Random) -> object:
    if field.cpp_type == field.CPPTYPE_STRING:
        now = value.encode() if isinstance(value, str) else value or b""
        changed = rng.choice(
            [b"", placed(now, rng), placed(now, rng), rng.randbytes(9), b"WriteFile"]
        )
        return changed if field.type == field.TYPE_BYTES else changed.decode("utf-8", "replace")
    if field.cpp_type in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return rng.choice([0.0, -1.0, 1e30, -1e30, math.nan, math.inf, rng.uniform(-20, 0)])
    if field.cpp_type == field.CPPTYPE_BOOL:
        return not value
    if field.cpp_type == field.CPPTYPE_ENUM:
        return rng.choice(field.enum_type.values).number
    return rng.choice([0, 1, 2, 3, 100, 2**31 - 1, (value or 0) + 1])
