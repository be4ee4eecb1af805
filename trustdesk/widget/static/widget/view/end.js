// Ending a chat, rating it, keeping the transcript, starting another.

import { find, piece } from "../dom.js";
import { token } from "../storage.js";
import { text } from "../texts.js";

/** Returns {askEnd, showTranscript}, for the menu. */
export function mountEnd(chat) {
  const { root, parts } = piece("end");
  root.hidden = true;
  find("below").append(root);

  function draw() {
    root.hidden = !chat.over;
    if (root.hidden) return parts.form.reset();
    parts.title.textContent = text(`end.title.${chat.case.status}`);
    parts.about.textContent = text(`end.about.${chat.case.status}`, { reference: chat.case.reference });
    parts.form.hidden = chat.case.rated;
    parts.thanks.hidden = !chat.case.rated;
    parts.more.hidden = parts.submit.hidden = !chosen();
  }

  const chosen = () => Number(new FormData(parts.form).get("score"));

  parts.form.addEventListener("change", draw);
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    chat.rate(chosen(), root.querySelector("#comment").value.trim());
  });
  find("end-yes").addEventListener("click", () => chat.end());
  chat.addEventListener("change", ({ detail }) => {
    if (["all", "end", "case"].some((what) => detail.has(what))) draw();
  });
  transcript(chat);

  return {
    askEnd: () => find("end-dialog").showModal(),
    showTranscript() {
      find("transcript-note").textContent = "";
      find("transcript-dialog").showModal();
    },
  };
}

function transcript(chat) {
  const form = find("transcript-form");
  form.addEventListener("submit", () => {
    form.elements.token.value = token();
    form.elements.case.value = chat.case.reference;
    setTimeout(() => (form.elements.token.value = "")); // it stands in the page no longer than the browser needs to read it
  });
  find("transcript-mail").addEventListener("click", () => chat.mailTranscript());
  chat.addEventListener("transcript", ({ detail }) => {
    find("transcript-note").textContent = text(`transcript.${detail.error ?? "sent"}`, { to: detail.to });
  });
}
