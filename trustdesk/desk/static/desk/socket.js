// The desk's one connection to the server: hints and presence, no content (docs/live-protocol.md, "Staff socket").
// Frames are passed on as events of the document: desk:frame {detail: frame}, desk:link {detail: up}.

import { reload } from "./net.js";

const PING = 20_000; // ms
const SILENCE = 25_000; // ms that a ping stays unanswered: lost
const PATIENCE = 10_000; // ms for the connection to open
const FIRST = 800; // ms before the first new attempt, on average
const LONGEST = 30_000;

let socket = null;
let attempts = 0;
let heardAt = 0;
let askedAt = 0;
let timer = null;
let stopped = false;
export let up = false;

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

/** Connect, and stay connected. */
export function connect(path) {
  const address = new URL(path, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  open(address);
  setInterval(() => watch(address), 5_000);
  addEventListener("online", () => open(address));
  addEventListener("offline", () => lost(address));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !up && open(address));
}

/** Send a frame; false where there is no connection. */
export function say(frame) {
  if (!up) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

function open(address) {
  clearTimeout(timer);
  timer = null;
  if (stopped || socket?.readyState <= WebSocket.OPEN) return;
  heardAt = Date.now();
  const mine = (socket = new WebSocket(address));
  mine.onopen = () => {
    attempts = 0;
    up = true;
    tell("desk:link", true);
  };
  mine.onmessage = (event) => {
    heardAt = Date.now();
    const frame = JSON.parse(event.data);
    if (frame.t === "bye") {
      stopped = true;
      reload(); // signed out, or with other rights: whatever is shown may no longer be
    } else tell("desk:frame", frame);
  };
  mine.onclose = () => mine === socket && lost(address);
}

function lost(address) {
  if (socket) socket.onclose = null;
  socket?.close();
  socket = null;
  if (up) {
    up = false;
    tell("desk:link", false);
  }
  if (stopped || timer) return;
  const most = Math.min(LONGEST, FIRST * 2 ** attempts++);
  timer = setTimeout(() => open(address), most * (0.5 + Math.random()));
  if (attempts === 2) tell("desk:link", false); // never was up: say so too
}

// A page that is hidden for long is woken once a minute: that it heard nothing meanwhile means nothing before it has asked.
function watch(address) {
  if (!socket) return;
  const silent = Date.now() - heardAt;
  if (!up) {
    if (silent > PATIENCE) lost(address);
  } else if (askedAt > heardAt) {
    if (Date.now() - askedAt > SILENCE) lost(address);
  } else if (silent > PING) {
    askedAt = Date.now();
    say({ t: "ping" });
  }
}
