// <button data-copy="text" data-copied="Copied"> puts the text on the clipboard and says so for a moment.

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission (an embedding page may withhold it): the old way still works on a click.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  const label = button.querySelector("[data-label]") ?? button;
  if (!button.dataset.copied || label.dataset.before) return;
  label.dataset.before = label.textContent;
  label.textContent = button.dataset.copied;
  setTimeout(() => {
    label.textContent = label.dataset.before;
    delete label.dataset.before;
  }, 1600);
});
