// <desk-composer>: a reply or a note. Nothing typed is ever lost, and sending again never doubles.

import { toast } from "../ui/js/toast.js";
import { Chosen, Finder, propose } from "./articles.js";
import * as drafts from "./drafts.js";
import { Refused, paced, parsed, part, words } from "./net.js";
import { say } from "./socket.js";

const TYPING_EVERY = 1_000; // ms between two words of it
const KEEP_EVERY = 300; // ms between two notes of the draft
const TYPING_ENDS = 4_000; // ms without a key

export class DeskComposer extends HTMLElement {
  connectedCallback() {
    this.leaving = new AbortController();
    const signal = this.leaving.signal;
    this.reference = this.dataset.case;
    this.form = this.querySelector("form");
    this.field = this.querySelector("textarea");
    this.tell = paced(() => this.#tellTyping(), () => TYPING_EVERY);
    this.keep = paced(() => this.#keep(), () => KEEP_EVERY);
    this.chosen = new Chosen(this, () => this.#chose());
    this.#restore();
    const insert = (article) => this.chosen.add(article);
    this.finder = new Finder(this, insert, signal);
    propose(this, insert, signal);
    this.field.addEventListener("input", () => this.#typed(), { signal });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit(this.querySelector(".write__send"));
      }
    }, { signal });
    this.form.addEventListener("change", () => this.#shaped(), { signal });
    this.form.addEventListener("submit", (event) => this.#send(event), { signal });
    addEventListener("pagehide", () => this.#keep(), { signal });
    this.#shaped();
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.#keep();
    this.#stopTyping();
  }

  get kind() {
    return this.form.elements.kind.value ?? "note";
  }

  /** Write a "reply" or a "note". */
  focusOn(kind) {
    const choice = this.form.querySelector(`[name="kind"][value="${kind}"]`);
    if (choice) choice.checked = true;
    this.#shaped();
    this.field.focus();
  }

  /** Take away what was said about the last attempt. */
  clear() {
    this.querySelector("[data-unsent]").replaceChildren();
    this.field.focus();
  }

  #restore() {
    const draft = drafts.read(this.reference);
    if (this.field.value || !draft) {
      this.form.elements.client_id.value = crypto.randomUUID();
      return;
    }
    this.field.value = draft.text;
    for (const article of draft.articles ?? []) this.chosen.add(article);
    this.tried = draft.tried; // what was put back is what was tried
    this.form.elements.client_id.value = draft.id;
    const choice = this.form.querySelector(`[name="kind"][value="${draft.kind}"]`);
    if (choice) choice.checked = true;
  }

  #keep() {
    const [text, id] = [this.field.value, this.form.elements.client_id.value];
    drafts.keep(this.reference, { text, kind: this.kind, id, tried: this.tried, articles: this.chosen.all });
  }

  #chose() {
    this.field.required = !this.chosen.all.length; // an article may say it all
    if (this.tried) this.form.elements.client_id.value = crypto.randomUUID();
    this.tried = false;
    this.#keep();
  }

  #typed() {
    // An attempt may have arrived unseen. The same words under the same id are one message; other words are another.
    if (this.tried) this.form.elements.client_id.value = crypto.randomUUID();
    this.tried = false;
    this.keep();
    if (this.field.value) this.tell();
    else this.#stopTyping();
  }

  #shaped() {
    const note = this.kind === "note";
    this.form.classList.toggle("composer--note", note);
    this.field.placeholder = note ? this.field.dataset.note : this.field.dataset.reply;
    if (this.typing) this.#stopTyping();
    this.#keep();
  }

  #tellTyping() {
    if (!this.isConnected || !this.field.value) return;
    this.typing = say({ t: "typing", case: this.reference, on: true, note: this.kind === "note" });
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => this.#stopTyping(), TYPING_ENDS);
  }

  #stopTyping() {
    clearTimeout(this.typingTimer);
    if (this.typing) say({ t: "typing", case: this.reference, on: false });
    this.typing = false;
  }

  async #send(event) {
    event.preventDefault();
    if (this.sending) return;
    const thread = this.closest("desk-case");
    const values = new FormData(this.form, event.submitter);
    const text = this.field.value;
    values.set("after", thread.upto);
    this.sending = this.tried = true;
    this.#keep();
    this.#busy(true);
    try {
      const answer = await part(this.form.action, { background: false, form: values });
      this.#sent(text, values.getAll("articles"));
      thread.apply(answer);
      document.dispatchEvent(new CustomEvent("desk:list"));
    } catch (error) {
      this.#unsent(error);
      if (error instanceof Refused) thread.pull();
    } finally {
      this.sending = false;
      this.#busy(false);
    }
  }

  #sent(text, articles) {
    this.querySelector("[data-unsent]").replaceChildren();
    // What was typed while it was on its way stays.
    this.field.value = this.field.value.startsWith(text) ? this.field.value.slice(text.length) : "";
    this.form.elements.client_id.value = crypto.randomUUID();
    this.tried = false;
    this.chosen.drop(articles);
    this.#stopTyping();
    this.#keep();
  }

  #unsent(error) {
    const box = this.querySelector("[data-unsent]");
    const fresh = error instanceof Refused ? parsed(error.text).querySelector(".unsent") : null;
    if (fresh) box.replaceChildren(fresh);
    else {
      box.replaceChildren();
      toast(words(error instanceof Refused ? "failed" : "unsent"), { tone: "error" });
    }
    box.querySelector("[data-read-first]")?.focus();
  }

  #busy(on) {
    const button = this.querySelector(".write__send");
    button.ariaBusy = on ? "true" : null;
    button.disabled = on;
  }
}
