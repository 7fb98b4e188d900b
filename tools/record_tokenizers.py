"""Record the ids that Hugging Face's tokenizers give, for tests/models/fixtures.

Needs transformers, sentencepiece, pandas and protobuf, not TensorFlow. Texts are kept as file name,
row number and a digest of their ids; only the lines below are kept in full.

    python tools/record_tokenizers.py --data DATA --vocabulary vocab.txt
"""

import argparse
import gzip
import hashlib
import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import sentencepiece
import transformers
from transformers.convert_slow_tokenizer import check_number_comma

from tfnews.models.text.piece_model import ModelProto

FIXTURES = Path(__file__).parents[1] / "tests" / "models" / "fixtures"
# English, Portuguese, Spanish: every n-th row is recorded.
SETS = {
    "isot_sample/isot_sample.csv.gz": 2,
    "fakebr/fakebr_size_normalized.csv.gz": 8,
    "spanish_fakenews/spanish_train.csv.gz": 2,
    "spanish_fakenews/spanish_dev.csv.gz": 1,
}
# Pieces as the published ALBERT vocabulary has them, whose scores its tokenizer changes.
NUMBER_COMMAS = ["0,", "5,", "6,", "▁1,", "▁2016,"]
LINES = [
    "",
    " ",
    "A plain line of news.",
    "Élan, naïve café, Ångström; São Paulo: coração. ¿Qué pasó, señor Núñez?",
    "E\u0301lan in two characters, and a\u0300\u0323 with two marks",
    "No\u00a0break\u00a0spaces, a thin\u2009space, an\u3000ideographic one and a\u2028line",
    "Wait… what?! “Quoted”, ‘so’ — and – dashes, 5′ 6″",
    "``Old'' quotes and ''doubled'' ones",
    "中文新闻 mixed with English, 日本語のニュース and 한국어 뉴스",
    "😀 smile 👩‍👩‍👧 family 🇧🇷 flag ☂️ umbrella",
    "zero\u200bwidth, soft\u00adhyphen, \ufeffmark, right\u200e-to-left\u200f",
    "bell\x07 escape\x1b delete\x7f tab\there new\nline return\r\nend next\x85line",
    "a null\x00character, vertical\x0btab, form\x0cfeed, replacement \ufffd",
    "ΟΔΥΣΣΕΥΣ ΚΑΙ ΣΟΦΟΣ, Σ",
    "İstanbul IĞDIR ıslak, STRASSE Straße ẞ, ﬁnance ﬂow, ª º ² ½ № ™",
    "Москва́ ёлка ЙОД, Київ ї, עִבְרִית, العَرَبِيَّة، هنا؟ हिन्दी।",
    "Tiếng Việt: Nguyễn Đình Thi, Łódź, Ørsted, Þór, Æon",
    "U.S. $1,000,000 in 2,016, 3.14%, #tag @name a_b a-b c++ C# ^_^ <b>bold</b> [x] {y} ~ | `z`",
    "https://example.org/a/b?c=d&e=f#g www.example.org/index.html",
    "covid19 5G 1st 2nd 10th 1990s 50,000, and 50,000.",
    "don't can't it's o'clock rock'n'roll l'été d'Ivoire",
    "x" * 100,
    "x" * 101,
    "é" * 100 + " " + "é" * 101,
    "ж" * 60 + " " + "の" * 99 + " " + "の" * 101,
    "http" + "0" * 120 + " after a long word",
    "a" * 60 + "." + "b" * 60,
    "unbelievableness antidisestablishmentarianism zzzzzz qqqqq ppp pppp hahahaha",
    "..........!!!!!!!?????-----",
    "▁underline▁ ## ##ing",
    "FAKE NEWS: SHOCKING!!! You Won't BELIEVE This…",
]


def texts(path: Path) -> list[str]:
    """Return title, space and text of every row of a set."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [f"{title} {text}" for title, text in zip(frame["title"], frame["text"], strict=True)]


def digest(ids: Sequence[int]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of little-endian int32 ids."""
    return hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()[:16]


def learn(sentences: Sequence[str], size: int) -> bytes:
    """Return a SentencePiece model with the settings of the published ALBERT vocabulary."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        vocab_size=size,
        character_coverage=0.9995,
        max_sentence_length=2**24,
        num_threads=1,
        minloglevel=2,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        user_defined_symbols=["(", ")", '"', "-", ".", "–", "£", "€"],
    )
    learnt = ModelProto.FromString(model.getvalue())
    for piece in NUMBER_COMMAS:
        learnt.pieces.add(piece=piece, score=-5.0)
    return learnt.SerializeToString()


def albert(proto: bytes) -> transformers.AlbertTokenizer:
    """Return the tokenizer that a published tokenizer.json of this model would give."""
    model = ModelProto.FromString(proto)
    scores = [
        (piece.piece, piece.score if check_number_comma(piece.piece) else piece.score - 100)
        for piece in model.pieces
    ]
    charsmap = model.normalizer_spec.precompiled_charsmap
    return transformers.AlbertTokenizer(vocab=scores, _spm_precompiled_charsmap=charsmap)


def bert(vocabulary: list[str]) -> transformers.BertTokenizer:
    """Return the lower-casing tokenizer of a vocabulary."""
    return transformers.BertTokenizer(vocab={piece: id for id, piece in enumerate(vocabulary)})


def record(data: Path, tokenizers: dict) -> dict:
    """Return the fixture: own lines with their ids, rows of the sets with digests."""

    def ids(name: str, batch: list[str]) -> list[list[int]]:
        return tokenizers[name](batch, add_special_tokens=False)["input_ids"]

    found = {
        "versions": {m.__name__: m.__version__ for m in (transformers, sentencepiece)},
        "lines": [
            {"text": line, **{name: ids(name, [line])[0] for name in tokenizers}} for line in LINES
        ],
        "sets": {},
    }
    for file, step in SETS.items():
        kept = texts(data / file)[::step]
        found["sets"][file] = {"rows": list(range(0, len(kept) * step, step))}
        for name in tokenizers:
            found["sets"][file][name] = [digest(row) for row in ids(name, kept)]
    return found


def shortened(vocabulary: list[str]) -> list[str]:
    """Return the first pieces, which are the commonest, and every single character."""
    return [
        piece
        for id, piece in enumerate(vocabulary)
        if not piece.startswith("[unused") and (id < 7000 or len(piece.removeprefix("##")) == 1)
    ]


def without_charsmap(proto: bytes) -> bytes:
    """Leave out the 240 kB that every SentencePiece model has in common."""
    model = ModelProto.FromString(proto)
    model.normalizer_spec.precompiled_charsmap = b""
    return model.SerializeToString()


def main() -> None:
    """Write the fixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--vocabulary", type=Path, required=True, help="bert-base-uncased's")
    given = parser.parse_args()
    vocabulary = shortened(given.vocabulary.read_text(encoding="utf-8").split("\n")[:-1])
    proto = learn([text for file in SETS for text in texts(given.data / file)[::3]], 4000)
    tokenizers = {"wordpiece": bert(vocabulary), "pieces": albert(proto)}
    FIXTURES.mkdir(exist_ok=True)
    pack(FIXTURES / "wordpiece_vocabulary.txt.gz", "\n".join(vocabulary).encode())
    pack(FIXTURES / "spiece.model.gz", without_charsmap(proto))
    found = json.dumps(record(given.data, tokenizers))
    (FIXTURES / "tokenizers.json").write_text(f"{found}\n", encoding="utf-8")


def pack(path: Path, content: bytes) -> None:
    """Write a compressed file that holds no time, so that recording again changes nothing."""
    path.write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main()
