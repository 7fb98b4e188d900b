// What answers texts: the LiteRT runtime in this browser, or a server. Both have one form.

import { checked, Trouble } from "./files.js";
import { judge } from "./guards.js";
import { packed, pieceTokenizer, wordTokenizer } from "./tokens.js";
import { shortest } from "./text.js";

/**
 * One model of models.json.
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {string|null} arch
 * @property {string|null} trained_on
 * @property {string|null} label_basis
 * @property {[string, string]} class_names
 * @property {number|null} threshold
 * @property {[number, number]|null} band Between which an answer is called unsure.
 * @property {object} engine {"kind": "litert", "files": {name: Listed}}, or
 *     {"kind": "rest", "url": string, "guards": Guards|null}.
 */

/**
 * What is said of one text; the words are those of `tfnews predict`.
 *
 * @typedef {object} Answer
 * @property {number|null} fake_probability 0 to 1; null where it is not scored.
 * @property {string|null} resembles Name of the class whose training texts it resembles, which is
 *     the label of `tfnews predict`.
 * @property {string|null} label The same as a sentence.
 * @property {"scored"|"not_scored"} outcome
 * @property {string|null} reason Why it was not scored, or what speaks against its score.
 * @property {{unit: string, ends: boolean, read: number, total: number}|null} part How much of it
 *     was read: its beginning, or its beginning and its end.
 */

/**
 * @typedef {object} Engine
 * @property {(texts: string[]) => Promise<Answer[]>} answers Of combined texts.
 * @property {number} together Texts that are asked for at once.
 * @property {(texts: string[]) => Promise<number[]>} probabilities Whatever the guards say.
 * @property {(text: string) => import("./tokens.js").Encoded} [encode]
 */

/**
 * Makes a model ready to answer.
 *
 * @param {Entry} entry
 * @returns {Promise<Engine>}
 * @throws {Trouble} A file is missing or another one, or this browser cannot run it.
 */
export async function open(entry) {
  const kinds = { litert: openLitert, rest: openRest };
  const opened = kinds[entry.engine.kind];
  if (!opened)
    throw new Trouble(
      `models.json names an engine "${entry.engine.kind}", which this page does not know.`,
    );
  return opened(entry);
}

/** Returns the class of a probability; both sides are compared in 32 bits, as models answer. */
export function resembled(entry, probability) {
  const flagged = Math.fround(probability) >= Math.fround(entry.threshold);
  return entry.class_names[flagged ? 1 : 0];
}

/** Tells whether no class is called for a probability; compared in 32 bits too. */
export function inBand(entry, probability) {
  if (!entry?.band) return false;
  const [low, high] = entry.band.map(Math.fround);
  const score = Math.fround(probability);
  return score >= low && score <= high;
}

function notScored(reason) {
  const none = { fake_probability: null, resembles: null, label: null, part: null };
  return { ...none, outcome: "not_scored", reason };
}

// --- In the browser ----------------------------------------------------------------------------

let runtime = null; // one for all models of the page

async function startRuntime() {
  if (typeof WebAssembly !== "object") {
    throw new Trouble(
      "This browser has WebAssembly turned off, as some do for safety (lockdown mode, for one). " +
        "The model is computed with it: allow it for this page, or take another browser.",
    );
  }
  const litert = await import("./runtime/litert/index.js");
  await litert.loadLiteRt(new URL("runtime/litert/wasm/", document.baseURI).href);
  return litert;
}

