// <desk-case>: one case. What is new is fetched and added below, never touching what is being written or read.

import { hue, initials } from "../ui/js/names.js";
import { localise } from "../ui/js/time.js";
import { toast } from "../ui/js/toast.js";
import * as joining from "./joining.js";
import * as mail from "./mail.js";
import { Refused, paced, parsed, part, words } from "./net.js";
import { say } from "./socket.js";
import { tick } from "./waits.js";

const EVERY = 250; // ms between two fetches of a timeline
const PANEL_EVERY = 1_500;
const NEAR = 80; // px from the end that still count as being there
const TYPING_LASTS = 6_000; // ms without another word of it
const WIDE = matchMedia("(min-width: 80rem)");

export class DeskCase extends HTMLElement {
  connectedCallback() {
    this.leaving = new AbortController();
    const signal = this.leaving.signal;
    this.reference = this.dataset.case;
    this.upto = Number(this.dataset.upto);
    this.seen = 0;
    this.pull = paced(() => this.#pull(), () => EVERY);
    this.refreshPanel = paced(() => this.#refreshPanel(), () => PANEL_EVERY);
    this.scroller = this.querySelector("[data-scroll]");
    document.addEventListener("desk:frame", (event) => this.#take(event.detail), { signal });
    document.addEventListener("desk:link", (event) => event.detail && this.#arrive(), { signal });
    document.addEventListener("desk:poll", () => this.pull(), { signal });
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    this.scroller.addEventListener("scroll", () => this.#look(), { signal, passive: true });
    this.addEventListener("submit", (event) => this.#submitted(event), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.addEventListener("toggle", (event) => this.#toggled(event.target), { signal, capture: true });
    if (WIDE.matches && localStorage.getItem("desk-panel") === "shut") this.dataset.panel = "shut";
    document.title = this.dataset.title;
    localise(this);
    tick(this);
    this.#begin();
    this.#arrive();
    document.dispatchEvent(new CustomEvent("desk:case"));
  }

  disconnectedCallback() {
    this.leaving.abort();
    say({ t: "close", case: this.reference });
    clearTimeout(this.typingTimer);
  }

  // Where one is in the timeline.

  #begin() {
    const unread = this.querySelector("[data-unread]");
    if (unread) unread.scrollIntoView({ block: "start" });
    else this.toEnd();
    // Pictures have their size, but a font may come late.
    requestAnimationFrame(() => { if (!unread) this.toEnd(); this.#look(); });
  }

  get atEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Note what has been in sight: only that counts as read when a reply is sent. */
  #look() {
    if (!this.atEnd) return;
    this.querySelector("[data-newer]").hidden = true;
    if (document.visibilityState !== "visible" || this.seen === this.upto) return;
    this.seen = this.upto;
    this.querySelector('[name="seen"]').value = this.seen;
    if (this.querySelector("[data-head]").dataset.mine === "1") say({ t: "read", case: this.reference, seq: this.seen });
  }

  // What comes in.

  #arrive() {
    if (say({ t: "open", case: this.reference })) this.pull();
    if (this.seen) say({ t: "read", case: this.reference, seq: this.seen });
  }

  #take(frame) {
    if (frame.t === "cases" && frame.at[this.reference] > this.upto) this.pull();
    else if (frame.t === "refresh") this.pull();
    if (frame.case !== this.reference) return;
    if (frame.t === "typing") this.#typing(frame.on);
    else if (frame.t === "presence" && "customer" in frame) this.#here((this.customerHere = frame.customer));
    else if (frame.t === "presence") this.#viewers(frame.viewers);
    else if (frame.t === "seen") this.#customerRead((this.readUpto = frame.seq));
    else if (frame.t === "error" && frame.code === "not_found") this.#lost();
  }

  async #pull() {
    try {
      this.apply(await part(`${this.dataset.parts}_timeline.html?after=${this.upto}`, { signal: this.leaving.signal }));
    } catch (error) {
      if (error instanceof Refused && error.status === 404) this.#lost();
      else if (error.name !== "AbortError") console.info("timeline:", error.message); // the next hint or poll comes
    }
  }

  /** Add the lines of a part that are not here yet, and show its head. */
  apply(text) {
    const part = parsed(text).querySelector("[data-lines]");
    if (!part || !this.isConnected) return;
    const head = part.querySelector("template[data-new-head]");
    head?.remove();
    const upto = Number(part.dataset.upto);
    if (upto > this.upto) this.#append([...part.children], upto);
    if (head) this.#show(head.content.querySelector("[data-head]"));
    if (part.hasAttribute("data-later")) this.pull();
  }

  #append(nodes, upto) {
    const had = this.upto;
    const wasAtEnd = this.atEnd;
    const isOld = (node) => Number(node.dataset.seq) <= had;
    nodes = nodes.filter((node, at) => !isOld(node) && !(node.classList.contains("divider") && nodes[at + 1] && isOld(nodes[at + 1])));
    this.querySelector("[data-lines]").append(...nodes);
    this.upto = upto;
    nodes.forEach((node) => { localise(node); tick(node); });
    const said = nodes.filter((node) => node.dataset.author === "customer");
    if (said.length) this.#typing(false);
    if (said.length || nodes.some((node) => node.matches(".event, .merged"))) this.refreshPanel();
    const own = nodes.some((node) => node.hasAttribute("data-mine"));
    if (wasAtEnd || own) this.toEnd();
    else if (nodes.some((node) => node.matches(".entry"))) this.querySelector("[data-newer]").hidden = false;
    this.#look();
  }

  #show(head) {
    const old = this.querySelector("[data-head]");
    if (old.querySelector("details[open]") || old.matches(":focus-within")) this.headWaits = true; // not under somebody's finger
    else if (plain(old) !== plain(head)) {
      old.replaceWith(document.adoptNode(head));
      this.#viewers(this.viewers ?? []);
      htmx.process(this.querySelector("[data-head]"));
    }
  }

  async #refreshPanel() {
    try {
      const fresh = parsed(await part(`${this.dataset.parts}_panel.html`, { signal: this.leaving.signal })).querySelector("[data-panel]");
      const old = this.querySelector("aside[data-panel]");
      if (!fresh || old.matches(":focus-within")) return;
      const top = old.firstElementChild.scrollTop;
      old.replaceChildren(...fresh.childNodes);
      old.firstElementChild.scrollTop = top;
      this.#here(this.customerHere);
      localise(old);
      tick(old);
      htmx.process(old);
    } catch (error) {
      if (error.name !== "AbortError") console.info("panel:", error.message);
    }
  }

