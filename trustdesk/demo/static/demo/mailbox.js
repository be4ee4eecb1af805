// Keeps the list of letters fresh while somebody looks at it.
import { localise } from "../ui/js/time.js";

const list = document.getElementById("letters");
let before = null;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(list.dataset.part).catch(() => null); // the server is away: next time
  if (!answer?.ok) return;
  const text = await answer.text();
  if (text === before) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  if (before !== null) {
    // Our own server's template, its values escaped there.
    list.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    localise(list);
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
  before = text;
}

refresh();
setInterval(refresh, 3000);
document.addEventListener("visibilitychange", refresh);
