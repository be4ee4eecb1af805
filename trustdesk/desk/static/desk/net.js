// Requests of the desk's own scripts. `background` ones were caused by nobody and do not keep the session alive.

/** The server said no: `status`, and `text`, the part of a page that says why. */
export class Refused extends Error {
  constructor(status, text) {
    super(`refused: ${status}`);
    Object.assign(this, { status, text });
  }
}

let going = false;

/** Load the page anew, once however many ask for it. */
export function reload() {
  if (!going) location.reload();
  going = true;
}

/** Fetch a part of a page as text; with `form` (a FormData) it is posted. Throws Refused, or TypeError without a connection. */
export async function part(url, { background = true, form, signal } = {}) {
  const headers = { "HX-Request": "true" };
  if (background) headers["Trustdesk-Background"] = "1";
  if (form) headers["X-CSRFToken"] = document.querySelector('meta[name="csrf"]').content;
  const response = await fetch(url, { method: form ? "POST" : "GET", body: form, headers, signal });
  if (response.headers.has("HX-Redirect")) reload(); // signed out: the page itself leads to the entrance and back
  if (response.headers.has("HX-Location")) location.assign(response.headers.get("HX-Location"));
  const text = await response.text();
  if (!response.ok) throw new Refused(response.status, text);
  return text;
}

/** A part of a page as elements, not yet in the page. */
export function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html").body;
}

/** The text of a key in templates/desk/_texts.html, {names} filled in. */
export function words(key, values = {}) {
  const text = document.getElementById("texts").content.querySelector(`[data-key="${key}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Call `act` soon, and at most once in `every()` ms; calls in between are one. */
export function paced(act, every) {
  let at = -Infinity;
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      at = performance.now();
      act();
    }, Math.max(0, at + every() - performance.now()));
  };
}
