// From a text to the numbers that a model takes, as spec.json says.

import { fingerprint } from "./fingerprint.js";
import { normaliser } from "./sentencepiece.js";

const NO_TOKEN = -1;
const STRETCHES = /[a-z0-9_]+|(?:(?![a-z0-9_])[\p{L}\p{N}\p{M}])+/gu;
const UNITS = /[a-z0-9_]+|[\p{L}\p{N}_]\p{M}*|\p{M}+/gu;

/**
 * spec.json, as `tfnews export` writes it.
 *
 * @typedef {object} Spec
 * @property {string[]} inputs Of the model: ids, or ids, mask and segment_ids.
 * @property {number[]} shape Of the ids: [1, length], or with windows [1, windows, length].
 * @property {number} length Words or pieces that are read.
 * @property {{rule: string, head?: number, stride?: number, most?: number}} long What becomes of
 *     longer texts.
 * @property {object} tokenizer Its rule.
 */

/**
 * A text's numbers, and how much of it they stand for.
 *
 * @typedef {object} Encoded
 * @property {number[]} ids Without special tokens.
 * @property {number} read Words or pieces that the model will see.
 * @property {number} total Words or pieces there are.
 */

/**
 * Makes the tokenizer of a row of words: words and n-grams to the lines of a vocabulary.
 *
 * @param {Spec} spec
 * @param {string} vocabulary The text of vocabulary.txt.
 * @returns {(text: string) => Encoded}
 */
export function wordTokenizer(spec, vocabulary) {
  const rule = spec.tokenizer;
  const lines = vocabulary.split("\n").slice(0, -1);
  const numbers = new Map(lines.map((line, number) => [unescaped(line), number]));
  return (text) => {
    const found = rule.normalise === "pieces" ? pieces(text, rule, numbers) : split(text, rule);
    const words = found.filter((word) => characters(word) >= rule.min_letters);
    const kept = words.slice(0, spec.length || words.length);
    const ids = withNgrams(kept, rule.ngrams).map((token) => numberOf(token, numbers, rule));
    return {
      ids: ids.filter((id) => id !== NO_TOKEN),
      read: kept.length,
      total: words.length,
    };
  };
}

/** Normalises a text and splits it at each space, so that two of them enclose an empty word. */
export function split(text, rule) {
  if (rule.normalise !== "none") text = text.replaceAll("\0", " ").toLowerCase();
  if (rule.normalise === "words") {
    text = text.replace(/[^\p{L}\p{N}_]+/gu, " ").replace(/^ | $/g, "");
  }
  if (rule.normalise === "characters") {
    text = (text.match(UNITS) ?? []).join(" ");
  }
  return text.split(" ");
}

/** Joins characters to the longest pieces of a vocabulary, from left to right. */
function pieces(text, rule, numbers) {
  const found = [];
  for (const stretch of text.replaceAll("\0", " ").toLowerCase().match(STRETCHES) ?? []) {
    const units = stretch.match(UNITS);
    for (let place = 0; place < units.length;) {
      let length = Math.min(rule.most_units, units.length - place);
      const piece = () => units.slice(place, place + length).join("");
      while (length > 1 && !numbers.has(piece())) length -= 1;
      found.push(piece());
      place += length;
    }
  }
  return found;
}

function characters(word) {
  let count = 0;
  for (const _ of word) count += 1;
  return count;
}

function withNgrams(words, longest) {
  const tokens = [...words];
  for (let n = 2; n <= longest; n++) {
    for (let i = 0; i + n <= words.length; i++) tokens.push(words.slice(i, i + n).join(" "));
  }
  return tokens;
}

function numberOf(token, numbers, rule) {
  const known = numbers.get(token);
  if (known !== undefined) return known;
  if (!rule.oov_buckets) return NO_TOKEN;
  if (rule.oov_buckets === 1) return rule.vocabulary;
  return rule.vocabulary + Number(fingerprint(token) % BigInt(rule.oov_buckets));
}

/** Returns the word of a vocabulary's line, in which a backslash and line breaks are escaped. */
export function unescaped(line) {
  const parts = line.split("\\\\");
  return parts.map((part) => part.replaceAll("\\n", "\n").replaceAll("\\r", "\r")).join("\\");
}

/**
 * Makes the tokenizer of a row of word pieces.
 *
 * @param {Spec} spec
 * @param {object} rule What tokenizer.json holds.
 * @param {Function} Tokenizer The class of the tokenizers library.
 * @returns {(text: string) => Encoded}
 */
export function pieceTokenizer(spec, rule, Tokenizer) {
  const room = spec.length - 2;
  const most = spec.long.rule === "windows" ? (spec.long.most - 1) * spec.long.stride + room : room;
  const sentences = spec.tokenizer.type !== "wordpiece";
  // The library guesses at SentencePiece's normaliser, so that one is done here.
  const prepare = sentences ? normaliser(spec.tokenizer, rule) : (text) => text;
  const tokenizer = new Tokenizer(sentences ? { ...rule, normalizer: null } : rule, {});
  return (text) => {
    const { ids } = tokenizer.encode(prepare(text), { add_special_tokens: false });
    return { ids, read: Math.min(ids.length, most), total: ids.length };
  };
}

/**
 * Cuts ids, sets the special ones and fills up.
 *
 * @param {number[]} ids Without special tokens.
 * @param {Spec} spec
 * @returns {{data: Int32Array, shape: number[]}} Shape [1, length], or [1, windows, length].
 */
export function packed(ids, spec) {
  const length = spec.shape.at(-1);
  if (spec.tokenizer.type === "words") return filled([ids.slice(0, length)], length, NO_TOKEN);
  const special = spec.tokenizer.special_ids;
  const rows = parts(ids, spec.long, length - 2);
  const framed = rows.map((row) => [special.start_token, ...row, special.end_token]);
  if (spec.long.rule === "windows") {
    while (framed.length < spec.shape[1]) framed.push([]); // count for nothing
  }
  const dense = filled(framed, length, special.pad_token);
  return spec.long.rule === "windows" ? { ...dense, shape: [1, ...dense.shape] } : dense;
}

function parts(ids, long, room) {
  if (long.rule === "windows") {
    const last = Math.max(ids.length - room, 0);
    const rows = [];
    for (let start = 0; start < last + long.stride && rows.length < long.most;) {
      rows.push(ids.slice(start, start + room));
      start += long.stride;
    }
    return rows;
  }
  if (long.rule === "head-tail" && ids.length > room) {
    return [[...ids.slice(0, long.head), ...ids.slice(ids.length - room + long.head)]];
  }
  return [ids.slice(0, room)];
}

function filled(rows, length, value) {
  const data = new Int32Array(rows.length * length).fill(value);
  rows.forEach((row, number) => data.set(row, number * length));
  return { data, shape: [rows.length, length] };
}
