// <button data-dialog="id"> opens <dialog id="id">; [data-close] inside or a click on the scrim closes it.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("dialog [data-close]") || event.target.matches("dialog[open].dialog")) {
    event.target.closest("dialog").close();
  }
});
