// Files of a model, checked against what models.json says of them.

/** What a person can be told, in one sentence or two. */
export class Trouble extends Error {}

/**
 * One file in models.json.
 *
 * @typedef {object} Listed
 * @property {string} path Relative to the page.
 * @property {string} sha256 64 hex digits.
 * @property {number} bytes
 */

/**
 * Fetches a file and makes sure that it is the one that was exported.
 *
 * @param {Listed} listed
 * @returns {Promise<Uint8Array>}
 * @throws {Trouble} It is missing or another one.
 */
export async function checked(listed) {
  const content = await fetched(listed.path);
  const found = await digest(content);
  if (content.length === listed.bytes && (found === null || found === listed.sha256)) {
    return content;
  }
  const is = found ? `its SHA-256 is ${found.slice(0, 12)}…` : `it has ${content.length} bytes`;
  const was = found ? `${listed.sha256.slice(0, 12)}…` : listed.bytes;
  throw new Trouble(
    `${listed.path} is not the file that was exported: ${is}, and models.json says ${was}. ` +
      "It was swapped or damaged, so its answers would not be this model's. Export the run again.",
  );
}

async function fetched(path) {
  let answer;
  try {
    // A copy that the browser kept must be asked after: an export may have replaced the file.
    answer = await fetch(path, { cache: "no-cache" });
  } catch (error) {
    throw new Trouble(`${path} cannot be had: ${error.message}. Is the server still running?`);
  }
  if (!answer.ok) {
    throw new Trouble(
      `${path} is missing (status ${answer.status}). Copy the whole folder of the export.`,
    );
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** Whether this page can compute digests: browsers do on https and on the same machine alone. */
export function canCheck() {
  return globalThis.crypto?.subtle !== undefined;
}

async function digest(content) {
  if (!canCheck()) return null;
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
