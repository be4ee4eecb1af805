// The conversation: one row per entry, day, unread mark or unsent message; rows are kept and only what changed is drawn.

import { timeText } from "../../ui/js/time.js";
import { hue, initials } from "../../ui/js/names.js";
import { REMOVED, element, find, piece, write } from "../dom.js";
import { size, text, together } from "../texts.js";
import { articleCard } from "./article.js";
import { fileView } from "./files.js";

const TOGETHER = 5 * 60_000; // ms: what one person writes within this reads as one turn
const WALLET = new Set(["seed_phrase", "xprv", "wif", "private_key"]);
const ADVICE = {
  pem_key: "key",
  api_secret: "key",
  totp_seed: "totp_seed",
  token: "session",
  cookie: "session",
  one_time_code: "code",
};

const NEEDS_EDITING = new Set(["too_long", "too_many_files", "unknown_file", "bad_frame"]);

export function mountTimeline(chat, view) {
  const log = find("log");
  const drawn = new Map(); // row key → {signature, node}

  function draw() {
    const rows = list(chat, view.firstUnread);
    const first = !drawn.size;
    log.hidden = !rows.length;
    if (first) log.setAttribute("aria-busy", "true"); // history is not read out, only what comes later
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { node }] of drawn) if (!keys.has(key)) { node.remove(); drawn.delete(key); }
    let before = null;
    for (const row of rows) {
      const signature = JSON.stringify(row);
      const had = drawn.get(row.key);
      let node = had?.node;
      if (had?.signature !== signature) {
        node = build(row);
        had?.node.replaceWith(node);
        drawn.set(row.key, { signature, node });
      }
      const place = before ? before.nextSibling : log.firstChild;
      if (node !== place) log.insertBefore(node, place);
      before = node;
    }
    if (first) requestAnimationFrame(() => log.removeAttribute("aria-busy"));
  }

  log.addEventListener("click", (event) => {
    const id = event.target.closest("[data-message]")?.dataset.message;
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (action === "retry") chat.retry(id);
    if (action === "discard") view.takeBack(chat.discard(id));
  });
  return draw;
}

// What to show, as plain values ----------------------------------------------------------------------------------------

function list(chat, firstUnread) {
  const rows = chat.case ? [{ key: "case", kind: "number", reference: chat.case.reference }] : [];
  let day = null;
  let previous = null;
  let masked = false;
  const readUpto = chat.record.agentReadUpto();
  for (const entry of [...chat.record.shown(), ...chat.outbox.items.map(pending)]) {
    const today = new Date(entry.at).toDateString();
    if (today !== day) rows.push({ key: `day ${today}`, kind: "divider", day: entry.at });
    if (entry.seq && entry.seq === firstUnread) rows.push({ key: "unread", kind: "divider", unread: true });
    day = today;
    if (entry.kind === "event") {
      if (entry.event === "secret_masked" && masked) masked = false;
      else rows.push({ ...event(entry), reference: chat.case?.reference });
      previous = null;
      continue;
    }
    const follows = rows.at(-1)?.kind === "entry" && oneTurn(previous, entry);
    if (follows) rows.at(-1).last = false;
    const key = entry.id ? `id ${entry.id}` : `seq ${entry.seq}`;
    const state = entry.state ?? (entry.seq <= readUpto ? "read" : "sent");
    rows.push({ ...entry, key, kind: "entry", follows, last: true, state });
    const kinds = entry.from === "customer" ? removed(entry) : [];
    masked = kinds.length > 0;
    if (masked) rows.push({ key: `masked ${key}`, kind: "masked", kinds });
    previous = entry;
  }
  // "Read" and "Sent" are said once, under the last of each; failures are said at each.
  let said = null;
  for (const row of [...rows].reverse()) {
    if (row.kind !== "entry" || row.from !== "customer") continue;
    row.quiet = row.state === said && row.state !== "failed";
    said = row.state;
  }
  return rows;
}

// The stored text itself says what was taken out, so that the warning is still there after a reload.
const removed = (entry) => entry.masked ?? [...(entry.text ?? "").matchAll(REMOVED)].map((match) => match[1]);

const pending = (item) => ({ ...item, kind: "message", from: "customer" });

function oneTurn(before, entry) {
  const same = before?.from === entry.from && (before.name ?? "") === (entry.name ?? "");
  return same && Date.parse(entry.at) - Date.parse(before.at) < TOGETHER;
}

