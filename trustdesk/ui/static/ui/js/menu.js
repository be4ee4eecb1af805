// <details class="menu">: closes on Escape, on a click elsewhere and after a choice; arrow keys walk through it.

const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    const chosen = event.target.closest(".menu__item");
    if (!menu.contains(event.target) || (chosen && menu.contains(chosen) && !chosen.hasAttribute("data-stay"))) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  if (event.key === "Escape") {
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll(".menu__item")].filter((item) => item.offsetParent);
  const at = items.indexOf(document.activeElement);
  items.at((at + step + (at < 0 && step < 0 ? 1 : 0)) % items.length)?.focus();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});
