// The conversation as this client knows it: applies the server's frames, keeps position and outbox, tells the views.

import { Outbox } from "./outbox.js";
import { Record } from "./record.js";
import { forgetEverything, keepToken, token } from "./storage.js";
import { Socket } from "./socket.js";

const TYPING_SHOWN = 6000; // ms an agent's typing is believed without being repeated
const STATUS_AFTER = {
  assigned: "open",
  resolved: "resolved",
  reopened: "open",
  closed: "closed",
  ended_by_customer: "closed",
};
const ENTERING = new Set(["code_sent", "enter_factor", "wrong"]); // a code is being typed
const AGAIN = new Set(["rate_limited", "unavailable"]);

/** Fires an Event "change" (detail: set of what changed) and "problem" (detail: an error frame no view owns). */
export class Chat extends EventTarget {
  constructor({ url, locale }) {
    super();
    this.locale = locale;
    this.outbox = new Outbox();
    this.uploads = new Map(); // id → {resolve, reject}
    this.wishes = new Map(); // frames asked again after a reconnect until answered, by type
    this.ending = null; // ids of messages that go out before the end
    this.left = new Set(); // references of cases this tab has turned its back on
    this.connection = "connecting";
    this.#forget();
    this.socket = new Socket(url, {
      hello: () => this.#hello(),
      onFrame: (frame) => this.#receive(frame),
      onState: (state, code) => this.#connection(state, code),
    });
    setInterval(() => this.#flush(), 2000);
  }

  // What a customer can do ------------------------------------------------------------------------------------------

  /** Connect, as the bearer of `session` (signed by the exchange) if there is one. */
  start(session = null) {
    this.session = session;
    this.socket.open();
  }

  /** A session arrived later. Connecting again costs little; it is spared when it would change nothing. */
  identify(session) {
    this.session = session;
    const fresh = this.who.known && this.held?.level >= 2 && Date.parse(this.held.expires_at) - Date.now() > 120_000;
    if (!fresh) this.socket.open();
  }

  signOut() {
    this.socket.close();
    this.outbox.clear();
    forgetEverything();
    this.session = null;
    this.wishes.clear();
    this.ending = null;
    this.left.clear();
    this.#forget();
    this.#changed("all");
  }

  send({ text, files = [], topic = null }) {
    if (this.case?.status === "closed") this.startAnew();
    const first = !this.case && !this.outbox.items.length;
    this.outbox.add({ text, files, topic: first ? topic : null });
    this.typing(false);
    this.#flush();
  }

  retry(id) {
    this.outbox.change(id, { state: "unsent", error: null });
    this.#flush();
  }

  discard(id) {
    const item = this.outbox.take(id);
    this.#changed("entries");
    return item;
  }

  /** Tell the agent that somebody types; never what. At most once in three seconds, and once when it stops. */
  typing(on) {
    const now = Date.now();
    if (!this.case || (on ? now - (this.typedAt ?? 0) < 3000 : !this.typedAt)) return;
    this.typedAt = on ? now : 0;
    this.socket.send({ t: "typing", on });
  }

  /** Everything shown so far was seen. */
  seen() {
    const last = this.record.lastSeq();
    if (last <= this.record.readUpto) return;
    this.record.readUpto = last;
    this.record.keepRead(this.case.reference);
    this.socket.send({ t: "read", seq: last });
    this.#changed("unread");
  }

  prove(answer) {
    this.#wish({ t: "prove", ...answer });
  }

  mailMe(mail) {
    this.#wish({ t: "mail_me", mail });
  }

  /** End the case once all that was written before has arrived; what is written after waits and opens a new case. */
  end() {
    this.ending ??= this.outbox.items.map((item) => item.id);
    this.#flush();
  }

  rate(score, comment) {
    this.#wish(comment ? { t: "rate", score, comment } : { t: "rate", score });
  }

  mailTranscript() {
    this.#wish({ t: "transcript" });
  }

  /** Leave an ended case behind; the next message opens a new one (a solved case is closed first, or it would reopen). */
  startAnew() {
    if (this.case?.status === "resolved") this.end();
    if (this.case) this.left.add(this.case.reference);
    this.#forgetCase();
    this.#changed("all");
  }

  /** Ask where to put a file; resolves to {file, url, ticket}, rejects with an error code. */
  askUpload({ id, name, size, type }) {
    return new Promise((resolve, reject) => {
      this.uploads.set(id, { resolve, reject });
      if (!this.socket.send({ t: "upload", id, name, size, type })) this.#refuseUpload(id, "offline");
    });
  }

  // What views ask --------------------------------------------------------------------------------------------------

  get over() {
    return this.case?.status === "resolved" || this.case?.status === "closed";
  }

  // Frames ----------------------------------------------------------------------------------------------------------

  #hello() {
    const frame = { t: "hello", v: 1, locale: this.locale, tz: Intl.DateTimeFormat().resolvedOptions().timeZone };
    const known = token();
    if (known) frame.token = known;
    // Another person's session may mean another case: then nothing is resumed.
    if (this.session) frame.session = this.session;
    else if (this.case) Object.assign(frame, { case: this.case.reference, after: this.record.position, epoch: this.epoch });
    this.resuming = !this.session && Boolean(this.case);
    return frame;
  }

