// Which words moved a score: each is left out in turn, and the score is taken again.

const LONGEST = 40_000; // characters of a text in which words are looked for
const SECONDS = 12; // that the whole may take, about
const FEWEST = 60;
const MOST = 400;

/**
 * A word and what it did.
 *
 * @typedef {object} Word
 * @property {string} word As it first stands in the text.
 * @property {number} times How often it stands there.
 * @property {number} change Of the score through it: above 0 it moved it up.
 * @property {number} odds The same in the logarithm of the odds, by which words are ranked.
 */

/**
 * @typedef {object} Influence
 * @property {Word[]} words Those that moved it, the strongest first.
 * @property {number} tried Different words that were left out.
 * @property {number} different Different words in what was read.
 * @property {string} which What words these are, where not all of the text: " that were read".
 * @property {{text: string, key: string|null}[]} parts The text, cut at its words.
 */

/**
 * Measures the influence of a text's words.
 *
 * All occurrences of a word are left out together. Words are tried in the order of the text, as
 * many as a few seconds allow.
 *
 * @param {import("./engines.js").Engine} engine
 * @param {string} text Combined.
 * @param {number} share Of the text that the model read, from 0 to 1.
 * @param {(done: number, of: number) => boolean} go Is told how far it is; false stops it.
 * @returns {Promise<Influence>}
 */
export async function influence(engine, text, share, go) {
  const parts = cut(text);
  const places = new Map();
  const words = parts.filter((part) => part.key);
  for (const part of words.slice(0, Math.ceil(share * words.length))) {
    if (!places.has(part.key)) places.set(part.key, { word: part.text, times: 0 });
    places.get(part.key).times += 1;
  }
  const started = performance.now();
  const [whole] = await engine.probabilities([text]);
  const each = (performance.now() - started) / 1000;
  const most = Math.min(MOST, Math.max(FEWEST, Math.floor(SECONDS / each)));
  const keys = [...places.keys()].slice(0, most);
  const found = [];
  for (let start = 0; start < keys.length; start += engine.together) {
    if (!go(start, keys.length)) break;
    const asked = keys.slice(start, start + engine.together);
    const without = await engine.probabilities(asked.map((key) => leftOut(parts, key)));
    asked.forEach((key, number) => {
      const odds = logit(whole) - logit(without[number]);
      found.push({ key, ...places.get(key), change: whole - without[number], odds });
    });
  }
  const moved = found.filter((one) => Math.abs(one.odds) >= 0.01);
  moved.sort((one, other) => Math.abs(other.odds) - Math.abs(one.odds));
  const rest = text.length > LONGEST ? "of the first 40,000 characters" : "that were read";
  const which = text.length > LONGEST || share < 1 ? ` ${rest}` : "";
  return { words: moved, tried: found.length, different: places.size, which, parts };
}

/** Cuts a text at its words, as the browser knows them; single letters count for none. */
export function cut(text) {
  const read = text.slice(0, LONGEST);
  const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
  const parts = Array.from(segmenter.segment(read), ({ segment, isWordLike }) => ({
    text: segment,
    key: isWordLike && !/^[a-z]$/i.test(segment) ? segment.toLowerCase() : null,
  }));
  if (text.length > LONGEST) parts.push({ text: text.slice(LONGEST), key: null });
  return parts;
}

/** Returns the text without a word, and without the space before each of its places. */
function leftOut(parts, key) {
  const kept = [];
  for (const part of parts) {
    if (part.key !== key) kept.push(part.text);
    else if (/^\s+$/.test(kept.at(-1) ?? "")) kept.pop();
  }
  return kept.join("").trim();
}

function logit(probability) {
  const inside = Math.min(Math.max(probability, 1e-7), 1 - 1e-7);
  return Math.log(inside / (1 - inside));
}