async function openLitert(entry) {
  const listed = entry.engine.files;
  runtime ??= startRuntime().catch((error) => {
    runtime = null; // so that another try is one
    throw error instanceof Trouble ? error : new Trouble(`The runtime did not start: ${error}.`);
  });
  const [litert, content, spec, guards, tokenize] = await Promise.all([
    runtime,
    checked(listed["model.tflite"]),
    json(listed["spec.json"]),
    json(listed["guards.json"]),
    tokenizer(listed),
  ]);
  const model = await litert.loadAndCompile(content, { accelerator: "wasm" });
  const encode = tokenize(spec);
  const unit = spec.tokenizer.type === "words" ? "words" : "word pieces";
  const { refusal, caution } = judge(guards);
  const probabilityOf = (ids) => run(litert, model, packed(ids, spec), spec.inputs);

  async function answer(text) {
    const why = refusal(text);
    if (why) return notScored(why);
    const { ids, read, total } = encode(text);
    const probability = await probabilityOf(ids);
    if (!Number.isFinite(probability)) {
      return notScored(`no number: the model gave ${probability}`);
    }
    const resembles = resembled(entry, probability);
    return {
      fake_probability: shortest(probability),
      resembles,
      label: `resembles texts labelled ${resembles} in ${entry.trained_on}`,
      outcome: "scored",
      reason: caution(text),
      part: { unit, ends: spec.long.rule === "head-tail", read, total },
    };
  }

  async function answers(texts) {
    const found = [];
    for (const text of texts) {
      found.push(await answer(text));
      await pause();
    }
    return found;
  }

  async function probabilities(texts) {
    const found = [];
    for (const text of texts) {
      found.push(await probabilityOf(encode(text).ids));
      await pause();
    }
    return found;
  }

  return { answers, probabilities, together: 1, encode };
}

async function json(listed) {
  return JSON.parse(new TextDecoder().decode(await checked(listed)));
}

/** Returns a function from spec.json to a tokenizer. */
async function tokenizer(listed) {
  if (listed["vocabulary.txt"]) {
    const bytes = await checked(listed["vocabulary.txt"]);
    const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    return (spec) => wordTokenizer(spec, lines);
  }
  const [{ Tokenizer }, rule] = await Promise.all([
    import("./runtime/tokenizers/tokenizers.js"),
    json(listed["tokenizer.json"]),
  ]);
  return (spec) => pieceTokenizer(spec, rule, Tokenizer);
}

async function run(litert, model, { data, shape }, names) {
  const values = {
    ids: data,
    mask: new Int32Array(data.length).fill(1),
    segment_ids: new Int32Array(data.length),
  };
  const inputs = Object.fromEntries(
    names.map((name) => [name, new litert.Tensor(values[name], shape)]),
  );
  const outputs = await model.run(inputs);
  const probabilities = outputs.probabilities.toTypedArray(); // real, fake
  const fake = probabilities[1];
  for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete();
  return fake;
}

const PATIENCE = 40; // milliseconds
let drawn = 0;

/** Lets the browser draw and take keys, if that was long ago. */
async function pause() {
  if (performance.now() - drawn < PATIENCE) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  drawn = performance.now();
}

// --- On a server -------------------------------------------------------------------------------

const TRIES = 5;
const TOGETHER = 16;

function openRest(entry) {
  const { url, guards } = entry.engine;
  const { refusal, caution } = judge(guards);

  async function answers(texts) {
    const { predictions } = await posted(url, { instances: texts });
    return predictions.map((one, number) => {
      if (one.outcome === "not_scored") {
        return notScored(refusal(texts[number]) ?? "the server does not say why");
      }
      const { fake_probability, label } = one;
      const resembles = resembled(entry, fake_probability);
      const reason = caution(texts[number]);
      return { fake_probability, resembles, label, outcome: "scored", reason, part: null };
    });
  }

  async function probabilities(texts) {
    const { predictions } = await posted(url, { instances: texts });
    return predictions.map((one) => one.fake_probability);
  }

  return Promise.resolve({ answers, probabilities, together: TOGETHER });
}

async function posted(url, content) {
  for (let tried = 1; ; tried++) {
    let answer;
    try {
      const headers = { "Content-Type": "application/json" };
      answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(content) });
    } catch (error) {
      throw new Trouble(`The server does not answer (${error.message}). Is it still running?`);
    }
    if (answer.ok) return answer.json();
    if ((answer.status !== 429 && answer.status !== 503) || tried === TRIES) {
      const said = await answer.json().catch(() => ({}));
      throw new Trouble(
        `The server answered with status ${answer.status}: ${said.error ?? "no reason given"}.`,
      );
    }
    const seconds = Number(answer.headers.get("Retry-After")) || 1;
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}
