// The page: what is entered goes to the models that are ticked, and what they answer is shown.

import { answersFile, articles, decoded } from "./csv.js";
import { open } from "./engines.js";
import { canCheck, Trouble } from "./files.js";
import { influence } from "./influence.js";
import { combine } from "./text.js";
import { answerCard, element, influenceView, listTable, provenance, tally } from "./view.js";

const READY = "Ready.";
const TICKED = 3; // models that are asked unless told otherwise
const LARGEST = 64 * 2 ** 20; // bytes of a file

const $ = (id) => document.getElementById(id);

/** @type {import("./engines.js").Entry[]} */
let models = [];
/** Name of a model -> the promise of its engine; the first question opens it. */
const engines = new Map();
/** The number of the question that is being answered; an older one stops when it changes. */
let question = 0;

start();

async function start() {
  $("not-started").remove();
  $("main").hidden = false;
  listen();
  try {
    models = await listedModels();
  } catch (error) {
    $("ask").disabled = true;
    return tell(error);
  }
  showModels();
  const opened = await Promise.allSettled(ticked().map(engineOf));
  const failed = opened.find((one) => one.status === "rejected");
  if (failed) return tell(failed.reason);
  say(READY);
  const kept = await keptForLater();
  if (kept && $("status").textContent === READY) {
    say(`${READY} From now on this page works without a network.`);
  }
}

async function listedModels() {
  let answer;
  try {
    answer = await fetch("models.json", { cache: "no-cache" });
  } catch (error) {
    throw new Trouble(`The list of models, models.json, cannot be had: ${error.message}.`);
  }
  if (!answer.ok) {
    throw new Trouble(`The list of models, models.json, is missing (status ${answer.status}).`);
  }
  const { models: found } = await answer.json().catch(() => ({}));
  if (!Array.isArray(found)) throw new Trouble("The list of models, models.json, cannot be read.");
  if (!found.length) throw new Trouble("There is no model to ask: models.json lists none.");
  return found;
}

// --- Models ------------------------------------------------------------------------------------

function showModels() {
  const many = models.length > 1;
  document.body.classList.toggle("many", many);
  const rows = models.map((entry, number) => {
    const about = element("small", {}, provenance(entry));
    if (!many) return element("p", { class: "only" }, entry.name, about);
    const box = element("input", { type: "checkbox", value: entry.name });
    box.checked = number < TICKED;
    return element("label", { class: "model" }, box, element("span", {}, entry.name, about));
  });
  $("models").append(...rows);
  const inBrowser = models.every((entry) => entry.engine.kind === "litert");
  $("origin").textContent = inBrowser
    ? "Computed in this browser. Texts do not leave this device. Written by tfnews."
    : "Computed by the server that this page came from. Written by tfnews.";
  $("text-hint").textContent = inBrowser
    ? "What you enter stays on this device. Ctrl + Enter compares."
    : "What you enter goes to the server of this page. Ctrl + Enter compares.";
  if (inBrowser && !canCheck()) {
    $("origin").append(" Without https its files cannot be checked, nor kept for use offline.");
  }
}

function ticked() {
  const boxes = [...$("models").querySelectorAll("input")];
  const names = boxes.filter((box) => box.checked).map((box) => box.value);
  return boxes.length ? models.filter((entry) => names.includes(entry.name)) : models;
}

function engineOf(entry) {
  if (!engines.has(entry.name)) {
    say(`Loading ${entry.name}…`);
    const opened = open(entry);
    opened.catch(() => engines.delete(entry.name)); // so that another try is one
    engines.set(entry.name, opened);
  }
  return engines.get(entry.name);
}

// --- One article -------------------------------------------------------------------------------

async function ask() {
  const mine = (question += 1);
  const text = combine($("title").value, $("text").value);
  const entries = ticked();
  if (!entries.length) return tell(new Trouble("No model is ticked. Tick one under Compare with."));
  clearResults();
  say("Comparing…");
  for (const [place, entry] of entries.entries()) {
    try {
      const engine = await engineOf(entry);
      const [answer] = await engine.answers([text]);
      if (mine !== question) return;
      const card = answerCard(entry, answer, place);
      if (answer.outcome === "scored") card.append(influenceButton(entry, engine, text, answer));
      $("answers").append(card);
    } catch (error) {
      if (mine !== question) return;
      tell(error); // and ask the others
    }
  }
  const spoken = [...$("answers").querySelectorAll(".verdict")].map((one) => one.textContent);
  if (!spoken.length) return;
  say(`Done. ${spoken.join(". ")}.`, true);
  show($("results-title"));
  keptForLater();
}

function influenceButton(entry, engine, text, answer) {
  const mine = question;
  const button = element("button", { type: "button" }, "Show which words moved the score");
  const progress = element("p", { role: "status", class: "hint" });
  const holder = element("div", { class: "why" }, button, progress);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const part = answer.part;
    const share = part && !part.ends ? part.read / part.total : 1;
    const go = (done, of) => {
      progress.textContent = `Leaving out word ${done + 1} of ${of}…`;
      return mine === question;
    };
    try {
      const found = await influence(engine, text, share, go);
      if (mine !== question) return;
      const view = influenceView(entry, found);
      holder.replaceChildren(view);
      view.querySelector("h4").focus({ preventScroll: true }); // the button is gone
    } catch (error) {
      tell(error);
      button.disabled = false;
    }
  });
  return holder;
}

// --- A list ------------------------------------------------------------------------------------