  #lost() {
    toast(words("gone"), { tone: "warning" });
    document.dispatchEvent(new CustomEvent("desk:list"));
    this.leaving.abort();
  }

  /** Mark the last of our messages that the customer has read. */
  #customerRead(seq) {
    const ours = [...this.querySelectorAll('.entry[data-author="agent"]:not(.entry--note)')];
    const last = ours.findLast((line) => Number(line.dataset.seq) <= seq);
    if (!last || last.querySelector(".entry__read")) return;
    for (const mark of this.querySelectorAll(".entry .entry__read")) mark.remove();
    last.append(this.querySelector("[data-read-mark]").content.cloneNode(true));
  }

  // Who is here.

  #typing(on) {
    clearTimeout(this.typingTimer);
    const box = this.querySelector("[data-typing]");
    const wasAtEnd = this.atEnd;
    box.hidden = !on;
    if (on) this.typingTimer = setTimeout(() => this.#typing(false), TYPING_LASTS);
    if (on && wasAtEnd) this.toEnd();
  }

  #here(on) {
    const box = this.querySelector("[data-here]");
    if (!box) return;
    box.classList.toggle("on", Boolean(on));
    box.querySelector("[data-on]").hidden = !on;
    box.querySelector("[data-off]").hidden = Boolean(on);
  }

  #viewers(viewers) {
    this.viewers = viewers;
    const box = this.querySelector("[data-viewers]");
    const names = viewers.map((one) => one.name).join(", ");
    box.hidden = !viewers.length;
    box.title = viewers.length ? words(viewers.length > 1 ? "viewing.many" : "viewing", { names }) : "";
    box.replaceChildren(...viewers.slice(0, 4).map(face));
    const note = document.createElement("span");
    note.className = "visually-hidden";
    note.textContent = box.title;
    box.append(note);
    const writer = viewers.find((one) => one.state === "typing");
    const line = this.querySelector("[data-colleague-typing]");
    line.hidden = !writer;
    line.textContent = writer ? words("writing", { name: writer.name }) : "";
  }

  // What one does.

  async #submitted(event) {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    const values = new FormData(form);
    values.set("after", this.upto);
    const button = event.submitter ?? form.querySelector("button");
    button.ariaBusy = "true";
    try {
      const text = await part(form.action, { background: false, form: values });
      document.activeElement.blur();
      for (const menu of this.querySelectorAll("details.menu[open]")) menu.open = false;
      if (form.closest("dialog")) mail.asked(form.closest("dialog"));
      this.apply(text);
      this.refreshPanel();
      document.dispatchEvent(new CustomEvent("desk:list"));
    } catch (error) {
      this.#refuse(error instanceof Refused && error.status === 409 ? parsed(error.text).textContent.trim() : words("failed"), form);
      this.pull();
    } finally {
      button.ariaBusy = null;
    }
  }

  /** Say why it was refused: in the dialog, where one stands in front of everything else. */
  #refuse(reason, form) {
    const box = form.querySelector("[data-refused]");
    if (!box) toast(reason, { tone: "warning" });
    else Object.assign(box, { hidden: false, textContent: reason });
  }

  #clicked(event) {
    const target = event.target.closest("[data-earlier], [data-newer], [data-picture], [data-goto], [data-panel-toggle], [data-read-first], [data-as-sent], [data-load-pictures], [data-ask], [data-join]");
    if (!target) return;
    if (target.matches("[data-earlier]")) this.#earlier(target);
    else if (target.matches("[data-newer], [data-read-first]")) this.#toNewest(target);
    else if (target.matches("[data-picture]")) enlarge(target);
    else if (target.matches("[data-as-sent]")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // in a window of its own
      event.preventDefault();
      mail.toggle(target);
    } else if (target.matches("[data-load-pictures]")) mail.loadPictures(target);
    else if (target.matches("[data-ask]")) mail.ask(this.querySelector("#aside"));
    else if (target.matches("[data-join]")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // where it is a link: in a window of its own
      event.preventDefault();
      joining.offer(this.querySelector("#joining"), target.dataset.join);
    }
    else if (target.matches("[data-goto]")) this.#goTo(target.dataset.goto);
    else this.togglePanel();
  }

  #toNewest(target) {
    this.querySelector("[data-newer]").hidden = true;
    this.toEnd();
    this.#look();
    if (target.matches("[data-read-first]")) this.querySelector("desk-composer").clear();
  }

  async #earlier(button) {
    button.ariaBusy = "true";
    try {
      const text = await part(`${this.dataset.parts}_timeline.html?before=${button.dataset.earlier}`, { background: false });
      const fresh = parsed(text).querySelector("[data-lines]");
      fresh.querySelector("template")?.remove();
      const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
      button.replaceWith(...fresh.children);
      localise(this);
      this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    } catch (error) {
      button.ariaBusy = null;
      toast(words("failed"), { tone: "warning" });
      console.info("timeline:", error.message);
    }
  }

  async #goTo(seq) {
    let line;
    while (!(line = this.querySelector(`.entry[data-seq="${seq}"]`))) {
      const button = this.querySelector("[data-earlier]");
      if (!button) return;
      await this.#earlier(button);
      if (button.isConnected) return;
    }
    line.scrollIntoView({ block: "center" });
    line.classList.add("entry--found");
    setTimeout(() => line.classList.remove("entry--found"), 1_800);
    if (!WIDE.matches) this.dataset.panel = "shut";
  }

  /** Show or hide the customer beside the timeline. */
  togglePanel() {
    const shown = getComputedStyle(this.querySelector("aside[data-panel]")).display !== "none";
    this.dataset.panel = shown ? "shut" : "open";
    if (WIDE.matches) localStorage.setItem("desk-panel", this.dataset.panel);
    for (const button of this.querySelectorAll("[data-panel-toggle]")) button.ariaExpanded = String(!shown);
    if (!shown && !WIDE.matches) this.querySelector(".panel__shut").focus();
  }

  async #toggled(menu) {
    if (menu.open && menu.matches("[data-merged]")) joining.unfold(menu);
    else if (menu.open && menu.matches("[data-colleagues]")) {
      const box = menu.querySelector("[data-from]");
      try {
        box.replaceChildren(...parsed(await part(box.dataset.from, { background: false })).childNodes);
      } catch (error) {
        box.textContent = words("failed");
        console.info("colleagues:", error.message);
      }
    } else if (!menu.open && this.headWaits) {
      this.headWaits = false;
      this.pull();
    }
  }
}

// What a head says, without what the page wrote into it.
function plain(head) {
  const copy = head.cloneNode(true);
  copy.querySelector("[data-viewers]").replaceWith();
  copy.querySelector("[data-from]")?.replaceChildren();
  return copy.innerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");
}

function face(viewer) {
  const circle = document.createElement("span");
  circle.className = `avatar avatar--small avatar--h${hue(viewer.name)}${viewer.state === "typing" ? " avatar--typing" : ""}`;
  circle.ariaHidden = "true";
  circle.textContent = initials(viewer.name);
  return circle;
}

function enlarge(button) {
  const box = document.getElementById("lightbox");
  const small = button.querySelector("img");
  const large = box.querySelector("img");
  large.src = button.dataset.picture;
  large.alt = small.alt;
  box.showModal();
}
