// What is shown: elements made of answers. Nothing here asks a model.

import { inBand } from "./engines.js";

/** Makes an element. Texts are set as text, never as markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/**
 * Returns a probability as it is read: two digits after the point, and none of a false precision at
 * both ends; four where two would not tell it from the threshold.
 */
export function number(probability, threshold = null) {
  if (threshold !== null && probability !== threshold) {
    if (Math.abs(probability - threshold) < 0.01) return probability.toFixed(4);
  }
  const short = probability.toFixed(2);
  if (short === "1.00" && probability < 1) return "over 0.99";
  if (short === "0.00" && probability > 0) return "under 0.01";
  return short;
}

/** Says in words what an answer is. */
export function verdict(entry, answer) {
  if (answer.outcome === "not_scored") return "No score";
  if (inBand(entry, answer.fake_probability)) return "Unsure";
  return capital(answer.label);
}

/** Says where a model comes from, as far as is known. */
export function provenance(entry) {
  const parts = [
    entry.arch,
    entry.trained_on && `trained on ${entry.trained_on}`,
    entry.label_basis && entry.label_basis !== "unstated" && `labelled by ${entry.label_basis}`,
  ];
  return parts.filter(Boolean).join(", ");
}

/**
 * Makes one model's answer.
 *
 * @param {import("./engines.js").Entry} entry
 * @param {import("./engines.js").Answer} answer
 * @param {number} place Among the answers, for identifiers.
 */
export function answerCard(entry, answer, place) {
  const scored = answer.outcome === "scored";
  const unsure = scored && inBand(entry, answer.fake_probability);
  const [real, fake] = entry.class_names;
  return element(
    "article",
    { class: "answer", "aria-labelledby": `answer-${place}` },
    element("h3", { id: `answer-${place}` }, entry.name),
    element("p", { class: "provenance" }, provenance(entry)),
    element("p", { class: `verdict ${scored ? "" : "none"}` }, verdict(entry, answer)),
    scored ? scale(entry, answer.fake_probability) : null,
    unsure
      ? element(
          "p",
          {},
          `Its score lies between ${number(entry.band[0])} and ${number(entry.band[1])}, where ` +
            "this model is called unsure.",
        )
      : null,
    scored && !unsure && entry.trained_on
      ? element(
          "p",
          { class: "meaning" },
          `0 is the style of texts labelled ${real}, 1 that of texts labelled ${fake}. ` +
            "A likeness, no verdict.",
        )
      : null,
    scored && answer.reason ? element("p", { class: "part" }, `${capital(answer.reason)}.`) : null,
    scored ? reading(answer.part) : refusal(answer.reason),
  );
}

function refusal(reason) {
  return element(
    "div",
    {},
    element("p", { class: "reason" }, `${capital(reason)}.`),
    element(
      "p",
      { class: "meaning" },
      "The model would give a number for any text; for this one it would mean nothing.",
    ),
  );
}

function reading(part) {
  if (!part || part.read >= part.total) return null;
  const which = part.ends ? "its beginning and its end" : "its beginning";
  const share = Math.max(1, Math.floor((100 * part.read) / part.total));
  return element(
    "p",
    { class: "part" },
    `Only ${share} % of the text was read, ${which}: ${part.read.toLocaleString("en")} of ` +
      `${part.total.toLocaleString("en")} ${part.unit}. The rest plays no part in the score.`,
  );
}

/** Draws a probability between both classes, with the threshold and the band of the unsure. */
function scale(entry, probability) {
  const [real, fake] = entry.class_names;
  const threshold = entry.threshold;
  const shown = number(probability, threshold);
  const says = [`Score ${shown} on a scale from 0, ${real}, to 1, ${fake}`];
  if (threshold !== null) says.push(`the threshold is ${threshold}`);
  if (entry.band) says.push(`unsure from ${number(entry.band[0])} to ${number(entry.band[1])}`);
  const bar = element("div", { class: "bar" });
  if (entry.band) {
    const band = element("span", { class: "band" });
    band.style.left = `${100 * entry.band[0]}%`;
    band.style.width = `${100 * (entry.band[1] - entry.band[0])}%`;
    bar.append(band);
  }
  if (threshold !== null) {
    bar.append(at(threshold, element("span", { class: "threshold" })));
  }
  bar.append(at(probability, element("span", { class: "needle" })));
  const under = element("div", { class: "under" }, element("span", {}, `0 ${real}`));
  if (threshold !== null) {
    under.append(at(threshold, element("span", { class: "mark" }, `threshold ${threshold}`)));
  }
  under.append(element("span", {}, `1 ${fake}`));
  return element(
    "figure",
    { class: "scale", role: "img", "aria-label": `${says.join("; ")}.` },
    element("p", { class: "number", "aria-hidden": "true" }, shown),
    bar,
    under,
  );
}

function at(share, made) {
  made.style.left = `${100 * share}%`;
  return made;
}

/**
 * Makes what is shown of the words that moved a score.
 *
 * @param {import("./engines.js").Entry} entry
 * @param {import("./influence.js").Influence} found
 */
