// What is written and not sent yet, kept in this tab alone: it survives a reload and a lost session, never the sign-out.

const PREFIX = "trustdesk.reply.";
const NEW = `${PREFIX}new.`; // tickets; the others are replies, by case
const NOT_TYPED = new Set(["sheet", "identity"]); // by which a form that is sent twice is the same message
const SKIPPED = new Set(["csrfmiddlewaretoken", "type", "anew", "from", "file", "files"]);

function attempt(action) {
  try {
    return action();
  } catch {
    return null; // storage may be forbidden: then nothing is kept
  }
}

const read = (key) => attempt(() => JSON.parse(sessionStorage.getItem(key)));
const write = (key, draft) => attempt(() => sessionStorage.setItem(key, JSON.stringify(draft)));
const drop = (key) => attempt(() => sessionStorage.removeItem(key));
const keys = (prefix) => attempt(() => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix))) ?? [];

/** The draft of one form. */
export class Draft {
  constructor(form) {
    this.form = form;
    this.key = PREFIX + form.dataset.draft;
    this.files = () => []; // those that are stored
    this.coming = () => []; // those on their way, and how to go on with them
    addEventListener("pagehide", () => this.waiting && this.save());
    // Signing out: nothing is kept, not even what leaving the page would still write.
    document.addEventListener("submit", (event) => {
      if (event.target.matches("[data-forgets]")) this.end();
    });
  }

  /** Fill in what was kept; returns it, or null if there is nothing. */
  restore() {
    const draft = read(this.key);
    if (!draft?.fields) return null;
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
    const typed = fields.some(([name, value]) => !NOT_TYPED.has(name) && !name.endsWith(".zone") && value);
    const [files, coming] = [this.files(), this.coming()];
    if (typed || files.length || coming.length) write(this.key, { fields, files, coming, sent });
    else this.forget();
  }

  forget() {
    clearTimeout(this.waiting);
    drop(this.key);
  }

  /** Forget it, and keep nothing more: not even what a file still on its way would write. */
  end() {
    this.later = this.save = () => {};
    this.forget();
  }
}

/** Forget the tickets that were on their way: the page that calls this says that they have arrived. */
export function forgetSent() {
  for (const key of keys(NEW)) if (read(key)?.sent) drop(key);
}

/** Forget the replies that a page shows as sent, in this case or in the one that follows it. */
export function forgetShown(identities) {
  for (const key of keys(PREFIX)) {
    const fields = new Map(read(key)?.fields ?? []);
    if (identities.has(fields.get("identity"))) drop(key);
  }
}

/** Forget them all: one signs out. */
export function forgetAll() {
  keys(PREFIX).forEach(drop);
}
