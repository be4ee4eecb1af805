// One's own cases: an open one stays fresh, and what was written is forgotten once it has arrived or one signs out.
// Everything works without this.

import "../ui/js/page.js";
import { localise } from "../ui/js/time.js";
import { toast } from "../ui/js/toast.js";
import { forgetAll, forgetShown } from "./ticket_draft.js";

const EVERY = 20_000; // ms between two looks while the page is in front

forgetShown(new Set([...document.querySelectorAll("#live [data-id]")].map((entry) => entry.dataset.id)));

for (const leaving of document.querySelectorAll("form[data-forgets]")) {
  leaving.addEventListener("submit", () => {
    forgetAll();
    try {
      localStorage.removeItem("trustdesk.token"); // the chat page must not go on as the one who left
    } catch {
      // storage may be forbidden: then nothing was kept
    }
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
