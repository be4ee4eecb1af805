// One's own cases: what is written and not sent yet survives a reload and a lost session, and an open case stays fresh.
// Everything works without this.

import "../ui/js/page.js";
import { localise } from "../ui/js/time.js";
import { toast } from "../ui/js/toast.js";

const PREFIX = "trustdesk.reply.";
const EVERY = 20_000; // ms between two looks while the page is in front

function attempt(action) {
  try {
    return action();
  } catch {
    return null; // storage may be forbidden: then nothing is kept
  }
}

const recall = (key) => attempt(() => JSON.parse(sessionStorage.getItem(key)));
const keep = (key, draft) => attempt(() => sessionStorage.setItem(key, JSON.stringify(draft)));
const drop = (key) => attempt(() => sessionStorage.removeItem(key));
const keys = () => attempt(() => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX))) ?? [];

// Drafts: forgotten once the timeline holds the message, in this case or in the one that follows it.

const sent = new Set([...document.querySelectorAll("#live [data-id]")].map((entry) => entry.dataset.id));
for (const key of keys()) if (sent.has(recall(key)?.identity)) drop(key);

const form = document.querySelector("form[data-draft]");
if (form) {
  const key = PREFIX + form.dataset.draft;
  const { text, identity } = form.elements;
  const draft = recall(key);
  if (draft && !text.value) {
    text.value = draft.text;
    identity.value = draft.identity; // sent already and the answer lost? Then it is the same message
  }
  text.addEventListener("input", () => (text.value.trim() ? keep(key, { text: text.value, identity: identity.value }) : drop(key)));
  form.addEventListener("submit", (event) => {
    const button = form.querySelector("button.button--primary");
    if (button.getAttribute("aria-busy")) event.preventDefault();
    button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => form.querySelector("button.button--primary").removeAttribute("aria-busy"));
}

for (const leaving of document.querySelectorAll("form[data-forgets]")) {
  leaving.addEventListener("submit", () => {
    keys().forEach(drop);
    attempt(() => localStorage.removeItem("trustdesk.token")); // the chat page must not go on as the one who left
  });
}

// The server parts days in its own time zone; here they are the reader's.
function partDays() {
  let before = "";
  for (const divider of document.querySelectorAll("#live [data-day]")) {
    const day = new Date(divider.querySelector("time").dateTime).toDateString();
    divider.hidden = day === before;
    before = day;
  }
}

partDays();

// An open case: a look when one comes back to the page, and every now and then.

async function refresh() {
  const live = document.getElementById("live");
  if (document.hidden || !live) return;
  try {
    const response = await fetch(`${live.dataset.url}?have=${encodeURIComponent(live.dataset.have)}`);
    if (response.status !== 200) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("live");
    if (!fresh) return;
    const answers = (part) => part.querySelectorAll(".entry:not(.entry--own)").length;
    if (answers(fresh) > answers(live)) toast(fresh.dataset.news);
    live.replaceWith(document.adoptNode(fresh));
    localise(fresh);
    partDays();
  } catch {
    // offline: the next look comes
  }
}

if (document.getElementById("live")) {
  document.addEventListener("visibilitychange", refresh);
  addEventListener("focus", refresh);
  addEventListener("online", refresh);
  setInterval(refresh, EVERY);
}
