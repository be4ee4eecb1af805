// The page that carries our frame, if any. Only the configured sites are listened to, and only as our parent (never a
// popup or a sibling); "ready" is all that is said before it has spoken, and everything to that origin alone.

import { settings } from "./dom.js";

export const framed = parent !== window;

/** `on`: what to do for hello({session, open}), open({topic}), shut(), identify({session}) and logout(). */
export function listenToHost(on) {
  const allowed = settings.origins.split(" ");
  let origin = null;
  if (framed) {
    const carrier = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
    if (allowed.includes(carrier)) parent.postMessage({ trustdesk: "ready" }, carrier);
    addEventListener("message", (event) => {
      if (event.source !== parent || !allowed.includes(event.origin)) return;
      const { trustdesk, ...values } = Object(event.data);
      if (typeof trustdesk !== "string" || !Object.hasOwn(on, trustdesk)) return;
      origin = event.origin;
      on[trustdesk](values);
    });
  }
  /** Tell the host: unread {count}, case {open}, close, gone. */
  return (verb, values = {}) => {
    if (origin) parent.postMessage({ trustdesk: verb, ...values }, origin);
  };
}
