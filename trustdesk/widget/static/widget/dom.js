// Pieces of the page: HTML is written in the templates, scripts clone it and fill in text, never markup.

import { text } from "./texts.js";

export const find = (id) => document.getElementById(id);

export const settings = find("chat-settings").dataset;

/** A copy of <template id="piece-NAME">: its root element and, by name, every element marked data-part. */
export function piece(name) {
  const root = find(`piece-${name}`).content.cloneNode(true);
  const parts = {};
  for (const element of root.querySelectorAll("[data-part]")) parts[element.dataset.part] = element;
  return { root: root.childElementCount === 1 ? root.firstElementChild : root, parts };
}

export function element(tag, className, content = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = content;
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${settings.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** What stands in a stored text for a secret the guard took out; the kind is the first group. */
export const REMOVED = /\[••• ([a-z_]{3,20})\]/g;
const PLACES = /\[••• ([a-z_]{3,20})\]|(https:\/\/[^\s<>"'，。）】]+[^\s<>"'，。）】.,;:!?)\]])/g;

/** Put message text into `box`: marks of removed secrets are translated; https addresses become links if `links`. */
export function write(box, message, { links = false } = {}) {
  box.textContent = "";
  let from = 0;
  for (const match of message.matchAll(PLACES)) {
    if (match[2] && !links) continue;
    box.append(message.slice(from, match.index));
    box.append(match[1] ? mark(match[1]) : link(match[2]));
    from = match.index + match[0].length;
  }
  box.append(message.slice(from));
}

function mark(kind) {
  const made = element("span", "chat__mark");
  made.append(icon("lock"), text("masked.mark", { kind: text(`masked.kind.${kind}`) || text("masked.kind.other") }));
  return made;
}

function link(address) {
  const made = element("a", "", address);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer nofollow";
  return made;
}
