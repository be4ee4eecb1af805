// What the browser keeps. The token alone outlives the tab; messages never do, and sign-out takes everything.
// A browser may forbid storage inside frames: then memory serves until the page is left.

const TOKEN = "trustdesk.token";
const PREFIX = "trustdesk.tab.";
const memory = new Map();

function attempt(action, instead) {
  try {
    return action();
  } catch {
    return instead?.() ?? null;
  }
}

export function token() {
  return attempt(() => localStorage.getItem(TOKEN), () => memory.get(TOKEN));
}

export function keepToken(value) {
  attempt(() => localStorage.setItem(TOKEN, value), () => memory.set(TOKEN, value));
}

/** Keep a JSON value for this tab; null forgets it. */
export function keep(name, value) {
  const [key, body] = [PREFIX + name, JSON.stringify(value)];
  attempt(
    () => (value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, body)),
    () => memory.set(key, body),
  );
}

export function recall(name) {
  const body = attempt(() => sessionStorage.getItem(PREFIX + name), () => memory.get(PREFIX + name));
  return body ? JSON.parse(body) : null;
}

export function forgetEverything() {
  memory.clear();
  attempt(() => localStorage.removeItem(TOKEN));
  attempt(() => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  });
}

/** Call `action` when another tab signs out. */
export function onSignOutElsewhere(action) {
  addEventListener("storage", (event) => {
    if ((event.key === TOKEN && event.newValue === null) || event.key === null) action();
  });
}
