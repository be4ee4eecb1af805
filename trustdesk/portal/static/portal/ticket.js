// The ticket form, made more comfortable. Everything works without this.

import { Answers } from "./ticket_answers.js";
import { Fields } from "./ticket_fields.js";
import { Similar } from "./ticket_similar.js";
import { Writing } from "./ticket_writing.js";

const form = document.getElementById("ticket");
const { kept, draft } = new Writing(form);
new Fields(form);
new Similar(form);
new Answers(form);

document.getElementById("kept").hidden = !kept;
document.getElementById("start-over").addEventListener("click", () => {
  draft.end();
  location.replace(location.href);
});

// What was refused stays here as it was; the first mistake is the place to go on.
document.getElementById("summary")?.focus();
document.getElementById("similar")?.focus();
