// FarmHash's Fingerprint64, by which TensorFlow sorts unknown words into buckets.
// Source: github.com/google/farmhash, namespace farmhashna. Numbers are 64 bits, in BigInt.

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

const wrap = (number) => BigInt.asUintN(64, number);
const rotate = (number, bits) => wrap((number >> bits) | (number << (64n - bits)));
const shiftMix = (number) => number ^ (number >> 47n);

/**
 * Returns the fingerprint of a text's UTF-8 bytes.
 *
 * @param {string} text
 * @returns {bigint} 0 to 2^64 - 1.
 */
export function fingerprint(text) {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  const long = (place) => view.getBigUint64(place, true);
  if (bytes.length <= 16) return upTo16(bytes, view, long);
  if (bytes.length <= 32) return upTo32(bytes.length, long);
  if (bytes.length <= 64) return upTo64(bytes.length, long);
  return longer(bytes.length, long);
}

function mixed(u, v, factor) {
  const a = shiftMix(wrap((u ^ v) * factor));
  return wrap(shiftMix(wrap((v ^ a) * factor)) * factor);
}

function upTo16(bytes, view, long) {
  const length = bytes.length;
  const size = BigInt(length);
  const factor = wrap(K2 + size * 2n);
  if (length >= 8) {
    const a = wrap(long(0) + K2);
    const b = long(length - 8);
    return mixed(wrap(rotate(b, 37n) * factor + a), wrap((rotate(a, 25n) + b) * factor), factor);
  }
  if (length >= 4) {
    const a = BigInt(view.getUint32(0, true));
    return mixed(size + (a << 3n), BigInt(view.getUint32(length - 4, true)), factor);
  }
  if (length === 0) return K2;
  const y = BigInt(bytes[0] + (bytes[length >> 1] << 8));
  const z = BigInt(length + (bytes[length - 1] << 2));
  return wrap(shiftMix(wrap(y * K2) ^ wrap(z * K0)) * K2);
}

function upTo32(length, long) {
  const factor = wrap(K2 + BigInt(length) * 2n);
  const a = wrap(long(0) * K1);
  const b = long(8);
  const c = wrap(long(length - 8) * factor);
  const d = wrap(long(length - 16) * K2);
  const first = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  return mixed(first, wrap(a + rotate(wrap(b + K2), 18n) + c), factor);
}

function upTo64(length, long) {
  const factor = wrap(K2 + BigInt(length) * 2n);
  const a = wrap(long(0) * K2);
  const b = long(8);
  const c = wrap(long(length - 8) * factor);
  const d = wrap(long(length - 16) * K2);
  const y = wrap(rotate(wrap(a + b), 43n) + rotate(c, 30n) + d);
  const z = mixed(y, wrap(a + rotate(wrap(b + K2), 18n) + c), factor);
  const e = wrap(long(16) * factor);
  const f = long(24);
  const g = wrap((y + long(length - 32)) * factor);
  const h = wrap((z + long(length - 24)) * factor);
  const first = wrap(rotate(wrap(e + f), 43n) + rotate(g, 30n) + h);
  return mixed(first, wrap(e + rotate(wrap(f + a), 18n) + g), factor);
}

function weak(long, place, a, b) {
  const w = long(place);
  const z = long(place + 24);
  a = wrap(a + w);
  b = rotate(wrap(b + a + z), 21n);
  const before = a;
  a = wrap(a + long(place + 8) + long(place + 16));
  b = wrap(b + rotate(a, 44n));
  return [wrap(a + z), wrap(b + before)];
}

function longer(length, long) {
  let x = wrap(81n * K2 + long(0));
  let y = wrap(81n * K1 + 113n);
  let z = wrap(shiftMix(wrap(y * K2 + 113n)) * K2);
  let v = [0n, 0n];
  let w = [0n, 0n];
  const end = Math.floor((length - 1) / 64) * 64;
  for (let place = 0; place < end; place += 64) {
    [x, y, z, v, w] = block(long, place, x, y, z, v, w, K1, 1n);
  }
  const factor = wrap(K1 + ((z & 0xffn) << 1n));
  w[0] = wrap(w[0] + BigInt((length - 1) & 63));
  v[0] = wrap(v[0] + w[0]);
  w[0] = wrap(w[0] + v[0]);
  [x, y, z, v, w] = block(long, length - 64, x, y, z, v, w, factor, 9n);
  const first = wrap(mixed(v[0], w[0], factor) + wrap(shiftMix(y) * K0) + z);
  return mixed(first, wrap(mixed(v[1], w[1], factor) + x), factor);
}

function block(long, place, x, y, z, v, w, factor, times) {
  x = wrap(rotate(wrap(x + y + v[0] + long(place + 8)), 37n) * factor);
  y = wrap(rotate(wrap(y + v[1] + long(place + 48)), 42n) * factor);
  x ^= wrap(w[1] * times);
  y = wrap(y + v[0] * times + long(place + 40));
  z = wrap(rotate(wrap(z + w[0]), 33n) * factor);
  v = weak(long, place, wrap(v[1] * factor), wrap(x + w[0]));
  w = weak(long, place + 32, wrap(z + w[1]), wrap(y + long(place + 16)));
  return [z, y, x, v, w];
}
