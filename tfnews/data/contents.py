"""What a file is that is no file of news, told by its first bytes whatever its name says."""

import re

from tfnews.errors import DataError

_PACKED = "Unpack it, and name the file inside."
_EXPORT = "Export its rows as CSV, JSON lines or Parquet, and name that file."

# First bytes -> what such a file is, and what to do.
_MARKS = (
    (b"version https://git-lfs.github.com/", "a Git LFS pointer, not the file itself",
     "Fetch the file with: git lfs pull"),
    (b"%PDF-", "a PDF", _EXPORT),
    (b"PAR1\x15", "a Parquet file", "Give its name the ending .parquet."),
    (b"ARROW1\0\0", "an Arrow (Feather) file",
     "Write it as Parquet, with: pandas.read_feather(path).to_parquet(other)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls), Word or encrypted Office file",
     "Save it as .xlsx without a password, or as CSV."),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"\xfd7zXZ\0", "an xz archive", _PACKED),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _PACKED),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _PACKED),
    (b"Rar!\x1a\x07", "a RAR archive", _PACKED),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"\x89HDF", "an HDF5 file", _EXPORT),
    (b"\x93NUMPY", "a NumPy array", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"\x89PNG", "a picture", "Name a file of texts."),
    (b"\xff\xd8\xff", "a picture", "Name a file of texts."),
    (b"GIF89a", "a picture", "Name a file of texts."),
)  # fmt: skip
_ZIPS = (
    (
        rb"xl/[A-Za-z_]{4}",
        "an Excel workbook",
        "Give its name the ending .xlsx, or save it as CSV.",
    ),
    (rb"word/[a-z]{4}", "a Word document (.docx)", _EXPORT),
    (rb"ppt/[a-zA-Z]{4}", "a PowerPoint file (.pptx)", _EXPORT),
    (
        rb"opendocument\.spreadsheet",
        "an OpenDocument spreadsheet (.ods)",
        "Save it as CSV or .xlsx.",
    ),
)
_HTML = re.compile(rb"\s*(<!--.{0,999}?-->\s*)?<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_XML = re.compile(rb"\s*<\?xml\b", re.I)
_PICKLE = re.compile(rb"\x80[\x02-\x05](\x95|\}|\]|c|\x8c|q)", re.S)
_ANNEX = re.compile(rb"\S{0,200}/annex/objects/\S+\s*")
_NOTEBOOK = re.compile(rb'\s*\{\s*"(cells|metadata|nbformat)"\s*:')
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_MOST_CONTROLS = 0.05  # of the first bytes; a text has next to none
_LEAST_CONTROLS = 16
_MOST_ZEROS = 0.3  # of first bytes that could be UTF-8


def refuse(name: str, head: bytes, kind: str) -> None:
    """Stop at a file that is something else than news in a form that is read.

    Args:
        name: What messages call it.
        head: Its first bytes.
        kind: Which of `tables.FORMATS` it is read as.

    Raises:
        DataError: It is; the message says what it is and what to do.
    """
    found = _what(head, kind)
    if found:
        what, remedy = found
        raise DataError(f"{name} is {what}. {remedy}")


def is_binary(head: bytes) -> bool:
    """Tell whether first bytes hold more control characters than a text does."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls < _LEAST_CONTROLS or controls <= _MOST_CONTROLS * len(head):
        return False
    try:
        head[:-3].decode()  # the end may part a character
    except UnicodeDecodeError as error:
        return error.start < len(head) - 6
    return head.count(0) > _MOST_ZEROS * len(head)


def _what(head: bytes, kind: str) -> tuple[str, str] | None:
    for mark, what, remedy in _MARKS:
        if head.startswith(mark) and not (kind == "parquet" and mark.startswith(b"PAR1")):
            return what, remedy
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None if kind == "xlsx" else _zip(head)
    if _BZIP2.match(head):
        return "a bzip2 archive", _PACKED
    if head[257:262] == b"ustar":
        return "a tar archive", _PACKED
    if _ANNEX.fullmatch(head):
        return "a git-annex pointer, not the file itself", "Fetch the file with: git annex get"
    if _PICKLE.match(head):
        return "a Python pickle, which is never opened since it can run code", _EXPORT
    return _written(head.removeprefix(b"\xef\xbb\xbf"), kind)


def _zip(head: bytes) -> tuple[str, str]:
    for mark, what, remedy in _ZIPS:
        if re.search(mark, head):
            return what, remedy
    return "a zip archive", _PACKED


def _written(head: bytes, kind: str) -> tuple[str, str] | None:
    if kind == "lines":
        return None  # a text may be about anything
    if _HTML.match(head):
        return (
            "a web page (HTML)",
            "Perhaps the link led to a page about the file: download the raw file.",
        )
    if _XML.match(head):
        return "XML", _EXPORT
    if _NOTEBOOK.match(head) and (b'"cell_type"' in head or b'"nbformat"' in head):
        return "a Jupyter notebook", "Name the file of news that it reads."
    return None
