// The desk: a list of cases, one case, and what keeps both up to date.

import { DeskCase } from "./case.js";
import { DeskComposer } from "./composer.js";
import * as drafts from "./drafts.js";
import { describe } from "./keys.js";
import { DeskList } from "./list.js";
import { part, words } from "./net.js";
import { toast } from "../ui/js/toast.js";
import * as socket from "./socket.js";

const POLL = 15_000; // ms between two looks while there is no connection
const SAFETY = 60_000; // and while there is one: hints may be lost
const ALIVE = 6 * 60_000; // and before the session is told that somebody is working

const tell = (name) => document.dispatchEvent(new CustomEvent(name));

// Hints.

document.addEventListener("desk:frame", ({ detail: frame }) => {
  if (frame.t === "list" || frame.t === "refresh") tell("desk:list");
});

document.addEventListener("desk:link", ({ detail: up }) => {
  const banner = document.getElementById("connection");
  banner.hidden = up;
  banner.querySelector("[data-waiting]").hidden = !navigator.onLine;
  banner.querySelector("[data-offline]").hidden = navigator.onLine;
  if (up) tell("desk:list");
});

setInterval(() => {
  if (socket.up || !navigator.onLine) return;
  tell("desk:list");
  tell("desk:poll");
}, POLL);
setInterval(() => socket.up && tell("desk:list"), SAFETY);

// Who types for half an hour sends nothing meanwhile, and is still at work: the session has to know.
let busy = false;
for (const sign of ["keydown", "pointerdown"]) addEventListener(sign, () => (busy = true), { passive: true });
setInterval(async () => {
  if (!busy) return;
  busy = false;
  await part("/desk/_list.html", { background: false }).catch((error) => console.info("session:", error.message));
}, ALIVE);

// Moving about: filters keep the case that is open.

document.addEventListener("htmx:configRequest", (event) => {
  const link = event.target.closest("[data-filter], .search");
  if (link && document.querySelector("desk-case")) event.detail.path = location.pathname + new URL(event.detail.path, location.href).search;
});

document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.status === 404) toast(words("gone"), { tone: "warning" });
  else if (!detail.xhr.getResponseHeader("HX-Redirect")) toast(words("failed"), { tone: "error" });
});

document.addEventListener("htmx:sendError", () => toast(words("failed"), { tone: "error" }));
document.addEventListener("htmx:load", (event) => describe(event.target));

document.addEventListener("click", (event) => event.target.closest("#lightbox")?.close());

// Oneself.

document.addEventListener("submit", async (event) => {
  if (event.target.id === "sign-out") drafts.forget();
  if (event.target.id !== "availability") return;
  event.preventDefault();
  const button = event.target.querySelector("button");
  const on = event.target.elements.on.value === "1";
  try {
    await part(event.target.action, { background: false, form: new FormData(event.target) });
    event.target.elements.on.value = on ? "0" : "1";
    button.ariaChecked = String(on);
    button.querySelector("[data-label]").textContent = on ? button.dataset.on : button.dataset.off;
    document.querySelector(".me__who .avatar__dot")?.classList.toggle("avatar__dot--on", on);
  } catch {
    toast(words("failed"), { tone: "error" });
  }
});

socket.connect(document.querySelector('meta[name="desk"]').dataset.socket);
customElements.define("desk-list", DeskList);
customElements.define("desk-composer", DeskComposer);
customElements.define("desk-case", DeskCase);
describe();
