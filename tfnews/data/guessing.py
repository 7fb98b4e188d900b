"""Which encoding of one byte or two a letter bytes are in that are not UTF-8.

Letters of the Latin script are judged by the alphabets of languages: Windows-1252 is kept unless
what it gives belongs to none and another encoding fits one. Other scripts stand in long runs of
bytes beyond ASCII, and are left to charset-normalizer.
"""

import codecs
import re

# The five bytes that Windows-1252 leaves undefined are C1 controls to browsers.
_WINDOWS_1252 = "".join(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256)
)
_LATIN = ("cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman", "cp850", "cp852")
_OTHERS = (
    *("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866", "mac_cyrillic"),
    *("cp1253", "iso8859_7", "cp1255", "cp1256", "cp1258", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
# Small letters beyond ASCII, with those of names and loan words.
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "àçèéíïòóúü",  # Catalan
            "áčćđšžéö",  # Croatian
            "áčďéěíňóřšťúůýžöü",  # Czech
            "åæøéäöü",  # Danish, Norwegian
            "áéèêëíïóöúü",  # Dutch
            "äõöüšžé",  # Estonian
            "åäöéüáà",  # Finnish, Swedish
            "àâæçèéêëîïôœùûüÿñó",  # French
            "äöüßéèáà",  # German
            "áéíóöőúüűä",  # Hungarian
            "áðéíóúýþæö",  # Icelandic
            "àèéìíîòóùúü",  # Italian
            "āčēģīķļņšūžõ",  # Latvian
            "ąčęėįšųūž",  # Lithuanian
            "ąćęłńóśźżéöü",  # Polish
            "àáâãçéêíñóôõúü",  # Portuguese
            "ăâîșțşţéö",  # Romanian
            "áäčďéíĺľňóôŕšťúýžěřöü",  # Slovak
            "áéíñóúüç",  # Spanish
            "çğıöşüâîû\u0307é",  # Turkish; U+0307 comes of a small dotted capital I
        ),
    )
)
_LEAST_BYTES = 16  # beyond ASCII; fewer tell nothing
_MOST_IN_RUNS = 0.4
_FITS_WINDOWS_1252 = 0.9  # of the letters beyond ASCII
_FITS_BETTER = 0.05
_UNDEFINED = tuple(bytes([byte]) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
_MOST_UNDEFINED = 0.03
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")
_IN_ANY_TEXT = frozenset("’‘“”„«»‹›–—…´·ªº•°§®™©\xa0\xad¿¡€£$¥ˮ′″→−×")


def as_windows_1252(data: bytes) -> str:
    """Decode as browsers do what calls itself Latin-1."""
    return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0]


def single_encoding(sample: bytes) -> str | None:
    """Return the codec that fits bytes that are not UTF-8, or None for Windows-1252.

    Args:
        sample: Lines with bytes beyond ASCII, none of them UTF-8.
    """
    high = len(_HIGH.findall(sample))
    if high < _LEAST_BYTES:
        return None
    in_runs = sum(len(run) for run in _HIGH_RUN.findall(sample))
    if in_runs > _MOST_IN_RUNS * high:
        return _of_another_script(sample)
    usual = _share_of_letters(as_windows_1252(sample))
    if usual >= _FITS_WINDOWS_1252:
        return None
    shares = {name: _share_of_letters(sample.decode(name, "replace")) for name in _LATIN}
    best = max(shares, key=shares.get)  # the first of equals
    if shares[best] >= max(_FITS_WINDOWS_1252, usual + _FITS_BETTER):
        return best
    undefined = sum(map(sample.count, _UNDEFINED))
    return _of_another_script(sample) if undefined > _MOST_UNDEFINED * high else None


def _of_another_script(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes  # a tenth of a second that most files spare

    best = from_bytes(sample, cp_isolation=_OTHERS, enable_fallback=False).best()
    return best.encoding if best else None


def _share_of_letters(text: str) -> float:
    """Return the share of characters beyond ASCII in words that one language's alphabet has."""
    found = [
        (before, char, after)
        for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False)
        if char > "\x7f" and not _is_between_words(before, char, after)
    ]
    if not found:
        return 1.0
    letters = [
        char.lower() for before, char, _ in found if not (char.isupper() and before.islower())
    ]
    return max(sum(map(alphabet.__contains__, letters)) for alphabet in _ALPHABETS) / len(found)


def _is_between_words(before: str, char: str, after: str) -> bool:
    """Tell whether a character is a sign that any text has, or stands before no letter."""
    return char in _IN_ANY_TEXT or not (char.isalpha() or after.isalpha())