  #receive(frame) {
    switch (frame.t) {
      case "welcome": return this.#welcome(frame);
      case "ack": return this.#ack(frame);
      case "entries": return this.#entries(frame);
      case "reset":
        this.epoch = null;
        return this.#changed("entries");
      case "queue":
        if (frame.mail) this.wishes.delete("mail_me");
        if (!this.case) return undefined; // of a case left behind
        this.queue = frame;
        return this.#changed("queue", "header");
      case "typing":
        clearTimeout(this.typingTimer);
        this.agentTyping = frame.on ? frame.name || true : null;
        if (frame.on) this.typingTimer = setTimeout(() => this.#receive({ t: "typing", on: false }), TYPING_SHOWN);
        return this.#changed("typing");
      case "presence":
        if (this.case) this.case.agent = frame.agent;
        this.agentOnline = frame.online;
        return this.#changed("header");
      case "read":
        this.record.agentRead = Math.max(this.record.agentRead, frame.seq);
        return this.#changed("entries");
      case "upload":
        this.uploads.get(frame.id)?.resolve(frame);
        return this.uploads.delete(frame.id);
      case "proof":
        this.wishes.delete("prove");
        this.proof = frame;
        if (frame.state === "proved") this.#hold(frame);
        return this.#changed("proof", "header");
      case "ended":
        this.#ended();
        if (!this.case || this.left.has(frame.case)) return undefined;
        Object.assign(this.case, { status: "closed", rated: !frame.rate });
        return this.#changed("end", "header");
      case "rated":
        this.wishes.delete("rate");
        if (this.case) this.case.rated = true;
        return this.#changed("end");
      case "transcript":
        this.wishes.delete("transcript");
        this.dispatchEvent(new CustomEvent("transcript", { detail: frame }));
        return undefined;
      case "error": return this.#error(frame);
    }
  }

