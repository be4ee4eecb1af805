// The card while nobody has answered yet: the live place, an honest estimate, "answer me by mail".

import { find, icon, piece } from "../dom.js";
import { duration, text } from "../texts.js";

const SHOWN = new Set(["waiting", "by_mail", "nobody"]);

export function mountQueue(chat) {
  const { root, parts } = piece("queue");
  const mail = root.querySelector("#mail-me");
  root.hidden = true;
  find("below").append(root);

  function draw() {
    const queue = chat.queue;
    root.hidden = !queue || !SHOWN.has(queue.state) || chat.over;
    if (root.hidden) return;
    parts.title.textContent = title(queue);
    parts.detail.textContent = detail(queue);
    parts.number.replaceChildren((queue.state === "waiting" && queue.position) || icon(queue.state === "by_mail" ? "mail" : "wait"));
    parts.mailed.hidden = !queue.mail || (queue.state === "by_mail" && queue.confirmed);
    parts["mailed-text"].textContent = text(queue.confirmed ? "queue.mailed" : "queue.unconfirmed", { mail: queue.mail });
    if (queue.mail) parts.form.hidden = true;
    parts.offer.hidden = Boolean(queue.mail) || !parts.form.hidden;
  }

  function refuse(code) {
    parts.error.textContent = text(`error.${code}`);
    mail.setAttribute("aria-invalid", "true");
    mail.focus();
  }

  parts.offer.addEventListener("click", () => {
    parts.form.hidden = false;
    parts.offer.hidden = true;
    mail.focus();
  });
  parts.cancel.addEventListener("click", () => {
    parts.form.hidden = true;
    draw();
    parts.offer.focus();
  });
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!mail.validity.valid) return refuse("bad_mail");
    parts.error.textContent = "";
    mail.removeAttribute("aria-invalid");
    chat.mailMe(mail.value.trim());
  });
  chat.addEventListener("problem", (event) => {
    if (event.detail.code !== "bad_mail" || parts.form.hidden) return;
    event.preventDefault();
    refuse("bad_mail");
  });
  chat.addEventListener("change", ({ detail }) => {
    if (["all", "queue", "case", "end"].some((what) => detail.has(what))) draw();
  });
}

function title({ state, position }) {
  if (state !== "waiting") return text(`queue.${state}`);
  return position === 1 ? text("queue.next") : position ? text("queue.place", { position }) : text("queue.waiting");
}

function detail({ state, estimate }) {
  if (state !== "waiting") return text(`queue.${state}.detail`);
  return estimate ? text("queue.estimate", { time: duration(estimate.seconds) }) : text("queue.unknown");
}
