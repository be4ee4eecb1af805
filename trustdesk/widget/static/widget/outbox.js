// Messages not yet acknowledged, in order, kept for this tab. The same id goes out until an ack comes: nothing doubles.

import { keep, recall } from "./storage.js";

const RESEND = 10_000; // ms without an answer on a living connection

/** 128 random bits in the alphabet the protocol allows. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  constructor() {
    this.items = (recall("outbox") ?? []).map((item) => ({ ...item, state: item.error ? "failed" : "unsent" }));
  }

  add(item) {
    this.items.push({ id: newId(), at: new Date().toISOString(), state: "unsent", ...item });
    this.#save();
  }

  get(id) {
    return this.items.find((item) => item.id === id);
  }

  /** Take an item out, whether stored or given up; returns it. */
  take(id) {
    const item = this.get(id);
    if (item) {
      this.items.splice(this.items.indexOf(item), 1);
      this.#save();
    }
    return item;
  }

  change(id, changes) {
    const item = this.get(id);
    if (item) Object.assign(item, changes);
    this.#save();
  }

  /** The connection went: what was on the wire may or may not have arrived, so it is unsent again. */
  lost() {
    for (const item of this.items) if (item.state === "sending") item.state = "unsent";
  }

  /** Give every waiting item to `send(frame)`, oldest first, until it says false; `only` limits it to some ids. */
  flush(send, only = null) {
    const now = Date.now();
    for (const item of this.items) {
      if (only && !only.includes(item.id)) continue;
      const stale = item.state === "sending" && now - item.sentAt > RESEND;
      if ((item.state !== "unsent" && !stale) || item.notBefore > now) continue;
      const { id, text, files, topic } = item;
      const frame = { t: "send", id, text };
      if (files.length) frame.files = files.map((file) => file.file);
      if (topic) frame.topic = topic;
      if (!send(frame)) return;
      Object.assign(item, { state: "sending", sentAt: now });
    }
  }

  clear() {
    this.items = [];
    this.#save();
  }

  #save() {
    // state and timers are of this moment; only what was written and whether it failed is worth keeping
    keep("outbox", this.items.map(({ id, at, text, files, topic, error }) => ({ id, at, text, files, topic, error })));
  }
}
