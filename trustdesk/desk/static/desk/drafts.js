// What is being written, kept per case in this tab until it is sent or one signs out. Never anyone else's.

const agent = document.querySelector('meta[name="desk"]').content;
const PREFIX = "desk-draft:";
const key = (reference) => `${PREFIX}${agent}:${reference}`;

for (const name of Object.keys(sessionStorage)) {
  if (name.startsWith(PREFIX) && !name.startsWith(key(""))) sessionStorage.removeItem(name);
}

/** The draft of a case: {text, kind, id, tried, articles} or null. */
export function read(reference) {
  return JSON.parse(sessionStorage.getItem(key(reference)) ?? "null");
}

let over = false; // signed out: the page keeps once more as it goes

/** Keep a draft; one without text and articles is forgotten. */
export function keep(reference, draft) {
  if ((draft?.text || draft?.articles?.length) && !over) sessionStorage.setItem(key(reference), JSON.stringify(draft));
  else sessionStorage.removeItem(key(reference));
}

/** Forget everything: on signing out. */
export function forget() {
  over = true;
  sessionStorage.clear(); // with the addresses that htmx keeps there
}
