// <help-forms>: text, picture guide or video. Which one shows is the address's; the reader's last choice is remembered.

const KEY = "help-form";

customElements.define("help-forms", class extends HTMLElement {
  connectedCallback() {
    this.links = [...this.querySelectorAll(".forms__switch a")];
    if (!this.links.length) return;
    for (const link of this.links) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        remember(link.dataset.form);
        this.#choose(link.dataset.form);
      });
    }
    addEventListener("hashchange", () => this.#mark());
    const before = remembered();
    if (!location.hash && before && before !== this.links[0].dataset.form) this.#choose(before);
    this.#mark();
  }

  #choose(form) {
    if (!this.links.some((link) => link.dataset.form === form)) return;
    const top = scrollY;
    location.replace(`#form-${form}`);
    scrollTo({ top, behavior: "instant" });
  }

  #mark() {
    const shown = this.querySelector(":scope > .form:target") ?? this.querySelector(":scope > .form");
    for (const link of this.links) {
      if (`form-${link.dataset.form}` === shown?.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
});

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is refused: each page begins with its text
  }
}

function remember(form) {
  try {
    localStorage.setItem(KEY, form);
  } catch {
    // as above
  }
}
