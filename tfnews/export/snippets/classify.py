"""Answers texts from a folder that tfnews exported for phones; it needs no tfnews.

    pip install numpy ai-edge-litert tokenizers
    python classify.py "Senate passes budget. After a long night of debate ..."

This is the reference for other languages: tokens as the run makes them, cut to what the file takes,
and the outcome of texts that should get no number. tokenizers is needed where tokenizer.json lies
in the folder.
"""

import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np

NO_TOKEN = -1
IN_NO_VOCABULARY = "\U0010ffff"
SPACES = re.compile("[\t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
CHINESE = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f]"
)


class Classifier:
    """A folder with model.tflite, spec.json, guards.json, and tokenizer.json or vocabulary.txt.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: str | Path):
        from ai_edge_litert.interpreter import Interpreter

        folder = Path(folder)
        self.spec = json.loads((folder / "spec.json").read_text("utf-8"))
        self.guards = json.loads((folder / "guards.json").read_text("utf-8"))
        self.run = Interpreter(str(folder / self.spec["model"])).get_signature_runner()
        if self.spec["tokenizer_file"] == "tokenizer.json":
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self.tokens = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        else:
            lines = (folder / self.spec["tokenizer_file"]).read_bytes().decode("utf-8", "replace")
            vocabulary = {unescape(line): n for n, line in enumerate(lines.split("\n")[:-1])}
            self.tokens = lambda text: word_ids(text, self.spec, vocabulary, self.bucket)
        self.bucket = lambda word: 0  # of an unknown word; files for phones have one

    def answer(self, text: str) -> dict:
        """Return fake_probability and label, and the reason against them or why there are none."""
        why = reason(text, self.guards)
        if why:
            return {"fake_probability": None, "label": None, "reason": why}
        score = self.probability(text)
        why, band = caution(text, self.guards), self.spec.get("band")
        if band and np.float32(band[0]) <= np.float32(score) <= np.float32(band[1]):
            doubt = f"unsure: no class is called at scores from {band[0]:.3f} to {band[1]:.3f}"
            why = "; ".join(filter(None, (doubt, why)))
            return {"fake_probability": score, "label": None, "reason": why}
        flagged = np.float32(score) >= np.float32(self.spec["threshold"])
        label = self.spec["labels"][int(flagged)]
        return {"fake_probability": score, "label": label, "reason": why}

    def probability(self, text: str) -> float:
        """Return how much a text resembles those labelled fake, 0 to 1, whatever the guards say."""
        return self.probability_of_ids(packed(self.tokens(text), self.spec))

    def probability_of_ids(self, ids: np.ndarray) -> float:
        """Return the same for the ids of one text, int32 in the shape that the file takes."""
        given = {"ids": ids, "mask": np.ones_like(ids), "segment_ids": np.zeros_like(ids)}
        given = {name: given[name] for name in self.spec["inputs"]}
        return float(self.run(**given)["probabilities"][0, 1])


def packed(ids: list[int], spec: dict) -> np.ndarray:
    """Cut ids, set the special ones, fill up: int32 (1, length) or (1, windows, length)."""
    length = spec["shape"][-1]
    if spec["tokenizer"]["type"] == "words":
        return filled([ids[:length]], length, NO_TOKEN)
    special, long, room = spec["tokenizer"]["special_ids"], spec["long"], length - 2
    if long["rule"] == "windows":
        last = max(len(ids) - room, 0)
        starts = range(0, last + long["stride"], long["stride"])[: long["most"]]
        parts = [ids[start : start + room] for start in starts]
    elif long["rule"] == "head-tail" and len(ids) > room:
        parts = [ids[: long["head"]] + ids[len(ids) - room + long["head"] :]]
    else:
        parts = [ids[:room]]
    parts = [[special["start_token"], *part, special["end_token"]] for part in parts]
    if long["rule"] == "windows" and spec["shape"][1]:  # a file that takes so many
        parts += [[]] * (spec["shape"][1] - len(parts))
    rows = filled(parts, length, special["pad_token"])
    return rows[np.newaxis] if long["rule"] == "windows" else rows


def filled(rows: list[list[int]], length: int, value: int) -> np.ndarray:
    """Fill rows up to one length: int32 (rows, length)."""
    return np.array([[*row, *[value] * (length - len(row))] for row in rows], np.int32)


def word_ids(
    text: str, spec: dict, vocabulary: dict[str, int], bucket: Callable[[str], int]
) -> list[int]:
    """Return the ids of a text's words, and n-grams of them, by the rule of spec.json."""
    rule = spec["tokenizer"]
    found = pieces(text, rule, vocabulary) if rule["normalise"] == "pieces" else split(text, rule)
    words = [word for word in found if len(word) >= rule["min_letters"]]
    words = words[: spec["length"]]
    tokens = list(words)
    for n in range(2, rule["ngrams"] + 1):
        tokens += [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
    known = [vocabulary.get(token) for token in tokens]
    if not rule["oov_buckets"]:
        return [id for id in known if id is not None]
    pairs = zip(known, tokens, strict=True)
    return [rule["vocabulary"] + bucket(token) if id is None else id for id, token in pairs]


def split(text: str, rule: dict) -> list[str]:
    """Normalise a text and split it at each space."""
    if rule["normalise"] != "none":
        text = text.replace("\0", " ").lower()
    if rule["normalise"] == "words":
        text = re.sub(r"\W+", " ", text).strip(" ")
    if rule["normalise"] == "characters":
        text = " ".join(characters(text))
    return text.split(" ")


def pieces(text: str, rule: dict, vocabulary: dict[str, int]) -> list[str]:
    """Join characters to the longest pieces of the vocabulary, from left to right."""
    found = []
    text = text.replace("\0", " ").lower()
    apart = "".join(c if kind_of(c) else " " for c in text)
    for stretch in re.sub("([a-z0-9_]+)", r" \1 ", apart).split():
        units, place = characters(stretch), 0
        while place < len(units):
            ends = range(min(place + rule["most_units"], len(units)), place + 1, -1)
            end = next((e for e in ends if "".join(units[place:e]) in vocabulary), place + 1)
            found.append("".join(units[place:end]))
            place = end
    return found


def characters(text: str) -> list[str]:
    """Split a text into letters with their marks, digits, and words in ASCII."""
    units, before = [], None
    for c in text:
        kind = kind_of(c)
        if kind == "ascii" == before or (kind == "mark" and before in ("letter", "mark")):
            units[-1] += c
        elif kind:
            units.append(c)
        before = kind
    return units


def kind_of(c: str) -> str | None:
    """Return what a lower-cased character is to the rule "characters"."""
    if re.match("[a-z0-9_]", c):
        return "ascii"
    if re.match(r"\w", c):
        return "letter"
    return "mark" if unicodedata.category(c)[0] == "M" else None


def unescape(line: str) -> str:
    r"""Return the word of a line, in which \\, \n and \r are escaped."""
    parts = (part.replace("\\n", "\n").replace("\\r", "\r") for part in line.split("\\\\"))
    return "\\".join(parts)


# Only for MediaPipe, whose tokenizers do less: give it normalise(text, spec["tokenizer"]).


def normalise(text: str, rule: dict) -> str:
    """Return a text that MediaPipe's tokenizer splits as the run's splits the original."""
    if rule["type"] == "wordpiece":
        return normalise_pieces(text, rule)
    words = [word.replace("\0", IN_NO_VOCABULARY) for word in split(text, rule)]
    return " ".join(word or IN_NO_VOCABULARY for word in words)


def normalise_pieces(text: str, rule: dict) -> str:
    """Clean, lower-case and strip a text, and set punctuation and Chinese characters apart."""
    text = SPACES.sub(" ", "".join(c for c in text if not left_out(c)))
    if rule["lowercase"]:
        text = "".join(c.lower() for c in text)  # one by one: a sigma stays σ at a word's end
    if rule["strip_accents"]:
        letters = unicodedata.normalize("NFD", text)
        text = "".join(c for c in letters if unicodedata.category(c) != "Mn")
    text = "".join(f" {c} " if alone(c) else c for c in text)
    return re.sub("[^ ]{101,}", IN_NO_VOCABULARY, text)


def left_out(c: str) -> bool:
    """Whether a character is no text: control, format, private, or the replacement character."""
    if c in "\t\n\r":
        return False
    return unicodedata.category(c) in ("Cc", "Cf", "Co") or c == "\ufffd"


def alone(c: str) -> bool:
    """Whether a character is a word of its own: punctuation, ASCII symbols, Chinese."""
    return unicodedata.category(c)[0] == "P" or c in "$+<=>^`|~" or bool(CHINESE.match(c))


# Guards: texts that should get no number.


def reason(text: str, guards: dict) -> str | None:
    """Return why a text should not be scored, or None; the rule is in guards.json in words."""
    if not guards["unit"]:
        return None
    opening, units = read(text, guards)
    if not units:
        return f"empty text: no {guards['unit']}"
    unlike = other_language if "foreign" in guards else uncommon
    return unseen(opening, guards) or short(len(units), guards) or unlike(units, guards)


def caution(text: str, guards: dict) -> str | None:
    """Return what speaks against the score of a text that is not refused, or None."""
    if not guards["unit"] or "foreign" not in guards:
        return None
    _, units = read(text, guards)
    lacks = lacking(units, guards) if units else None
    return f"unusual vocabulary: {lacks}" if lacks else None


def read(text: str, guards: dict) -> tuple[str, list[str]]:
    """Return the folded opening of a text, and its words or characters."""
    opening = text.strip()[: guards["characters_read"]].casefold()
    pattern = r"\w+" if guards["unit"] == "words" else r"[a-z0-9_]+|\w"
    return opening, re.findall(pattern, opening)


def unseen(opening: str, guards: dict) -> str | None:
    """Refuse a script that the training texts are not written in."""
    letters = [c for c in opening if c.isalpha()]
    share = sum(c not in guards["letters"] for c in letters) / max(len(letters), 1)
    if share <= guards["most_unseen_letters"]:
        return None
    return (
        f"looks unlike the training texts' script: {share:.0%} of its letters do not occur in them"
    )


def short(length: int, guards: dict) -> str | None:
    """Refuse a text with less than half of the units that 99 % of the training texts have."""
    usual = guards["usual_length"]
    if 2 * length >= usual:
        return None
    unit = guards["unit"].removesuffix("s") if length == 1 else guards["unit"]
    return f"too short: {length} {unit}, 99% of training texts have {usual} or more"


def other_language(units: list[str], guards: dict) -> str | None:
    """Refuse a text with many function words of a language that the training texts are not in."""
    found = {name: set(words.split()) for name, words in guards["foreign"].items()}
    found = {name: sum(unit in words for unit in units) for name, words in found.items()}
    language = max(found, key=found.get, default=None)
    hits = found.get(language, 0)
    share = hits / len(units)
    if hits < guards["least_foreign"] or share < guards["least_foreign_share"]:
        return None
    return (
        f"looks unlike the training texts' language: {share:.0%} of its words are "
        f"function words of {language}"
    )


def uncommon(units: list[str], guards: dict) -> str | None:
    """Refuse a text with an unusual vocabulary, as guards without a list of languages do."""
    lacks = lacking(units, guards)
    return f"looks unlike the training texts' language: {lacks}" if lacks else None


def lacking(units: list[str], guards: dict) -> str | None:
    """Say that a text has few of the training texts' frequent units, chance allowed for."""
    common, usual = set(guards["common"].split()), guards["common_share"]
    share = sum(unit in common for unit in units) / len(units)
    chance = guards["standard_errors"] * (usual * (1 - usual) / len(units)) ** 0.5
    limit = guards["least_ratio"] * usual - chance
    if share >= limit:
        return None
    return (
        f"{math.floor(1000 * share) / 10}% common {guards['unit']}, "
        f"texts of this length mostly have {math.ceil(1000 * limit) / 10}% or more"
    )


if __name__ == "__main__":
    classifier = Classifier(Path(__file__).parent)
    for text in sys.argv[1:]:
        print(json.dumps(classifier.answer(text), ensure_ascii=False))
