// While one writes: does he have a case on this already? Then he can add to it instead.

const PAUSE = 1500; // ms without a key
const ENOUGH = 25; // characters typed in all, before which nothing can be alike

export class Similar {
  constructor(form) {
    this.form = form;
    this.place = document.getElementById("similar-place");
    this.asked = "";
    form.addEventListener("input", () => this.later(PAUSE));
    form.addEventListener("change", () => this.later(200));
    // A button of a notice that came up while writing sends nothing: it only says no.
    this.place.addEventListener("click", (event) => {
      if (!this.early || event.target.closest("button")?.name !== "anew") return;
      event.preventDefault();
      const no = document.createElement("input");
      Object.assign(no, { type: "hidden", name: "anew", value: "1" });
      form.append(no);
      this.place.textContent = "";
      form.querySelector("textarea, input:not([type=hidden])")?.focus();
    });
  }

  /** Whether the reader said that it is something else. */
  get declined() {
    return this.form.querySelector("input[name=anew]") !== null;
  }

  later(pause) {
    clearTimeout(this.waiting);
    if (!this.declined) this.waiting = setTimeout(() => this.ask(), pause);
  }

  async ask() {
    const body = new FormData(this.form);
    for (const name of ["files", "file", "mail"]) body.delete(name);
    const typed = [...body].filter(([name]) => /^(f\.|text|subject)/.test(name) && !name.endsWith(".zone"));
    const now = JSON.stringify(typed);
    if (now === this.asked || typed.reduce((sum, [, value]) => sum + value.length, 0) < ENOUGH) return;
    this.asked = now;
    try {
      const answer = await fetch(this.form.dataset.similar, { method: "POST", body });
      if (this.asked !== now || this.declined || !answer.ok) return;
      this.show(answer.status === 200 ? await answer.text() : "");
    } catch {
      // offline: it is asked once more when the form is sent
    }
  }

  show(part) {
    if (!part) {
      if (this.early) this.place.textContent = "";
      return;
    }
    this.early = true;
    // Our own server's template, its values escaped there.
    this.place.replaceChildren(...new DOMParser().parseFromString(part, "text/html").body.childNodes);
  }
}