function event({ seq, event: code, params = {}, at }) {
  const key = `seq ${seq}`;
  if (code === "secret_masked") return { key, kind: "masked", kinds: params.kinds ?? [] };
  return { key, kind: "event", code, params, at };
}

// Drawing one row ------------------------------------------------------------------------------------------------------

function build(row) {
  return { divider, event: line, number, masked, entry }[row.kind](row);
}

function divider(row) {
  const { root } = piece("divider");
  root.classList.toggle("divider--unread", Boolean(row.unread));
  root.textContent = row.unread ? text("unread") : dayName(new Date(row.day));
  return root;
}

function dayName(day) {
  const ago = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86_400_000);
  return ago === 0 ? text("today") : ago === 1 ? text("yesterday") : timeText(day, ago < 300 ? "day" : "date");
}

function line({ code, params, at, reference }) {
  const { root } = piece("event");
  const level = text(`proof.level.${params.level}`);
  root.textContent = text(`event.${code}`, { ...params, level });
  if (root.textContent) root.append(`\u00a0· ${timeText(at, "clock")}`);
  if (code === "documents_asked" && reference) {
    const said = document.createElement("span"); // one run of text, where the line itself is a row of boxes
    said.append(...root.childNodes, " ", page(`/cases/${reference}/documents/`));
    root.append(said);
  }
  root.hidden = !root.textContent;
  return root;
}

// Beside the chat, which is in a frame of another site: documents are handed in where the address can be seen.
function page(address) {
  const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener" });
  link.textContent = text("documents.open");
  return link;
}

function number({ reference }) {
  const { root, parts } = piece("number");
  parts.reference.textContent = parts.copy.dataset.copy = reference;
  return root;
}

function masked({ kinds }) {
  const { root, parts } = piece("masked");
  const named = [...new Set(kinds.map((kind) => text(`masked.kind.${kind}`) || text("masked.kind.other")))];
  const advice = kinds.some((kind) => WALLET.has(kind)) ? "wallet" : (ADVICE[kinds[0]] ?? "other");
  parts.what.textContent = text("masked", { kinds: together(named) });
  parts.advice.textContent = text("masked.both", { safe: text("masked.safe"), advice: text(`masked.advice.${advice}`) });
  return root;
}

function entry(row) {
  const own = row.from === "customer";
  const { root, parts } = piece("entry");
  root.classList.toggle("entry--own", own);
  root.classList.toggle("entry--follows", row.follows);
  parts.name.textContent = own ? text("you") : row.name;
  parts.name.classList.toggle("visually-hidden", own || row.follows);
  if (own) parts.avatar.remove();
  else {
    parts.avatar.hidden = false;
    parts.avatar.textContent = initials(row.name);
    parts.avatar.classList.add(`avatar--h${hue(row.name)}`);
    parts.avatar.style.visibility = row.last ? "visible" : "hidden";
  }
  parts.bubble.classList.toggle("bubble--own", own);
  parts.bubble.classList.toggle("bubble--waiting", row.state === "unsent" || row.state === "sending");
  parts.bubble.classList.toggle("bubble--failed", row.state === "failed");
  write(parts.bubble, row.text ?? "", { links: !own });
  if (!row.text) parts.bubble.hidden = true;
  parts.bubble.before(...(row.files ?? []).map(fileView));
  parts.bubble.after(...(row.articles ?? []).map(articleCard));
  meta(row, own, root, parts.meta);
  return root;
}

function meta(row, own, root, box) {
  const state = own && !row.quiet ? row.state : null;
  if (!row.last && state !== "failed") return;
  root.classList.add("entry--meta");
  box.hidden = false;
  if (state === "failed") {
    const { root: failed, parts } = piece("failed");
    box.dataset.message = row.id;
    parts.retry.hidden = NEEDS_EDITING.has(row.error);
    parts.why.textContent = text(`error.${row.error}`, { files: row.files.length, limit: size(0) }) || text("error.other");
    box.append(failed);
    return;
  }
  const clock = element("time", "", timeText(row.at, "clock"));
  clock.dateTime = row.at;
  clock.title = timeText(row.at, "full");
  box.append(clock);
  if (state) box.append(element("span", "", text(state)));
}
