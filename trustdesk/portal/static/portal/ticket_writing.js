// What a ticket and a reply share: a draft, files that go ahead, and a button that waits for them.

import { text } from "../widget/texts.js";
import "./blackout.js";
import { Draft } from "./ticket_draft.js";
import { Files } from "./ticket_files.js";

export class Writing {
  constructor(form) {
    const fresh = "fresh" in form.dataset; // nobody has sent it yet
    const draft = new Draft(form);
    const send = document.getElementById("send");
    const says = document.getElementById("send-says");
    Object.assign(this, { form, draft, send, says, promise: says.textContent, pressed: null });
    this.kept = fresh ? draft.restore() : null;
    this.files = new Files(form, { blackout: document.querySelector("black-out"), changed: () => this.changed() });
    for (const value of this.kept?.files ?? []) this.files.restore(value);
    for (const file of this.kept?.coming ?? []) this.files.recover(file);
    draft.files = () => this.files.values;
    draft.coming = () => this.files.coming;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("online", () => {
      if (says.textContent === text("send.offline")) says.textContent = text("send.online");
    });
    // Back from the page after this one: it can be sent again.
    addEventListener("pageshow", () => {
      send.removeAttribute("aria-busy");
      if (says.textContent === text("send.busy")) says.textContent = this.promise;
    });
    if (this.kept || !fresh) draft.save(); // it has not arrived, or it came back without its secrets
  }

  submit(event) {
    const { files, send, says, form } = this;
    if (send.hasAttribute("aria-busy")) return event.preventDefault();
    this.pressed = null;
    const waits = !navigator.onLine ? "offline" : files.missing ? "missing" : files.busy ? "uploads" : "";
    if (waits) {
      event.preventDefault();
      if (waits === "uploads") this.pressed = event.submitter;
      says.textContent = text(`send.${waits}`);
      return;
    }
    // Files have gone before, so the plain kind of body will do, which takes the server a tenth of the work. It has a limit, though.
    const typed = [...new FormData(form).values()].join("").length;
    form.enctype = typed < 20_000 ? "application/x-www-form-urlencoded" : "multipart/form-data";
    this.draft.save({ sent: true });
    send.setAttribute("aria-busy", "true");
    says.textContent = text("send.busy");
  }

  changed() {
    this.draft.later();
    if (this.says.textContent === text("send.missing") && !this.files.missing) this.says.textContent = this.promise;
    if (!this.pressed || this.files.busy) return;
    const button = this.pressed;
    this.pressed = null;
    this.form.requestSubmit(button.form === this.form ? button : undefined);
  }
}