export function influenceView(entry, found) {
  const top = found.words.slice(0, 10);
  const classes = new Map(top.map((word, rank) => [word.key, shade(word, rank)]));
  const parts = found.parts.map(({ text, key }) =>
    classes.has(key) ? element("mark", { class: classes.get(key) }, text) : text,
  );
  const [real, fake] = entry.class_names;
  const left = found.different - found.tried;
  const limit = left
    ? `The first ${found.tried} of ${found.different} different words${found.which} were tried, ` +
      "to save time."
    : `All ${found.tried} different words${found.which} were tried.`;
  const small = top.length > 0 && top.every((word) => Math.abs(word.change) < 0.02);
  const rows = top.map((word) => {
    const bar = element("span", { class: `strength ${word.change > 0 ? "up" : "down"}` });
    bar.style.width = `${(6 * Math.abs(word.odds)) / Math.abs(top[0].odds)}rem`;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, element("mark", { class: classes.get(word.key) }, word.word)),
      element(
        "td",
        {},
        bar,
        `toward ${word.change > 0 ? fake : real}${small ? "" : moved(word.change)}`,
      ),
    );
  });
  const head = ["word", "moved the score"].map((name) => element("th", { scope: "col" }, name));
  return element(
    "div",
    { class: "influence" },
    element("h4", { tabindex: "-1" }, "Influence on the score, not evidence"),
    element(
      "p",
      { class: "meaning" },
      `Each word was left out in turn, wherever it stands, and the score taken again. ${limit}`,
    ),
    rows.length
      ? element(
          "table",
          {},
          element("thead", {}, element("tr", {}, ...head)),
          element("tbody", {}, ...rows),
        )
      : element("p", {}, "No single word moved it."),
    small
      ? element(
          "p",
          { class: "meaning" },
          "None moved it by more than 0.02: near an end of the scale, one word does little. The " +
            "bars compare the words with each other, by the odds.",
        )
      : null,
    rows.length
      ? element(
          "p",
          { class: "key", "aria-hidden": "true" },
          element("mark", { class: "up strong" }, `toward ${fake}`),
          " ",
          element("mark", { class: "down strong" }, `toward ${real}`),
        )
      : null,
    rows.length
      ? element(
          "div",
          {
            class: "marked",
            tabindex: "0",
            role: "region",
            "aria-label": "The text with these words marked",
          },
          ...parts,
        )
      : null,
  );
}

function shade(word, rank) {
  return `${word.change > 0 ? "up" : "down"} ${rank < 4 ? "strong" : "weak"}`;
}

function moved(change) {
  const size = Math.abs(change);
  if (size < 0.005) return ", under 0.01";
  return `, ${change > 0 ? "+" : "−"}${size.toFixed(2)}`;
}

const ROWS_SHOWN = 200;

/**
 * Makes the table of a list's answers.
 *
 * @param {import("./csv.js").Item[]} items
 * @param {{entry: import("./engines.js").Entry, answers: import("./engines.js").Answer[]}[]} models
 */
export function listTable(items, models) {
  const shown = items.slice(0, ROWS_SHOWN);
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "id"),
    element("th", { scope: "col" }, "text"),
    ...models.map(({ entry }) => element("th", { scope: "col" }, entry.name)),
  );
  const rows = shown.map((item, number_) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, item.id),
      element("td", { class: "excerpt" }, excerpt(item.text)),
      ...models.map(({ entry, answers }) =>
        element("td", {}, answers[number_] ? listCell(entry, answers[number_]) : "not asked"),
      ),
    ),
  );
  const more = items.length - shown.length;
  return element(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": "Answers of the list" },
    element("table", { class: "list" }, element("thead", {}, head), element("tbody", {}, ...rows)),
    more > 0
      ? element(
          "p",
          { class: "hint" },
          `${more.toLocaleString("en")} more rows are in the file that you can save.`,
        )
      : null,
  );
}

function listCell(entry, answer) {
  if (answer.outcome === "not_scored") {
    return element("span", { class: "quiet" }, `No score: ${answer.reason}`);
  }
  const unsure = inBand(entry, answer.fake_probability);
  const flagged = answer.resembles === entry.class_names[1];
  const name = unsure ? "unsure" : `like ${entry.class_names[flagged ? 1 : 0]}`;
  return element(
    "span",
    {},
    element("span", { class: "figure" }, number(answer.fake_probability, entry.threshold)),
    " ",
    element("span", { class: unsure ? "quiet" : flagged ? "flagged" : "" }, name),
    answer.part && answer.part.read < answer.part.total
      ? element("span", { class: "quiet" }, " (cut)")
      : null,
  );
}

function excerpt(text) {
  if (text === null) return "";
  const line = text.slice(0, 400).replace(/\s+/g, " ").trim();
  return line.length > 90 ? `${line.slice(0, 89)}…` : line;
}

/** Counts a list's answers in a sentence. */
export function tally(entry, answers, asked = answers.length) {
  const scored = answers.filter((answer) => answer.outcome === "scored");
  const unsure = scored.filter((answer) => inBand(entry, answer.fake_probability)).length;
  const flagged = scored.filter(
    (answer) =>
      !inBand(entry, answer.fake_probability) &&
      answer.resembles === entry.class_names[1],
  );
  const none = answers.length - scored.length;
  const parts = [
    `${flagged.length} of ${scored.length} resemble texts labelled ${entry.class_names[1]}`,
  ];
  if (unsure) parts.push(`${unsure} unsure`);
  if (none) parts.push(`${none} got no score`);
  if (asked > answers.length) parts.push(`${asked - answers.length} were not asked`);
  return `${entry.name}: ${parts.join("; ")}.`;
}

function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}
