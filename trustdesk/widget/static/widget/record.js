// The entries of one case, in the one order of their seq, and how far they are known and read.

import { keep, recall } from "./storage.js";

export class Record {
  constructor() {
    this.entries = new Map(); // seq → entry
    this.position = 0; // the highest `upto` applied
    this.readUpto = 0; // what the customer has seen
    this.agentRead = 0; // what the agent has seen, as told
  }

  /** Take the entries after `position` and return those; `taken(id)` gives the outbox item one answers, if any. */
  apply(entries, upto, taken) {
    const added = entries.filter((entry) => entry.seq > this.position);
    for (const entry of added) {
      const before = this.entries.get(entry.seq);
      const source = taken(entry.id) ?? before;
      this.entries.set(entry.seq, { ...entry, files: sized(entry.files ?? [], source?.files), masked: before?.masked });
      if (entry.from === "customer") this.readUpto = Math.max(this.readUpto, entry.seq);
    }
    this.position = Math.max(this.position, upto);
    return added;
  }

  /** A message of this tab was stored as `ack` says. */
  stored(ack, { text, files } = {}) {
    const known = this.entries.has(ack.seq) || [...this.entries.values()].some((entry) => entry.id === ack.id);
    if (!known && text !== undefined) {
      this.entries.set(ack.seq, { seq: ack.seq, kind: "message", from: "customer", id: ack.id, at: ack.at, text, files });
    }
    const entry = this.entries.get(ack.seq);
    if (entry && ack.masked?.length) Object.assign(entry, { text: ack.text, masked: ack.masked });
    if (ack.seq === this.position + 1) this.position = ack.seq; // nothing lies between: it need not come again
    this.readUpto = Math.max(this.readUpto, ack.seq);
  }

  /** All entries, oldest first. */
  shown() {
    return [...this.entries.values()].sort((a, b) => a.seq - b.seq);
  }

  lastSeq() {
    return Math.max(0, ...this.entries.keys());
  }

  /** Messages of an agent the customer has not seen, oldest first. */
  unread() {
    return this.shown().filter((entry) => entry.seq > this.readUpto && entry.from === "agent" && entry.kind === "message");
  }

  /** Agents have read up to this seq: as told, or because they answered after it. */
  agentReadUpto() {
    return Math.max(this.agentRead, ...this.shown().filter((entry) => entry.from === "agent").map((entry) => entry.seq));
  }

  keepRead(reference) {
    keep("read", { case: reference, seq: this.readUpto });
  }

  // In a tab that does not know what was read, what came after the customer's own last word counts as new.
  recallRead(reference) {
    const kept = recall("read");
    if (kept?.case === reference) this.readUpto = Math.max(this.readUpto, kept.seq);
  }
}

// A picture just sent keeps the size measured here until the server tells one.
function sized(files, known = []) {
  return files.map((file) => {
    const local = known.find((other) => other.file === file.file);
    return { ...file, width: file.width || local?.width, height: file.height || local?.height };
  });
}
