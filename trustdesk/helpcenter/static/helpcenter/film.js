// <help-film data-src data-title>: a player of another site, which is asked for nothing before one presses play.

customElements.define("help-film", class extends HTMLElement {
  connectedCallback() {
    this.querySelector("a")?.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const player = document.createElement("iframe");
      player.src = this.dataset.src;
      player.title = this.dataset.title;
      player.allow = "autoplay; fullscreen; picture-in-picture";
      player.referrerPolicy = "strict-origin";
      this.replaceChildren(player);
      player.focus();
    });
  }
});
