// Keeps what the page loaded, so that it works without a network from then on.
//
// While there is a network, files come from there: a page that was exported anew is never mixed
// with an old one. What is kept answers only where the network does not.

const VERSION = "VERSION_OF_THE_PAGE"; // a digest of the page's files and of models.json
const FILES = ["FILES OF THE PAGE"];
const OURS = `tfnews ${self.registration.scope} `;
const CACHE = OURS + VERSION;

self.addEventListener("install", (event) => {
  event.waitUntil(keep(["./", "models.json", ...FILES]).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

// The page says what it loaded besides: the runtime and the models in use.
self.addEventListener("message", (event) => {
  event.waitUntil(
    keep(event.data.keep).then(
      () => event.ports[0].postMessage({ kept: true }),
      (error) => event.ports[0].postMessage({ kept: false, error: String(error) }),
    ),
  );
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  if (!event.request.url.startsWith(self.registration.scope)) return;
  event.respondWith(fetch(event.request).catch(() => kept(event.request)));
});

async function keep(addresses) {
  const cache = await caches.open(CACHE);
  const missing = [];
  for (const address of addresses) if (!(await cache.match(address))) missing.push(address);
  // Ask whether the browser's own copy is the newest, which costs little.
  await cache.addAll(missing.map((address) => new Request(address, { cache: "no-cache" })));
}

async function kept(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) ?? Response.error();
}

async function forgetOthers() {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}
