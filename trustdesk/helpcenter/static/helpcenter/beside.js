// <help-beside data-src>: how the ways to people stand right now, fetched after the page, which is kept for everybody.
// <help-vote>: the vote, sent without leaving the page.

customElements.define("help-beside", class extends HTMLElement {
  async connectedCallback() {
    if (!this.dataset.src) return;
    try {
      const answer = await fetch(this.dataset.src, { headers: { Accept: "text/html" } });
      if (answer.ok) this.innerHTML = await answer.text();
    } catch {
      // No network: what the page came with still leads somewhere.
    }
  }
});

customElements.define("help-vote", class extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(event.target, event.submitter);
    });
  }

  async #send(form, button) {
    const said = new FormData(form, button);
    said.set("part", "1");
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(said) });
      if (!answer.ok) throw new Error(String(answer.status));
      this.innerHTML = await answer.text();
      this.querySelector("input, textarea")?.focus({ preventScroll: true });
    } catch {
      button?.removeAttribute("aria-busy");
      // The page of its own says what is wrong. submit() leaves the button out, and with it what was said.
      if (button?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
      form.submit();
    }
  }
});