  #welcome(frame) {
    keepToken(frame.token);
    this.session = null; // it is spent: the token names this visitor from here on
    // One that was left and is open is where another was merged into while nobody listened.
    if (frame.case && !["resolved", "closed"].includes(frame.case.status)) this.left.delete(frame.case.reference);
    const given = this.left.has(frame.case?.reference) ? null : frame.case;
    if (!this.resuming || this.epoch !== frame.epoch || this.case?.reference !== given?.reference) this.#forgetCase();
    this.epoch = frame.epoch;
    this.case = given;
    this.who = frame.who ?? {};
    this.topics = frame.topics ?? [];
    this.hours = frame.hours ?? null;
    this.limits = { ...this.limits, ...frame.limits };
    this.agentsOnline = frame.agents_online;
    this.proof = frame.proof ?? { state: "none" };
    this.held = null;
    if (this.proof.level) this.#hold(this.proof);
    this.queue = given ? (frame.queue ?? this.queue) : null;
    this.welcomed = true;
    if (given) {
      this.#apply(frame);
      this.record.recallRead(given.reference);
      // What was read may have been lost with the socket.
      if (this.record.readUpto) this.socket.send({ t: "read", seq: this.record.readUpto });
    }
    if (!frame.case || frame.case.status === "closed") this.#ended();
    for (const wish of this.wishes.values()) this.socket.send(wish);
    this.#flush();
    this.#changed("all");
  }

  #ack(frame) {
    const item = this.outbox.take(frame.id);
    if (this.#switchCase(frame.case, item?.topic)) this.record.stored(frame, item);
    this.#flush();
    this.#changed("entries", "queue", "header", "case");
  }

  #entries(frame) {
    if (!this.#switchCase(frame.case)) return;
    if (frame.after > this.record.position) {
      this.socket.send({ t: "resume", after: this.record.position, epoch: this.epoch });
      return;
    }
    for (const entry of this.#apply(frame)) {
      if (entry.kind === "event") this.#happened(entry);
      else if (entry.from === "agent") this.agentTyping = null;
    }
    this.#changed("entries", "header", "end", "case", "proof");
  }

  #apply({ entries = [], upto = 0 }) {
    return this.record.apply(entries, upto, (id) => (id ? this.outbox.take(id) : undefined));
  }

  #happened({ event, params }) {
    this.case.status = STATUS_AFTER[event] ?? this.case.status;
    if (this.case.status === "closed") this.#ended();
    if (event === "assigned") this.case.agent = { name: params.name };
    if (event === "left" || event === "passed_on") this.case.agent = null;
    if (event === "rated") this.case.rated = true;
    if (event === "merged") this.left.delete(params.case); // one goes back to it
    if (event === "proof_asked" && !ENTERING.has(this.proof.state)) this.proof = { state: "asked", how: params.how };
    if (event === "proved") {
      this.proof = { state: "proved", ...params };
      this.#hold(params);
    }
  }

  /** Keep the strongest proof that still counts: a code by mail takes nothing away from a signed session. */
  #hold({ level, expires_at }) {
    const stronger = this.held?.level > level && Date.parse(this.held.expires_at) > Date.now();
    if (!stronger) this.held = { level, expires_at };
  }

  #error(frame) {
    if (this.uploads.has(frame.id)) return this.#refuseUpload(frame.id, frame.code);
    const item = this.outbox.get(frame.id);
    if (item && (AGAIN.has(frame.code) || frame.code === "unknown_topic")) {
      const topic = frame.code === "unknown_topic" ? null : item.topic;
      this.outbox.change(item.id, { state: "unsent", topic, notBefore: Date.now() + 1000 * (frame.retry_after ?? 2) });
    } else if (item) this.outbox.change(item.id, { state: "failed", error: frame.code });
    else {
      if (frame.code === "session_refused") this.session = null;
      else this.wishes.clear();
      this.dispatchEvent(new CustomEvent("problem", { detail: frame, cancelable: true }));
    }
    this.#changed("entries");
  }

  // State -----------------------------------------------------------------------------------------------------------

  #connection(state, code) {
    this.connection = state;
    if (state !== "online") {
      this.outbox.lost();
      for (const id of [...this.uploads.keys()]) this.#refuseUpload(id, "offline");
      this.agentTyping = null;
      if (code === 4401) this.session = null;
    }
    this.#changed("connection", "entries", "typing");
  }

  /** Follow the server to another case; false when the frame is of one left behind. */
  #switchCase(reference, topic = null) {
    if (this.left.has(reference)) return false;
    if (this.case?.reference !== reference) {
      if (this.case) this.left.add(this.case.reference);
      this.#forgetCase();
      this.case = { reference, status: "waiting", topic, agent: null, rated: false };
    }
    return true;
  }

  #forgetCase() {
    this.case = null;
    this.record = new Record();
    this.agentTyping = null;
    this.agentOnline = null;
    this.queue = null;
  }

  #forget() {
    this.#forgetCase();
    this.epoch = null;
    this.who = {};
    this.topics = [];
    this.hours = null;
    this.limits = { text: 4000, file_bytes: 25_000_000, files: 10 };
    this.proof = { state: "none" };
    this.held = null; // {level, expires_at}: how sure one is who this is
    this.agentsOnline = null;
    this.welcomed = false;
  }

  #wish(frame) {
    this.wishes.set(frame.t, frame);
    this.socket.send(frame);
  }

  #ended() {
    this.wishes.delete("end");
    this.ending = null;
    this.#flush();
  }

  #refuseUpload(id, code) {
    this.uploads.get(id)?.reject(code);
    this.uploads.delete(id);
  }

  #flush() {
    const before = this.outbox.items.map((item) => item.state).join();
    this.outbox.flush((frame) => this.socket.send(frame), this.ending);
    const settled = (id) => (this.outbox.get(id)?.state ?? "failed") === "failed";
    if (this.ending?.every(settled) && !this.wishes.has("end")) this.#wish({ t: "end" });
    if (before !== this.outbox.items.map((item) => item.state).join()) this.#changed("entries");
  }

  #changed(...what) {
    this.dispatchEvent(new CustomEvent("change", { detail: new Set(what) }));
  }
}
