// <desk-list>: the views and the list beside them. Refreshed in place: rows that did not change stay the same elements,
// so that what one reads, points at or has focused does not jump.

import { localise } from "../ui/js/time.js";
import { paced, parsed, part } from "./net.js";
import { tick } from "./waits.js";

const EVERY = 1_000; // ms between two refreshes
const SHARE = 12; // a busy server is asked no more often than it takes times this
const MOST = 200; // rows that are refreshed at once

export class DeskList extends HTMLElement {
  connectedCallback() {
    this.took = 0;
    this.leaving = new AbortController();
    const signal = this.leaving.signal;
    this.soon = paced(() => this.refresh(), () => Math.max(EVERY, this.took * SHARE));
    document.addEventListener("desk:list", () => {
      this.stale = document.visibilityState !== "visible";
      if (!this.stale) this.soon();
    }, { signal });
    document.addEventListener("visibilitychange", () => this.stale && document.visibilityState === "visible" && this.soon(), { signal });
    document.addEventListener("desk:case", () => this.#mark(), { signal });
    this.addEventListener("click", (event) => {
      const more = event.target.closest("#more");
      if (!more) return;
      event.preventDefault();
      this.#grow(more);
    }, { signal });
    this.watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.#more?.click(), { rootMargin: "200px" });
    this.#drawn();
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.watcher.disconnect();
  }

  get #more() {
    return this.querySelector("#more");
  }

  get #rows() {
    return [...this.querySelectorAll("#rows > li")];
  }

  /** The links of the rows, in order. */
  get links() {
    return this.#rows.map((row) => row.firstElementChild);
  }

  async refresh() {
    if (this.busy) {
      this.again = true; // what is on its way may be too old
      return;
    }
    this.busy = true;
    this.again = this.stale = false;
    const here = new URLSearchParams(this.dataset.query);
    here.set("size", Math.min(this.#rows.length, MOST));
    const began = performance.now();
    try {
      const fresh = parsed(await part(`/desk/_list.html?${here}`, { signal: this.leaving.signal })).querySelector("desk-list");
      if (fresh) this.#take(fresh);
    } catch (error) {
      if (error.name !== "AbortError") console.info("list:", error.message); // the next hint or poll comes
    } finally {
      this.busy = false;
      this.took = performance.now() - began;
      if (this.again && this.isConnected) this.soon();
    }
  }

  #take(fresh) {
    for (const box of fresh.querySelectorAll("[data-live]")) {
      const here = this.querySelector(`[data-live="${box.dataset.live}"]`);
      if (here && here.innerHTML !== box.innerHTML) here.replaceChildren(...box.childNodes);
    }
    for (const item of fresh.querySelectorAll(".views__item[id]")) {
      const count = document.getElementById(item.id)?.querySelector("[data-count]");
      const text = item.querySelector("[data-count]")?.textContent; // not every item counts
      if (count && count.textContent !== text) count.textContent = text;
    }
    const place = this.querySelector("#cases-scroll");
    const rows = this.querySelector("ol#rows");
    const wanted = fresh.querySelector("ol#rows");
    if (rows && wanted) {
      morph(rows, wanted);
      this.#more?.remove();
      const more = fresh.querySelector("#more");
      if (more) place.append(document.adoptNode(more));
    } else place.replaceChildren(...fresh.querySelector("#cases-scroll").children);
    htmx.process(place);
    this.#drawn();
  }

  async #grow(more) {
    if (more.ariaBusy) return;
    more.ariaBusy = "true";
    try {
      const query = new URL(more.href).search;
      const fresh = parsed(await part(`/desk/_list.html${query}`, { background: false, signal: this.leaving.signal }));
      const had = new Set(this.#rows.map((row) => row.dataset.case));
      const added = [...fresh.querySelectorAll("#rows > li")].filter((row) => !had.has(row.dataset.case));
      this.querySelector("ol#rows").append(...added);
      const next = fresh.querySelector("#more");
      if (next) more.replaceWith(next);
      else more.remove();
      htmx.process(this.querySelector("#rows"));
      this.#drawn();
    } catch (error) {
      more.ariaBusy = null; // it stays, to be pressed again
      if (error.name !== "AbortError") console.info("list:", error.message);
    }
  }

  #drawn() {
    for (const row of this.#rows) if (!said.has(row)) said.set(row, saying(row));
    tick(this);
    localise(this);
    this.#mark();
    this.watcher.disconnect();
    if (this.#more) this.watcher.observe(this.#more);
    const unread = this.querySelectorAll(".row--unread").length;
    document.title = `${unread ? `(${unread}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
  }

  #mark() {
    const open = document.querySelector("desk-case")?.dataset.case;
    for (const row of this.#rows) {
      if (row.dataset.case === open) row.firstElementChild.setAttribute("aria-current", "true");
      else row.firstElementChild.removeAttribute("aria-current");
    }
  }
}

/** Make `rows` what `wanted` is, with as few changes as there are. */
function morph(rows, wanted) {
  const focused = document.activeElement.closest?.("#rows > li")?.dataset.case;
  const had = new Map([...rows.children].map((row) => [row.dataset.case, row]));
  let place = rows.firstElementChild;
  for (const fresh of [...wanted.children]) {
    let row = had.get(fresh.dataset.case);
    had.delete(fresh.dataset.case);
    if (!row) row = fresh;
    else if (said.get(row) !== saying(fresh)) {
      said.set(row, saying(fresh));
      row.replaceChildren(...fresh.childNodes);
    }
    if (row === place) place = place.nextElementSibling;
    else rows.insertBefore(row, place);
  }
  for (const row of had.values()) row.remove();
  const again = focused && rows.querySelector(`[data-case="${focused}"] > a`);
  if (again && document.activeElement !== again) again.focus({ preventScroll: true });
}

// What the server said of a row, before the page wrote its times into it; which row is open is not the server's to know.
const said = new WeakMap();
const saying = (row) => row.innerHTML.replace(/(<time[^>]*>)[^<]*/g, "$1").replace(/ aria-current="true"/g, "");
