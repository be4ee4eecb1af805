// <live-search data-hits="…" data-place="…"> shows hits while one types. Without it the form opens the page of results.

const PAUSE = 180; // ms without a key before it asks
const SHORTEST = 2;

class LiveSearch extends HTMLElement {
  #timer = 0;
  #asked = "";
  #order = 0;

  connectedCallback() {
    this.input = this.querySelector("input[name=q]");
    this.panel = this.querySelector(".live-search__hits");
    this.status = this.querySelector("[role=status]");
    if (!this.input || !this.panel) return;
    this.input.addEventListener("input", (event) => {
      // Letters on their way to becoming Chinese characters are no words yet.
      if (!event.isComposing) this.#wait();
    });
    this.input.addEventListener("compositionend", () => this.#wait());
    this.input.addEventListener("focus", () => this.#asked && this.#asked === this.#words() && this.#show(true));
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget)) this.#show(false);
    });
    // A press inside keeps the focus on what is pressed, also where browsers give links none.
    this.panel.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #words() {
    return this.input.value.trim();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  async #ask() {
    const words = this.#words();
    if (words === this.#asked) return;
    this.#asked = words;
    if (words.length < SHORTEST) return this.#show(false);
    const order = ++this.#order;
    const query = new URLSearchParams({ q: words, place: this.dataset.place ?? "help" });
    try {
      const answer = await fetch(`${this.dataset.hits}?${query}`, { headers: { Accept: "text/html" } });
      if (!answer.ok || order !== this.#order) return;
      this.panel.innerHTML = await answer.text();
    } catch {
      return; // no network: the form still says so
    }
    this.status.textContent = this.panel.firstElementChild?.dataset.said ?? "";
    this.#show(this.contains(document.activeElement));
  }

  #show(open) {
    this.panel.hidden = !open || !this.panel.firstElementChild?.childElementCount;
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && !this.panel.hidden) {
      event.preventDefault();
      this.input.focus();
      this.#show(false);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || this.panel.hidden) return;
    const stops = [this.input, ...this.panel.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    event.preventDefault();
    stops[(at + step + stops.length) % stops.length].focus();
  }
}

customElements.define("live-search", LiveSearch);
