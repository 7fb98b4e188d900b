"""The errors tfnews raises on purpose, each with the exit code its command ends with."""

import re
import unicodedata

LONGEST = 500  # characters of a message
_END = 160  # of them what a long message ends with, which is what to do next
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # what moves a cursor, turns text or is none
# Of these, what does more than show a text: controls but tab and line feed, what turns a line
# around, and halves of a character, which no terminal can be sent.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


class TfnewsError(Exception):
    """An error the user can act on: says what was wrong, received, allowed, and what to do next.

    What a message repeats of files and names may hold anything: it has at most `LONGEST`
    characters, and none of them controls a terminal.

    Args:
        *lines: One as a rule, whatever it repeats; more where a list is easier to read.
    """

    exit_code = 1

    def __init__(self, *lines: object):
        super().__init__("\n".join(_fitting([visible(str(line)) for line in lines])))


def visible(text: str) -> str:
    """Return a text on one line, with escapes for characters that are not seen."""
    line = " ".join(text.splitlines())
    if line.isascii() and line.isprintable():
        return line
    return "".join(_escaped(one) if unicodedata.category(one) in _UNSEEN else one for one in line)


def still(text: str) -> str:
    """Return lines with escapes for what would steer a terminal; JSON stays the same JSON."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _fitting(lines: list[str]) -> list[str]:
    """Shorten the longest of some lines, as little as makes all of them fit."""
    room = LONGEST - max(0, len(lines) - 1)
    for count, size in enumerate(sorted(map(len, lines))):
        most = room // (len(lines) - count)
        if size > most:
            return [_shortened(line, most) for line in lines]
        room -= size
    return lines


def _shortened(line: str, most: int) -> str:
    end = min(_END, most // 3)
    return line if len(line) <= most else f"{line[: most - end - 3]} … {line[-end:]}"


class UsageError(TfnewsError):
    """An option or argument that cannot be carried out."""

    exit_code = 2


class DataError(TfnewsError):
    """A news file or a folder of splits that cannot be used as it is."""

    exit_code = 3


class WeightsError(TfnewsError):
    """Pretrained weights that cannot be found, read or trusted."""

    exit_code = 4


class RunError(TfnewsError):
    """A run that is missing, incomplete, or already taken."""

    exit_code = 5


class ExportError(TfnewsError):
    """An exported file that cannot be written or does not answer as the model does."""

    exit_code = 6


class FitInterruptedError(TfnewsError):
    """The user stopped a fit; its state is saved."""

    exit_code = 130
