// Keeps the program's own files on this device, and shows a page of its own where the appliance cannot be reached.
// Pages, posters and answers of the API are private: they are never kept.
"use strict";

const KEPT = "tellykeep-{{ version }}";
const UNREACHABLE = {{ page | tojson }};
const FILES = {{ files | tojson }};
// Longer than any page takes. Away from home a phone would otherwise wait for minutes for an address that nobody has.
const PATIENCE_MS = 20000;

async function keepAll() {
  const cache = await caches.open(KEPT);
  await Promise.all([UNREACHABLE, ...FILES].map(async (address) => {
    // A proxy that wants a sign-in first sends somewhere else: that is not the file.
    const answer = await fetch(address, { redirect: "error", cache: address === UNREACHABLE ? "reload" : "default" });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    await cache.put(address, answer);
  }));
  await self.skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) {
    if (name.startsWith("tellykeep-") && name !== KEPT) await caches.delete(name);
  }
  // The browser asks for a page by itself while the worker wakes up, with the headers that it would send without one.
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function openPage(event) {
  let timer;
  const patience = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error("no answer")), PATIENCE_MS); });
  const asked = (async () => (await event.preloadResponse) ?? fetch(event.request))();
  try {
    return await Promise.race([asked, patience]);
  } catch {
    asked.catch(() => null);
    const cache = await caches.open(KEPT);
    return (await cache.match(UNREACHABLE)) ?? Response.error();
  } finally {
    clearTimeout(timer);
  }
}

async function openFile(event) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(event.request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(event.request);
  // Only where the address names this very content.
  if (answer.ok && answer.headers.get("Cache-Control")?.includes("immutable")) {
    event.waitUntil(cache.put(event.request, answer.clone()));
  }
  return answer;
}

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, searchParams } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  // Downloads of the API are navigations too, and may take their time.
  if (request.mode === "navigate" && !pathname.startsWith("/api/")) event.respondWith(openPage(event));
  else if (pathname.startsWith("/static/") && searchParams.has("v")) event.respondWith(openFile(event));
});
