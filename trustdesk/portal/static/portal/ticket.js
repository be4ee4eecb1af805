// The ticket form, made more comfortable. Everything works without this.

import { text } from "../widget/texts.js";
import "./blackout.js";
import { Answers } from "./ticket_answers.js";
import { Draft } from "./ticket_draft.js";
import { Fields } from "./ticket_fields.js";
import { Files } from "./ticket_files.js";
import { Similar } from "./ticket_similar.js";

const form = document.getElementById("ticket");
const send = document.getElementById("send");
const says = document.getElementById("send-says");
const promise = says.textContent;
let pressed = null; // the button that waits for an upload

const draft = new Draft(form);
const kept = "fresh" in form.dataset ? draft.restore() : null;
const fields = new Fields(form);
const files = new Files(form, { blackout: document.querySelector("black-out"), changed });
new Similar(form);
new Answers(form);

draft.files = () => files.values;
for (const value of kept?.files ?? []) files.restore(value);
document.getElementById("kept").hidden = !kept;
if (kept) fields.arrange();
if (kept || !("fresh" in form.dataset)) draft.save(); // it has not arrived, or it came back without its secrets
document.getElementById("start-over").addEventListener("click", () => {
  draft.forget();
  form.removeEventListener("input", changed);
  location.replace(location.href);
});

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("submit", (event) => {
  if (send.hasAttribute("aria-busy")) return event.preventDefault();
  if (!navigator.onLine || files.busy) {
    event.preventDefault();
    pressed = navigator.onLine ? event.submitter : null;
    says.textContent = text(navigator.onLine ? "send.uploads" : "send.offline");
    return;
  }
  // Files have gone before, so the plain kind of body will do, which takes the server a tenth of the work. It has a limit, though.
  const typed = [...new FormData(form).values()].join("").length;
  form.enctype = typed < 20_000 ? "application/x-www-form-urlencoded" : "multipart/form-data";
  draft.save({ sent: true });
  send.setAttribute("aria-busy", "true");
  says.textContent = text("send.busy");
});

addEventListener("online", () => {
  if (says.textContent === text("send.offline")) says.textContent = text("send.online");
});
// Back from the page after this one: it can be sent again.
addEventListener("pageshow", () => {
  send.removeAttribute("aria-busy");
  if (says.textContent === text("send.busy")) says.textContent = promise;
});
// What was refused stays here as it was; the first mistake is the place to go on.
document.getElementById("summary")?.focus();
document.getElementById("similar")?.focus();

function changed() {
  draft.later();
  if (!pressed || files.busy) return;
  const button = pressed;
  pressed = null;
  form.requestSubmit(button.form === form ? button : undefined);
}
