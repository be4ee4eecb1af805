// While one writes: does an article answer it? What is typed is looked for, and kept without secrets, if at all.

const PAUSE = 900; // ms without a key
const ENOUGH = 4; // characters that may mean something, or of Chinese:
const ENOUGH_UNSPACED = 2;
const UNSPACED = /[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]/g;
const ASKED_WITH = ["csrfmiddlewaretoken", "type", "text", "subject", "from"];

export class Answers {
  constructor(form) {
    this.form = form;
    this.place = document.getElementById("answers-place");
    this.asked = "";
    form.addEventListener("input", (event) => {
      if (!["text", "subject"].includes(event.target.name) || event.isComposing) return;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.ask(), PAUSE);
    });
  }

  async ask() {
    const all = new FormData(this.form);
    const typed = `${all.get("text") ?? ""}\n${all.get("subject") ?? ""}`.trim();
    if (typed === this.asked) return;
    this.asked = typed;
    if (typed.length < ENOUGH && (typed.match(UNSPACED)?.length ?? 0) < ENOUGH_UNSPACED) return this.show("");
    const body = new URLSearchParams(ASKED_WITH.map((name) => [name, all.get(name) ?? ""]));
    try {
      const answer = await fetch(this.form.dataset.answers, { method: "POST", body });
      if (this.asked === typed && answer.ok) this.show(answer.status === 200 ? await answer.text() : "");
    } catch {
      // offline: then one sends it
    }
  }

  show(part) {
    this.place.replaceChildren(...new DOMParser().parseFromString(part, "text/html").body.childNodes);
  }
}
