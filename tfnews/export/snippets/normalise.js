// For MediaPipe's TextClassifier in a page: classify(normalise(text, spec.tokenizer)).
// Its tokenizers neither strip accents nor lower-case words. normalise_vectors.json holds texts and
// what must come out; needs no library. A page with LiteRT.js and tokenizer.json needs none of this.

const IN_NO_VOCABULARY = "\u{10ffff}";
const LEFT_OUT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\p{Cf}\p{Co}\ufffd]/gu;
const SPACES = /[\t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/gu;
const ALONE =
  /[\p{P}$+<=>^`|~\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** Returns a text that MediaPipe's tokenizer splits as the run's splits the original. */
export function normalise(text, rule) {
  return rule.type === "wordpiece" ? normalisePieces(text, rule) : normaliseWords(text, rule);
}

function normalisePieces(text, rule) {
  text = text.replace(LEFT_OUT, "").replace(SPACES, " ");
  if (rule.lowercase) text = Array.from(text, (c) => c.toLowerCase()).join("");
  if (rule.strip_accents) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
  return text.replace(ALONE, " $& ").replace(/[^ ]{101,}/gu, IN_NO_VOCABULARY);
}

function normaliseWords(text, rule) {
  if (rule.normalise !== "none") text = text.replaceAll("\0", " ").toLowerCase();
  if (rule.normalise === "words") {
    text = text.replace(/[^\p{L}\p{N}_]+/gu, " ").replace(/^ +| +$/g, "");
  }
  if (rule.normalise === "characters") {
    text = (text.match(/[a-z0-9_]+|[\p{L}\p{N}_]\p{M}*|\p{M}+/gu) ?? []).join(" ");
  }
  const words = text.split(" ").map((word) => word.replaceAll("\0", IN_NO_VOCABULARY));
  return words.map((word) => word || IN_NO_VOCABULARY).join(" ");
}
