// What the pages of the help center get on top of plain HTML.
import "../ui/js/copy.js";
import "../ui/js/live_search.js";
import "./beside.js";
import "./figures.js";
import "./film.js";
import "./forms.js";
import "./contents.js";

// A page opened from a search says so once; the address is then as it is for everybody.
const article = document.querySelector("[data-page]");
const here = new URL(location.href);
const search = here.searchParams.get("s");
if (search && article) {
  navigator.sendBeacon(`${article.dataset.home}_opened`, new URLSearchParams({ s: search, page: article.dataset.page }));
  here.searchParams.delete("s");
  history.replaceState(history.state, "", here);
}

customElements.define("help-tools", class extends HTMLElement {
  connectedCallback() {
    this.querySelector("[data-print]")?.addEventListener("click", () => print());
  }
});
