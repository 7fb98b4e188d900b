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
 * @property {Object<string, string>} [foreign] Function words of languages that the training texts
 *     are not in; without it an unusual vocabulary is refused.
 * @property {number} least_foreign Of one language, that are evidence of it.
 * @property {number} least_foreign_share Of all units, 0 to 1.
 */

/**
 * Makes the judge of a run's texts.
 *
 * @param {Guards|null} guards
 * @returns {{refusal: (text: string) => string|null, caution: (text: string) => string|null}} Of a
 *     combined text: why it should not be scored, and what speaks against its score if it is; null
 *     where nothing does.
 */
export function judge(guards) {
  if (!guards?.unit) return { refusal: (text) => (text ? null : NOTHING), caution: () => null };
  const common = new Set(guards.common.split(" "));
  const letters = new Set(guards.letters);
  const languages = Object.entries(guards.foreign ?? {}).map(([language, words]) => [
    language,
    new Set(words.split(" ")),
  ]);
  const lacks = (units) => lacking(units, common, guards);
  const unlike = guards.foreign
    ? (units) => otherLanguage(units, languages, guards)
    : (units) => said("looks unlike the training texts' language", lacks(units));
  return {
    refusal(text) {
      if (!text) return NOTHING;
      const { opening: start, units } = split(text, guards);
      if (!units.length) return `empty text: no ${guards.unit}`;
      return unseen(start, letters, guards) ?? short(units.length, guards) ?? unlike(units);
    },
    caution(text) {
      const { units } = split(text, guards);
      return guards.foreign && units.length ? said("unusual vocabulary", lacks(units)) : null;
    },
  };
}

const NOTHING = "empty text: nothing to read";
const WORDS = /[\p{L}\p{N}_]+/gu;
const CHARACTERS = /[a-z0-9_]+|[\p{L}\p{N}_]/gu;

function split(text, guards) {
  const start = casefold(opening(strip(text), guards.characters_read));
  return {
    opening: start,
    units: start.match(guards.unit === "words" ? WORDS : CHARACTERS) ?? [],
  };
}

function said(what, lacks) {
  return lacks && `${what}: ${lacks}`;
}

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

function otherLanguage(units, languages, guards) {
  let [language, hits] = [null, 0];
  for (const [name, words] of languages) {
    const found = units.filter((unit) => words.has(unit)).length;
    if (found > hits) [language, hits] = [name, found];
  }
  const share = hits / units.length;
  if (hits < guards.least_foreign || share < guards.least_foreign_share) return null;
  return (
    `looks unlike the training texts' language: ${percent(share)} of its words are ` +
    `function words of ${language}`
  );
}

/** Says that a text has few of the training texts' frequent units, chance allowed for. */
function lacking(units, common, guards) {
  const usual = guards.common_share;
  const share = units.filter((unit) => common.has(unit)).length / units.length;
  const chance = guards.standard_errors * Math.sqrt((usual * (1 - usual)) / units.length);
  const limit = guards.least_ratio * usual - chance;
  if (share >= limit) return null;
  // Rounded apart, so that the two never read the same.
  return (
    `${(Math.floor(1000 * share) / 10).toFixed(1)}% common ${guards.unit}, texts of this length ` +
    `mostly have ${(Math.ceil(1000 * limit) / 10).toFixed(1)}% or more`
  );
}
