// Texts that should get no number. The rule stands in guards.json in words.

import { casefold, opening, percent, strip } from "./text.js";

/**
 * guards.json, as `tfnews export` writes it.
 *
 * @typedef {object} Guards
 * @property {string|null} unit "words", "characters", or null for a run without guards.
 * @property {number} characters_read
 * @property {number} most_unseen_letters Share, 0 to 1.
 * @property {number} standard_errors
 * @property {number} usual_length Units that 99 % of the training texts have.
 * @property {string} common The frequent units, joined by spaces.
 * @property {number} common_share
 * @property {number} least_ratio
 * @property {string} letters Of the training texts.
 */

/**
 * Returns a function that says why a text should not be scored, or null where it may be.
 *
 * @param {Guards|null} guards
 * @returns {(text: string) => string|null} Of a combined text.
 */
export function reasons(guards) {
  if (!guards?.unit) return (text) => (text ? null : "empty text: nothing to read");
  const common = new Set(guards.common.split(" "));
  const letters = new Set(guards.letters);
  return (text) => {
    if (!text) return "empty text: nothing to read";
    const read = casefold(opening(strip(text), guards.characters_read));
    const units = read.match(guards.unit === "words" ? WORDS : CHARACTERS);
    if (!units) return `empty text: no ${guards.unit}`;
    return (
      unseen(read, letters, guards) ??
      short(units.length, guards) ??
      uncommon(units, common, guards)
    );
  };
}

const WORDS = /[\p{L}\p{N}_]+/gu;
const CHARACTERS = /[a-z0-9_]+|[\p{L}\p{N}_]/gu;

function unseen(read, letters, guards) {
  const found = read.match(/\p{L}/gu) ?? [];
  const others = found.filter((letter) => !letters.has(letter)).length;
  const share = others / Math.max(found.length, 1);
  if (share <= guards.most_unseen_letters) return null;
  return (
    `looks unlike the training texts' script: ${percent(share)} of its letters ` +
    "do not occur in them"
  );
}

function short(length, guards) {
  if (2 * length >= guards.usual_length) return null;
  const unit = length === 1 ? guards.unit.replace(/s$/, "") : guards.unit;
  return `too short: ${length} ${unit}, 99% of training texts have ${guards.usual_length} or more`;
}

function uncommon(units, common, guards) {
  const usual = guards.common_share;
  const share = units.filter((unit) => common.has(unit)).length / units.length;
  const chance = guards.standard_errors * Math.sqrt((usual * (1 - usual)) / units.length);
  const limit = guards.least_ratio * usual - chance;
  if (share >= limit) return null;
  return (
    `looks unlike the training texts' language: ${percent(share)} common ${guards.unit}, ` +
    `texts of this length need ${percent(limit)}`
  );
}