async function askList(items, name) {
  const mine = (question += 1);
  const entries = ticked();
  if (!entries.length) return tell(new Trouble("No model is ticked. Tick one under Compare with."));
  clearResults();
  const found = entries.map((entry) => ({ entry, name: entry.name, answers: [] }));
  const stop = element("button", { type: "button" }, "Stop");
  stop.addEventListener("click", () => {
    if (mine === question) question += 1;
    finishList(items, found, name);
  });
  const bar = element("progress", {
    max: items.length * entries.length,
    value: 0,
    "aria-label": "Articles compared",
  });
  const holder = element("div", { class: "running" }, bar, stop);
  $("list").hidden = false;
  $("list").replaceChildren(holder);
  say(`Comparing the ${items.length.toLocaleString("en")} articles of ${name}…`);
  for (const one of found) {
    try {
      const engine = await engineOf(one.entry);
      const size = engine.together;
      for (let start = 0; start < items.length; start += size) {
        const answers = await answersOf(engine, items.slice(start, start + size));
        if (mine !== question) return;
        one.answers.push(...answers);
        bar.value += size;
      }
    } catch (error) {
      if (mine !== question) return;
      tell(error); // and ask the others
    }
  }
  finishList(items, found, name);
  show($("results-title"));
}

/** Asks about the items that can be read; the others get their problem for an answer. */
async function answersOf(engine, items) {
  const readable = items.filter((item) => item.text !== null);
  const answers = readable.length ? await engine.answers(readable.map((item) => item.text)) : [];
  return items.map((item) =>
    item.text === null
      ? {
          fake_probability: null,
          resembles: null,
          label: null,
          outcome: "not_scored",
          reason: item.problem,
          part: null,
        }
      : answers.shift(),
  );
}

function finishList(items, found, name) {
  const save = element("button", { type: "button", class: "primary" }, "Save the answers as CSV");
  save.addEventListener("click", () => {
    const content = answersFile(items, found);
    const address = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
    const link = element("a", {
      href: address,
      download: `${name.replace(/\.[^.]*$/, "")}-scores.csv`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
  const counts = found.map(({ entry, answers }) => tally(entry, answers, items.length));
  say(`Done. ${counts.join(" ")}`, true);
  const lines = counts.map((line) => element("li", {}, line));
  const stopped = $("list").contains(document.activeElement);
  $("list").replaceChildren(
    element("ul", { class: "tally" }, ...lines),
    save,
    listTable(items, found),
  );
  if (stopped) save.focus(); // the button that was pressed is gone
}

// --- Files -------------------------------------------------------------------------------------

async function take(file) {
  if (!file) return;
  try {
    if (file.size > LARGEST) {
      throw new Trouble(
        `${file.name} has ${Math.round(file.size / 2 ** 20)} MB, and ${LARGEST / 2 ** 20} are ` +
          "allowed. Use tfnews predict for it.",
      );
    }
    const { text, note } = decoded(new Uint8Array(await file.arrayBuffer()));
    if (/\.(csv|tsv)$/i.test(file.name)) {
      await askList(articles(text, /\.tsv$/i.test(file.name) ? "\t" : undefined), file.name);
    } else {
      $("title").value = "";
      $("text").value = text;
      await ask();
    }
    if (note) $("status").append(` ${note}`);
  } catch (error) {
    tell(error);
  }
}

// --- Without a network -------------------------------------------------------------------------

/** Has what was loaded kept by the service worker; returns whether that went well. */
async function keptForLater() {
  const inBrowser = models.every((entry) => entry.engine.kind === "litert");
  if (!inBrowser || !navigator.serviceWorker) return false;
  try {
    await newest(await navigator.serviceWorker.register("service-worker.js"));
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map((one) => one.name);
    const here = loaded.filter((address) =>
      address.startsWith(new URL(".", document.baseURI).href),
    );
    const done = await answered(active, { keep: [...new Set(here)] });
    return done.kept;
  } catch {
    return false; // a browser that keeps nothing, such as in a private window
  }
}

/** Waits for the worker of this page to take over from that of an export before it. */
async function newest(registration) {
  await registration.update().catch(() => {}); // without a network the one that is there goes on
  const newer = registration.installing ?? registration.waiting;
  if (!newer) return;
  await new Promise((resolve) => {
    const look = () => ["activated", "redundant"].includes(newer.state) && resolve();
    newer.addEventListener("statechange", look);
    look();
  });
}

function answered(worker, message) {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = (event) => resolve(event.data);
    worker.postMessage(message, [channel.port2]);
  });
}

// --- The rest ----------------------------------------------------------------------------------

function listen() {
  $("desk").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  $("desk").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    ask();
  });
  $("choose").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    take($("file").files[0]);
    $("file").value = "";
  });
  $("clear").addEventListener("click", () => {
    question += 1;
    $("desk").reset();
    clearResults();
    $("nothing").hidden = false;
    say("");
    $("title").focus();
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    take(event.dataTransfer.files[0]);
  });
}

function clearResults() {
  $("problem").hidden = true;
  $("nothing").hidden = true;
  $("answers").replaceChildren();
  $("list").replaceChildren();
  $("list").hidden = true;
}

/** Says how it is going; for the ear alone where the eye sees the answer. */
function say(text, spoken = false) {
  $("status").textContent = text;
  $("status").classList.toggle("spoken", spoken);
}

function tell(error) {
  if (!(error instanceof Trouble)) console.error(error);
  const text =
    error instanceof Trouble ? error.message : `Something went wrong: ${error.message ?? error}`;
  say("");
  $("nothing").hidden = true;
  $("problem").hidden = false;
  $("problem").replaceChildren(element("p", {}, text));
}

function show(heading) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (heading.getBoundingClientRect().top > innerHeight * 0.5) {
    heading.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }
}
