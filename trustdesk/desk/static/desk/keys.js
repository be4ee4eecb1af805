// Single keys, while nothing is being typed. They can be switched off (WCAG 2.1.4) in the list that "?" shows.

const OFF = "desk-keys-off";
const FIELDS = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";

const press = (selector) => {
  const button = document.querySelector(selector);
  button?.click();
  return Boolean(button);
};

const write = (kind) => {
  const composer = document.querySelector("desk-composer");
  composer?.focusOn(kind);
  return Boolean(composer);
};

function walk(step) {
  const links = document.querySelector("desk-list")?.links ?? [];
  const open = links.findIndex((link) => link.ariaCurrent === "true");
  const focused = links.indexOf(document.activeElement);
  const at = focused >= 0 ? focused : open;
  const next = links[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

function search() {
  document.getElementById("search")?.select();
  document.getElementById("search")?.focus();
  return true;
}

const acts = {
  j: () => walk(1),
  k: () => walk(-1),
  r: () => write("reply"),
  n: () => write("note"),
  a: () => press('desk-case [data-act="take"] button'),
  e: () => press('desk-case [data-act="resolve"] button'),
  m: () => press("desk-case [data-merge]"),
  t: () => press("desk-case [data-triage]"),
  i: () => press("desk-case [data-panel-toggle]"),
  "/": search,
  "?": () => document.getElementById("keys").showModal() ?? true,
};

function escape(event) {
  const field = event.target.closest?.(FIELDS);
  if (field) {
    const back = field.closest("desk-composer") && document.querySelector("desk-list [aria-current] ") && currentRow();
    if (back) back.focus();
    else field.blur();
    return;
  }
  const panel = document.querySelector('desk-case[data-panel="open"]');
  if (panel) panel.togglePanel();
}

const currentRow = () => document.querySelector("#rows [aria-current]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return escape(event);
  if (localStorage.getItem(OFF) || event.repeat && !"jk".includes(event.key) || event.target.closest?.(FIELDS)) return;
  if (Object.hasOwn(acts, event.key) && acts[event.key]()) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "keys-on") return;
  if (event.target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
});

/** Show in the page which keys this machine has, and whether ours are on. */
export function describe(root = document) {
  const apple = /Mac|iPhone|iPad/.test(navigator.platform);
  for (const key of root.querySelectorAll("[data-mod]")) key.textContent = apple ? "⌘" : "Ctrl";
  const box = document.getElementById("keys-on");
  if (box) box.checked = !localStorage.getItem(OFF);
}
