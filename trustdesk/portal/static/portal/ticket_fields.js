// Fields that are asked only with certain answers, and what the server says of them as soon as one has filled them in.

import { text } from "../widget/texts.js";

const PAUSE = 350; // ms after a field was left

export class Fields {
  constructor(form) {
    this.form = form;
    this.touched = new Set();
    this.all = [...form.querySelectorAll("[data-field]")];
    form.addEventListener("focusout", (event) => this.left(event.target));
    form.addEventListener("change", (event) => this.left(event.target));
    form.addEventListener("input", () => this.arrange());
    for (const zone of form.querySelectorAll("[data-zone]")) setZone(zone);
    form.addEventListener("change", (event) => {
      if (event.target.type === "datetime-local") setZone(event.target.parentNode.querySelector("[data-zone]"), event.target.value);
    });
    form.dataset.enhanced = "";
    this.arrange();
    if (this.all.some((field) => field.dataset.kind === "memo")) this.check();
  }

  value(key) {
    const field = this.form.elements.namedItem(`f.${key}`);
    if (field instanceof RadioNodeList) return field.value;
    return field?.type === "checkbox" ? (field.checked ? field.value : "") : (field?.value ?? "");
  }

  /** Show the fields that apply. */
  arrange() {
    for (const field of this.all) {
      const { when, values, kind } = field.dataset;
      if (when) field.hidden = !values.split(" ").includes(this.value(when));
      else if (kind === "memo" && !("asked" in field.dataset)) field.hidden = !this.value(field.dataset.field);
    }
  }

  left(target) {
    const field = target.closest?.("[data-field]");
    if (!field || !target.name) return;
    const key = field.dataset.field;
    if (key === "mail") return say(field, target.value && target.validity.typeMismatch ? text("mail.wrong") : "");
    if (target.value || this.touched.has(key)) this.touched.add(key);
    if (!this.touched.has(key)) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), PAUSE);
  }

  async check() {
    const body = new FormData(this.form);
    for (const name of ["files", "file", "mail", "subject"]) body.delete(name);
    const mark = (this.mark = {});
    try {
      const answer = await fetch(this.form.dataset.check, { method: "POST", body });
      if (answer.ok && mark === this.mark) this.show(await answer.json());
    } catch {
      // offline: the form is judged when it is sent
    }
  }

  show({ asked, fields, text: warning }) {
    for (const field of this.all) {
      const key = field.dataset.field;
      if (field.dataset.kind === "memo") {
        field.dataset.asked = "";
        field.hidden = !asked.includes(key);
      }
      if (!this.touched.has(key)) continue;
      const { problem = "", hint = "", code = "", value = "" } = fields[key] ?? {};
      if (code === "secret") this.wipe(field, value);
      const own = key === "text" ? warning : "";
      const early = code === "required" && field.contains(document.activeElement);
      say(field, early ? "" : problem, own || hint);
    }
  }

  /** Take a secret off the screen and out of the draft; what is left of the text around it stays. */
  wipe(field, left) {
    const input = field.querySelector("input, textarea");
    input.value = left;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Write beside a field what is wrong with it, or what helps. */
export function say(field, problem, hint = "") {
  const place = field.querySelector(".ticket-says");
  const input = field.querySelector("input, select, textarea");
  const words = problem || hint;
  place.textContent = "";
  if (words) {
    const line = document.createElement("p");
    line.className = problem ? "field__error" : "ticket-hint";
    line.append(words);
    place.append(line);
  }
  if (problem) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Choose the reader's own time zone, as it is on that day, unless he chose one himself. */
function setZone(select, day = "") {
  if (!select || (select.value && select.dataset.zone !== "own")) return;
  const minutes = -(day ? new Date(day) : new Date()).getTimezoneOffset();
  const two = (number) => String(number).padStart(2, "0");
  const zone = `${minutes < 0 ? "-" : "+"}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  select.value = zone;
  if (select.value === zone) {
    select.dataset.zone = "own";
    select.addEventListener("change", () => (select.dataset.zone = ""), { once: true });
  } else select.value = "";
}
