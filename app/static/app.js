// What HTML cannot do alone. Every page works without it; nothing here runs code from a page.
"use strict";

// Copy buttons. The clipboard API is there on https and localhost only; a NAS is often reached by plain http.
async function copyFrom(input) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(input.value);
    return;
  }
  const around = input.closest("details");
  const wasOpen = around ? around.open : true;
  if (around) around.open = true;
  input.focus();
  input.select();
  const done = document.execCommand("copy");
  if (around && done) around.open = wasOpen;
  if (!done) throw new Error("not copied");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  const label = button.querySelector("[data-copy-label]");
  const before = label.dataset.before || label.textContent;
  label.dataset.before = before;
  try {
    await copyFrom(input);
    label.textContent = "Copied";
  } catch {
    input.closest("details")?.setAttribute("open", "");
    input.focus();
    input.select();
    label.textContent = "Press Ctrl+C to copy";
  }
  button.focus();
  setTimeout(() => { label.textContent = before; }, 2500);
});

function prepare(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const input of root.querySelectorAll("[data-timezone]")) {
    input.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }
}

prepare(document);
document.addEventListener("htmx:after:swap", () => prepare(document));

// What was swapped in says what was done: the focus, whose button is gone, goes there.
document.addEventListener("htmx:after:swap", () => {
  const told = document.querySelector("[data-focus]");
  if (!told) return;
  told.removeAttribute("data-focus");
  told.focus();
});

// The address says what is on the screen, also while somebody types a search.
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (!sourceElement.matches("[data-address]") || !response.raw?.ok) return;
  // Where the page's own address is another one than that of its part, it stands there.
  history.replaceState(null, "", sourceElement.dataset.address || response.raw.url);
});

// "/" goes to the search field: of the page where it has one, else the one for everything, or to the page with it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const fields = [...document.querySelectorAll("[data-search]"), ...document.querySelectorAll("[data-search-everywhere]")];
  const field = fields.find((one) => one.checkVisibility());
  const link = document.querySelector("[data-search-link]");
  if (!field && !link) return;
  event.preventDefault();
  if (field) field.focus();
  else link.click();
});

// A menu closes with Escape, and when something else is touched.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Live parts rest while nobody sees them, and catch up at once when somebody does.
document.addEventListener("htmx:config:request", (event) => {
  if (document.hidden && event.detail.ctx.sourceElement.matches("[data-live]")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.dispatchEvent(new CustomEvent("tellykeep:visible"));
});

// A page that is there because the one asked for is not: it stays until the appliance is ready, then it is loaded anew.
function untilReady(ownAddress) {
  setTimeout(async () => {
    const answer = document.hidden ? null : await fetch("/readyz", { cache: "no-store" }).catch(() => null);
    if (!answer?.ok) untilReady(ownAddress);
    else if (location.pathname === ownAddress) location.replace("/");
    else location.reload();
  }, 2000);
}
const waiting = document.querySelector("[data-until-ready]");
if (waiting) untilReady(waiting.dataset.untilReady);

// As an app of its own on a phone (https and localhost only).
window.addEventListener("load", () => {
  navigator.serviceWorker?.register("/service-worker.js", { updateViaCache: "none" }).catch(() => null);
});

// The server is away: say so, and stop saying so when it answers again.
function showOffline(isAway) {
  const note = document.getElementById("offline");
  if (note) note.hidden = !isAway;
}
document.addEventListener("htmx:error", () => showOffline(true));
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  showOffline(response.status > 500);
  // An answer that is no part of this page is not shown in it: that it came is.
  const refused = document.getElementById("refused");
  if (refused && !sourceElement.matches("[data-live]")) refused.hidden = response.status < 400 || response.status > 500;
});

// What is asked for is busy until the answer is there; what asks by itself in the background is not.
document.addEventListener("htmx:before:request", (event) => setBusy(event.detail.ctx.sourceElement, true));
document.addEventListener("htmx:finally:request", (event) => setBusy(event.detail.ctx.sourceElement, false));
function setBusy(element, isBusy) {
  if (element.matches("[data-live]")) return;
  if (isBusy) element.setAttribute("aria-busy", "true");
  else element.removeAttribute("aria-busy");
}

// A form is sent once, however often its button is pressed; a page that is come back to may send it again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.ariaBusy === "true") event.preventDefault();
  form.ariaBusy = "true";
  // What is only kept as a file leaves the page where it is.
  setTimeout(() => { form.ariaBusy = null; }, 5000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.ariaBusy = null;
});
