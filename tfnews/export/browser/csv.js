// Lists of articles: read and written as `tfnews predict` does.

import { inBand } from "./engines.js";
import { Trouble } from "./files.js";
import { combine } from "./text.js";

/**
 * One article of a list.
 *
 * @typedef {object} Item
 * @property {string} id The record's, else its number, counted from 1.
 * @property {string|null} text Title and body, combined; null where the record cannot be read.
 * @property {string|null} problem Why it cannot.
 */

/**
 * Decodes a file's bytes: UTF-8, else Windows-1252, as browsers do.
 *
 * @param {Uint8Array} bytes
 * @returns {{text: string, note: string|null}}
 * @throws {Trouble} It is UTF-16, or holds binary data.
 */
export function decoded(bytes) {
  const start = bytes.subarray(0, 4000);
  if (start.includes(0)) {
    throw new Trouble(
      "This is no text in UTF-8: it holds zero bytes, as UTF-16 does. Save it as UTF-8.",
    );
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), note: null };
  } catch {
    const text = new TextDecoder("windows-1252").decode(bytes);
    return { text, note: "The file is not UTF-8; it was read as Windows-1252." };
  }
}

/**
 * Reads a list of articles.
 *
 * Columns are found as `tfnews predict` finds them: id; combined_text alone, else title and text.
 *
 * @param {string} content Of a CSV or TSV file with a header.
 * @param {string} [mark] What divides fields; by default what its first line tells.
 * @returns {Item[]}
 * @throws {Trouble} There is no row, or no column to read.
 */
export function articles(content, mark) {
  const records = [...rows(content, mark ?? delimiter(content))];
  const header = records.shift()?.fields.map((name) => name.trim());
  if (!header) throw new Trouble("The list is empty.");
  const places = columns(header);
  if (!records.length) throw new Trouble("The list has a header and no article.");
  return records.map((record, number) => item(record, String(number + 1), header, places));
}

function delimiter(content) {
  const line = content.match(/[^\r\n]+/)?.[0] ?? "";
  return [...",;\t|"].find((mark) => line.includes(mark)) ?? ",";
}

/** Yields the records of a delimited file; a blank line is none. */
function* rows(content, mark) {
  let place = 0;
  let line = 1;
  while (place < content.length) {
    const record = { line, fields: [], problem: null };
    let more = true;
    while (more) {
      const quoted = content[place] === '"';
      const end = quoted ? closing(content, place) : plainEnd(content, place, mark);
      if (end === -1) {
        yield { ...record, problem: `a quote opened on line ${line} is never closed` };
        return;
      }
      const raw = content.slice(quoted ? place + 1 : place, quoted ? end - 1 : end);
      record.fields.push(quoted ? raw.replaceAll('""', '"') : raw);
      line += raw.match(/\r\n|\r|\n/g)?.length ?? 0;
      place = end;
      if (quoted && place < content.length && !(mark + "\r\n").includes(content[place])) {
        record.problem = "quotes that do not pair";
        place = plainEnd(content, place, mark);
      }
      more = content[place] === mark;
      if (more) place += 1;
    }
    if (content[place] === "\r") place += 1;
    if (content[place] === "\n") place += 1;
    line += 1;
    if (record.fields.length > 1 || record.fields[0] !== "") yield record;
  }
}

/** Returns the place after the quote that closes a field, or -1. */
function closing(content, start) {
  let place = start + 1;
  for (;;) {
    place = content.indexOf('"', place);
    if (place === -1) return -1;
    if (content[place + 1] !== '"') return place + 1;
    place += 2;
  }
}

function plainEnd(content, start, mark) {
  let place = start;
  while (place < content.length && !(mark + "\r\n").includes(content[place])) place += 1;
  return place;
}

function columns(header) {
  const usual = new Map();
  for (const name of [...header].reverse()) usual.set(name.toLowerCase(), name);
  for (const name of header) usual.set(name, name); // "text" goes before "Text"
  const at = (name) => (usual.has(name) ? header.indexOf(usual.get(name)) : -1);
  if (at("combined_text") !== -1) return { id: at("id"), title: -1, text: at("combined_text") };
  if (at("text") === -1) {
    throw new Trouble(
      `The list has no column "text" or "combined_text". It has: ${header.join(", ")}. Rename one.`,
    );
  }
  return { id: at("id"), title: at("title"), text: at("text") };
}

function item(record, number, header, places) {
  const { fields, line } = record;
  let problem = record.problem;
  if (!problem && fields.length !== header.length) {
    problem = `${fields.length} fields instead of ${header.length}`;
  }
  if (problem) {
    return { id: number, text: null, problem: `unreadable record: ${problem} (line ${line})` };
  }
  const field = (place) => (place === -1 || /^(nan|NaN)$/.test(fields[place]) ? "" : fields[place]);
  return {
    id: field(places.id) || number,
    text: combine(field(places.title), field(places.text)),
    problem: null,
  };
}

/**
 * Writes answers in the columns of `tfnews predict`; of several models, each row names its own.
 *
 * @param {Item[]} items
 * @param {{name: string, entry: import("./engines.js").Entry,
 *     answers: import("./engines.js").Answer[]}[]} models
 * @returns {string} The content of a CSV file.
 */
export function answersFile(items, models) {
  const many = models.length > 1;
  const names = [
    "id",
    "fake_probability",
    "label",
    "outcome",
    "reason",
    ...(many ? ["model"] : []),
  ];
  const lines = [names];
  items.forEach((one, number) => {
    for (const { name, entry, answers } of models) {
      const answer = answers[number];
      if (!answer) continue; // stopped before
      const { fake_probability, resembles, outcome, reason } = answer;
      const unsure = outcome === "scored" && inBand(entry, fake_probability);
      const values = unsure
        ? [one.id, fake_probability, null, "unsure", [doubt(entry.band), reason]]
        : [one.id, fake_probability, resembles, outcome, [reason]];
      values.push(values.pop().filter(Boolean).join("; "));
      lines.push(many ? [...values, name] : values);
    }
  });
  return lines.map((line) => `${line.map(cell).join(",")}\n`).join("");
}

function doubt([low, high]) {
  return `unsure: no class is called at scores from ${low.toFixed(3)} to ${high.toFixed(3)}`;
}

function cell(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
