// What is typed and not sent yet, kept in this tab alone: it survives a reload and a lost session, never the sign-out.

const PREFIX = "trustdesk.reply.new."; // signing out forgets all that begins like this (cases.js)
const SKIPPED = new Set(["csrfmiddlewaretoken", "type", "anew", "file", "files"]);

function attempt(action) {
  try {
    return action();
  } catch {
    return null; // storage may be forbidden: then nothing is kept
  }
}

const read = (key) => attempt(() => JSON.parse(sessionStorage.getItem(key)));
const write = (key, draft) => attempt(() => sessionStorage.setItem(key, JSON.stringify(draft)));
const keys = () => attempt(() => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX))) ?? [];

/** The draft of one form. */
export class Draft {
  constructor(form) {
    this.form = form;
    this.key = PREFIX + form.dataset.type;
    this.files = () => [];
    addEventListener("pagehide", () => this.waiting && this.save());
    // Signing out: nothing is kept, not even what leaving the page would still write.
    document.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-forgets]")) return;
      this.later = this.save = () => {};
      this.forget();
    });
  }

  /** Fill in what was kept; returns it, or null if there is nothing. */
  restore() {
    const draft = read(this.key);
    if (!draft) return null;
    for (const [name, value] of draft.fields) {
      const field = this.form.elements.namedItem(name);
      if (field instanceof RadioNodeList) field.value = value;
      else if (field?.type === "checkbox") field.checked = true;
      else if (field) field.value = value;
    }
    return draft;
  }

  later() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.save(), 250);
  }

  save({ sent = false } = {}) {
    clearTimeout(this.waiting);
    this.waiting = 0;
    const fields = [...new FormData(this.form)].filter(([name, value]) => !SKIPPED.has(name) && typeof value === "string");
    const typed = fields.some(([name, value]) => name !== "sheet" && !name.endsWith(".zone") && value);
    const files = this.files();
    if (typed || files.length) write(this.key, { fields, files, sent });
    else this.forget();
  }

  forget() {
    clearTimeout(this.waiting);
    attempt(() => sessionStorage.removeItem(this.key));
  }
}

/** Forget the drafts that were on their way: the page that calls this says that they have arrived. */
export function forgetSent() {
  for (const key of keys()) if (read(key)?.sent) attempt(() => sessionStorage.removeItem(key));
}
