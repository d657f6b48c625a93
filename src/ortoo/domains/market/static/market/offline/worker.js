// Opens the entry page without a network, and nothing else. It keeps the last entry pages of one
// log-in and the static files they need, under the name that the server gave this log-in; pages of
// another log-in, log-out and twelve hours remove them. It never answers for a page while the line
// holds, and never keeps an answer to a POST.
const NAME = "ortoo-entry:", FILES = "ortoo-files";
const LIFE = 12 * 3600e3;
const PATIENCE = 6000;
const ENTRY = /^\/returns\/[^/]+\/[^/]+\/(correct\/)?$/;
const LEAVING = /^\/(login|logout|recover|demo\/login)\//;

const ours = async () => (await caches.keys()).filter((name) => name.startsWith(NAME));
let era = 0; // Counts log-outs, so that a page still on its way then is not kept after all.

async function drop(but) {
  if (!but) era++, await caches.delete(FILES);
  await Promise.all((await ours()).filter((name) => name !== but).map((name) => caches.delete(name)));
}
async function keep(request, response) {
  const who = response.headers.get("Ortoo-Device"), then = era;
  if (!who || !response.ok || response.redirected) return;
  await drop(NAME + who);
  const headers = new Headers(response.headers);
  headers.set("Ortoo-Kept", Date.now());
  const copy = new Response(await response.blob(), { headers });
  if (then === era) await (await caches.open(NAME + who)).put(request.url, copy);
}
async function kept(url) {
  const found = await caches.match(url, { ignoreVary: true });
  const at = found?.headers.get("Ortoo-Kept");
  return found && (!at || Date.now() - at < LIFE) ? found : null;
}
async function page(event) {
  const line = fetch(event.request).then((response) => {
    event.waitUntil(keep(event.request, response.clone()));
    return response;
  });
  const tired = new Promise((resolve) => setTimeout(resolve, PATIENCE)).then(() => kept(event.request.url));
  const first = await Promise.race([line.catch(() => null), tired]);
  return first ?? (await kept(event.request.url)) ?? line;
}
async function asset(request) {
  try {
    const response = await fetch(request);
    if (response.ok && (await ours()).length) await (await caches.open(FILES)).put(request.url, response.clone());
    return response;
  } catch (fault) {
    const found = await kept(request.url);
    if (found) return found;
    throw fault;
  }
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
// The page that registered us came before us: it says what it was made of.
addEventListener("message", (event) => event.waitUntil((async () => {
  const { page: url, files } = event.data;
  if (!ENTRY.test(new URL(url).pathname)) return;
  await keep(new Request(url), await fetch(url, { credentials: "same-origin" }));
  if ((await ours()).length) await (await caches.open(FILES)).addAll(files);
  event.source?.postMessage("kept");
})()));
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate" && LEAVING.test(url.pathname)) event.waitUntil(drop());
  if (request.method !== "GET") return;
  if (request.mode === "navigate" ? ENTRY.test(url.pathname) : false) event.respondWith(page(event));
  else if (url.pathname.startsWith("/static/")) event.respondWith(asset(request));
});
