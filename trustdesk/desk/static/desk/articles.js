// Articles of a reply: found with "??", Ctrl-K or the button, or proposed for the case; shown above the bar until it is sent.

import { toast } from "../ui/js/toast.js";
import { Refused, paced, parsed, part, words } from "./net.js";

const MOST = 3; // of one reply
const PAUSE = 180; // ms between two searches
const OPENING = /(^|\s)(\?\?|？？)$/; // two question marks that begin a word: "really??" is none

/** The articles chosen for a reply, as a part of its form. `changed()` is called after each change. */
export class Chosen {
  constructor(composer, changed) {
    this.list = composer.querySelector("[data-chosen]");
    this.piece = composer.querySelector("[data-chosen-piece]");
    this.changed = changed;
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-drop]")?.closest("li");
      if (!item) return;
      item.remove();
      this.#settle();
      composer.field.focus();
    });
  }

  /** As {id, title} of each. */
  get all() {
    return [...this.list.children].map((item) => ({ id: item.querySelector("input").value, title: item.querySelector("bdi").textContent }));
  }

  add({ id, title }) {
    if (this.all.some((one) => one.id === String(id))) return;
    if (this.list.childElementCount >= MOST) return toast(words("articles.most", { count: MOST }), { tone: "warning" });
    const item = this.piece.content.firstElementChild.cloneNode(true);
    item.querySelector("bdi").textContent = title;
    item.querySelector("input").value = id;
    this.list.append(item);
    this.#settle();
  }

  drop(ids) {
    for (const item of [...this.list.children]) if (ids.includes(item.querySelector("input").value)) item.remove();
    this.#settle();
  }

  #settle() {
    this.list.hidden = !this.list.childElementCount;
    this.changed();
  }
}

/** The box that searches articles: words, arrows, Enter. `insert({id, title})` takes what was chosen. */
export class Finder {
  constructor(composer, insert, signal) {
    this.composer = composer;
    this.insert = insert;
    this.box = composer.querySelector("[data-finder]");
    this.input = this.box.querySelector("input");
    this.look = paced(() => this.#look(), () => PAUSE);
    this.input.addEventListener("input", () => this.look(), { signal });
    this.input.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.box.addEventListener("click", (event) => this.#take(event.target.closest("[data-article]")), { signal });
    this.box.addEventListener("focusout", (event) => this.box.contains(event.relatedTarget) || this.close({ back: false }), { signal });
    this.box.addEventListener("pointerdown", (event) => event.target !== this.input && event.preventDefault(), { signal }); // the focus stays
    composer.querySelector("[data-find-article]").addEventListener("click", () => this.open(), { signal });
    composer.field.addEventListener("input", () => this.#typed(), { signal });
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.open();
    }, { signal });
  }

  open() {
    this.caret = this.composer.field.selectionStart;
    this.box.hidden = false;
    this.input.value = "";
    this.input.focus();
    this.#look();
  }

  close({ back = true } = {}) {
    if (this.box.hidden) return;
    this.box.hidden = true;
    this.input.removeAttribute("aria-activedescendant");
    if (!back) return;
    this.composer.field.focus();
    this.composer.field.setSelectionRange(this.caret, this.caret);
  }

  #typed() {
    const field = this.composer.field;
    const at = field.selectionStart;
    if (!OPENING.test(field.value.slice(0, at))) return;
    field.setRangeText("", at - 2, at, "end");
    this.open();
  }

  async #look() {
    const asked = (this.asked = this.input.value.trim());
    try {
      const text = await part(`${this.box.dataset.from}?q=${encodeURIComponent(asked)}`, { background: false });
      if (asked !== this.asked || this.box.hidden) return;
      this.box.querySelector("[role=listbox]").replaceWith(parsed(text).querySelector("[role=listbox]"));
      this.#point(this.options[0]);
    } catch (error) {
      if (error instanceof Refused || error instanceof TypeError) console.info("articles:", error.message);
      else throw error;
    }
  }

  get options() {
    return [...this.box.querySelectorAll("[data-article]")];
  }

  #point(option) {
    for (const one of this.options) one.ariaSelected = String(one === option);
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (event.isComposing) return;
    const { options } = this;
    const at = options.findIndex((one) => one.ariaSelected === "true");
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && options.length) this.#point(options[(at + steps[event.key] + options.length) % options.length]);
    else if (event.key === "Enter") this.#take(options[at]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  #take(option) {
    if (!option) return;
    this.close();
    this.insert({ id: option.dataset.article, title: option.dataset.title });
  }
}

/** Fetch what fits the case and show it as buttons, each of which inserts its article. */
export async function propose(composer, insert, signal) {
  const box = composer.querySelector("[data-suggested]");
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-article]");
    if (!button) return;
    insert({ id: button.dataset.article, title: button.dataset.title });
    button.remove();
    box.hidden = !box.querySelector("[data-article]");
    composer.field.focus();
  }, { signal });
  try {
    const found = parsed(await part(box.dataset.from, { signal })).firstElementChild;
    if (!found?.querySelector("[data-article]")) return;
    box.replaceChildren(...found.childNodes);
    box.hidden = false;
  } catch (error) {
    if (error.name !== "AbortError") console.info("articles:", error.message);
  }
}
