// One connection that comes back: hello first, heartbeat, random backoff (docs/live-protocol.md, "Connection", "Closing").

const SILENCE = 30_000; // ms without any frame: lost
const PATIENCE = 15_000; // ms for the connection to open
const TALKING = 120_000; // ms since something was said: such a chat comes back at once
const RESTART = 1012;
const GOES_ON = new Set([1001, 1005, 1006, 1011, 1012, 1013, 4408]);

export class Socket {
  /** `hello()` makes the first frame; `onFrame(frame)`; `onState("connecting" | "online" | "waiting" | "stopped", code)`. */
  constructor(url, { hello, onFrame, onState }) {
    Object.assign(this, { url, hello, onFrame, onState });
    this.attempts = 0;
    this.heartbeat = 25;
    this.spread = 3; // seconds over which idle chats come back after a loss without a word
    this.talkedAt = 0;
    this.online = false;
    this.#startPulse();
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#lost(1006));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  open() {
    this.close();
    this.wanted = true;
    this.heardAt = this.saidAt = Date.now();
    const socket = (this.socket = new WebSocket(this.url));
    socket.onopen = () => this.#say(this.hello());
    socket.onmessage = (event) => this.#hear(JSON.parse(event.data));
    socket.onclose = (event) => this.#lost(event.code);
    this.onState("connecting");
  }

  close() {
    clearTimeout(this.timer);
    this.timer = null;
    this.wanted = this.online = false;
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close(1000);
    this.socket = null;
  }

  /** Put a frame on the wire; false when there is no welcomed connection. */
  send(frame) {
    if (!this.online || this.socket.readyState !== WebSocket.OPEN) {
      if (this.timer && this.dueAt - Date.now() > 1500) this.#hurry(); // somebody has something to say
      return false;
    }
    this.#say(frame);
    return true;
  }

  #say(frame) {
    this.saidAt = Date.now();
    if (frame.t === "send") this.talkedAt = this.saidAt;
    this.socket.send(JSON.stringify(frame));
  }

  #hear(frame) {
    this.heardAt = Date.now();
    this.spread = frame.spread || this.spread;
    if (frame.t === "entries" || frame.t === "typing") this.talkedAt = this.heardAt;
    if (frame.t === "welcome") {
      this.attempts = 0;
      this.heartbeat = Math.min(frame.heartbeat || 25, 25);
      this.online = true;
      this.onFrame(frame);
      this.onState("online");
    } else this.onFrame(frame);
  }

  #lost(code) {
    if (!this.wanted || this.timer) return;
    this.close();
    this.wanted = true;
    // A hello that was refused is tried once more: onState may have dropped what was refused.
    if (!GOES_ON.has(code) && !(code === 4401 && this.attempts === 0)) {
      this.wanted = false;
      this.onState("stopped", code);
      return;
    }
    const idle = code !== RESTART && Date.now() - this.talkedAt > TALKING;
    const ceiling = Math.max(Math.min(30, 3 * 2 ** this.attempts++), idle ? this.spread : 0);
    this.#wait(1000 * (0.5 + Math.random() * (ceiling - 0.5)));
    this.onState("waiting", code);
  }

  // The network is back or somebody looks at the page: do not sit out a long wait, but stay spread.
  #hurry() {
    if (this.timer) {
      clearTimeout(this.timer);
      this.#wait(300 + Math.random() * 1200);
    } else this.#beat();
  }

  #wait(ms) {
    this.dueAt = Date.now() + ms;
    this.timer = setTimeout(() => this.open(), ms);
  }

  #beat() {
    if (!this.socket) return;
    const now = Date.now();
    const limit = this.socket.readyState === WebSocket.CONNECTING ? PATIENCE : SILENCE;
    if (now - this.heardAt > limit) this.#lost(1006);
    else if (this.online && now - this.saidAt >= this.heartbeat * 1000 - 5000) this.send({ t: "ping" });
  }

  #startPulse() {
    try {
      new Worker(new URL("pulse.js", import.meta.url)).onmessage = () => this.#beat();
    } catch {
      setInterval(() => this.#beat(), 5000);
    }
  }
}
