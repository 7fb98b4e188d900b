// What SentencePiece does to a text before it looks for pieces, exactly: a model carries its own
// table of characters. Source: sentencepiece's normalizer.cc, and darts-clone for the table's form.

import { strip } from "./text.js";

/**
 * Returns a function that normalises texts as a row of SentencePiece does.
 *
 * @param {{lowercase: boolean, keep_accents: boolean}} rule In spec.json.
 * @param {object} tokenizer What tokenizer.json holds.
 * @returns {(text: string) => string} Words with one space between them.
 */
export function normaliser(rule, tokenizer) {
  const steps = tokenizer.normalizer.normalizers;
  const map = steps.find((step) => step.type === "Precompiled").precompiled_charsmap;
  const table = map
    ? characters(Uint8Array.from(atob(map), (c) => c.charCodeAt(0)))
    : (word) => word;
  return (text) => {
    text = text.replace(/``|''/g, '"');
    text = text.replaceAll("\0", "\u{10ffff}").replaceAll("\v", "").replaceAll("\x85", " ");
    if (!rule.keep_accents) text = text.normalize("NFKD").replace(/\p{M}/gu, "");
    // One by one: a sigma stays σ at the end of a word.
    if (rule.lowercase) text = text.replace(/[^a-z ]/gu, (c) => c.toLowerCase());
    const words = text.split(/[ \t\n\f\r]+/).map(table);
    return strip(words.join(" ").replace(/ {2,}/g, " "));
  };
}

/** Returns a function that replaces the longest runs of characters which a table knows. */
function characters(content) {
  const view = new DataView(content.buffer);
  const size = view.getUint32(0, true);
  const units = new Uint32Array(size / 4);
  for (let i = 0; i < units.length; i++) units[i] = view.getUint32(4 + 4 * i, true);
  const becomes = content.subarray(4 + size);
  return (word) => {
    if (!word) return word;
    const bytes = new TextEncoder().encode(word);
    const parts = [];
    for (let place = 0; place < bytes.length;) {
      const found = longest(units, bytes, place);
      if (found) {
        parts.push(becomes.subarray(found.value, becomes.indexOf(0, found.value)));
        place += found.length;
      } else {
        const end = place + lengthOf(bytes[place]);
        parts.push(bytes.subarray(place, end));
        place = end;
      }
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(parts));
  };
}

/** Walks a double array from a place in a text and returns the longest key met, or null. */
function longest(units, bytes, start) {
  let found = null;
  let node = offset(units[0]);
  for (let place = start; place < bytes.length; place++) {
    node ^= bytes[place];
    const unit = units[node];
    if ((unit & 0x800000ff) >>> 0 !== bytes[place]) break;
    node ^= offset(unit);
    if (unit & 0x100) found = { length: place - start + 1, value: units[node] & 0x7fffffff };
  }
  return found;
}

function offset(unit) {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function lengthOf(byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  return all;
}
