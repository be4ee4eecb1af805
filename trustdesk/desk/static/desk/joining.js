// Merging and splitting: the dialogs, fetched when they are wanted, and what was said in a case that was merged.

import { localise } from "../ui/js/time.js";
import { toast } from "../ui/js/toast.js";
import { Refused, part, parsed, words } from "./net.js";

/** Fetch what is offered, and show it. */
export async function offer(dialog, url) {
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  try {
    const fetched = parsed(await part(url, { background: false })).firstElementChild;
    dialog.replaceChildren(...fetched.childNodes);
    if (!dialog.open) dialog.showModal();
  } catch (error) {
    toast(words("failed"), { tone: "warning" });
    console.info("joining:", error.message);
  }
}

/** Fetch the lines of a merged case once they are looked at. */
export async function unfold(block) {
  const box = block.querySelector("[data-from]");
  if (!box?.dataset.from) return;
  try {
    box.replaceChildren(...parsed(await part(box.dataset.from, { background: false })).childNodes);
    box.removeAttribute("data-from");
    localise(box);
    block.scrollIntoView({ block: "nearest" });
  } catch (error) {
    box.textContent = words(error instanceof Refused && error.status === 404 ? "merged.hidden" : "failed");
  }
}
