// Pictures of an article open large, in the page; code gets a button that copies it.
import "../ui/js/copy.js";

const dialogOf = () => document.getElementById("figure-words")?.content.firstElementChild;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".picture__open");
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  const made = link && plain && dialogOf()?.cloneNode(true);
  if (!made) return;
  event.preventDefault();
  const image = made.querySelector("img");
  image.src = link.href;
  image.alt = link.querySelector("img")?.alt ?? "";
  made.addEventListener("click", (inside) => {
    if (inside.target === made || inside.target.closest("[data-close]")) made.close();
  });
  made.addEventListener("close", () => {
    made.remove();
    link.focus();
  });
  document.body.append(made);
  made.showModal();
});

customElements.define("help-code", class extends HTMLElement {
  connectedCallback() {
    const button = document.getElementById("code-words")?.content.firstElementChild?.cloneNode(true);
    if (!button) return;
    button.dataset.copy = this.querySelector("code").textContent;
    this.append(button);
  }
});
