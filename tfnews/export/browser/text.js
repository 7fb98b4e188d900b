// What Python does with text, in JavaScript: both must see the same characters.

// What Python's str.strip takes for white space; String.trim has other ideas of U+FEFF and U+0085.
const SPACES = new Set(
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006" +
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000",
);

/** Returns a text without white space around it. */
export function strip(text) {
  let start = 0;
  let end = text.length;
  while (start < end && SPACES.has(text[start])) start += 1;
  while (end > start && SPACES.has(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/**
 * Joins title and body as every model was trained: by one space.
 *
 * @param {string} title May be empty.
 * @param {string} body May be empty.
 */
export function combine(title, body) {
  return strip(`${strip(wellFormed(title))} ${strip(wellFormed(body))}`);
}

/** Returns a text in which halves of surrogate pairs are replaced, which no file can hold. */
export function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Returns the first `count` characters (code points) of a text. */
export function opening(text, count) {
  if (text.length <= count) return text;
  return Array.from(text.slice(0, 2 * count))
    .slice(0, count)
    .join("");
}

/** Folds case as Python's str.casefold does, character by character: ß becomes ss. */
export function casefold(text) {
  return text.replace(/[^\u0000-\u007f]|[A-Z]+/gu, folded);
}

function folded(character) {
  if (character === "ı") return character;
  if (/\p{Script=Cherokee}/u.test(character)) return character.toUpperCase();
  return character.toLowerCase().toUpperCase().toLowerCase();
}

/** Returns a share as Python writes it with ".0%": halves go to the even number. */
export function percent(share) {
  const hundredths = share * 100;
  const below = Math.floor(hundredths);
  const rest = hundredths - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return `${below + (up ? 1 : 0)}%`;
}

/** Returns a number of 32 bits by the fewest digits that mean it: 0.6, not 0.6000000238418579. */
export function shortest(number) {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(number.toPrecision(digits));
    if (Math.fround(short) === Math.fround(number)) return short;
  }
  return number;
}
