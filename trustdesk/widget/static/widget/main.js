// The chat page: puts the parts together, watches what is seen, talks with the embedding page.

import "../ui/js/dialog.js";
import "../ui/js/menu.js";
import { toast } from "../ui/js/toast.js";
import { Chat } from "./chat.js";
import { find, settings } from "./dom.js";
import { framed, listenToHost } from "./host.js";
import { keepToken, onSignOutElsewhere } from "./storage.js";
import { locale, size, text } from "./texts.js";
import { mountAnswers } from "./view/answers.js";
import { mountComposer } from "./view/composer.js";
import { mountConnection } from "./view/connection.js";
import { mountEnd } from "./view/end.js";
import { forgetFiles } from "./view/files.js";
import { mountHeader } from "./view/header.js";
import { mountHome } from "./view/home.js";
import { mountProof } from "./view/proof.js";
import { mountQueue } from "./view/queue.js";
import { mountTimeline } from "./view/timeline.js";

const HOST_SPEAKS_WITHIN = 2000; // ms

const url = new URL(settings.socket, location.href);
url.protocol = url.protocol.replace("http", "ws");
const chat = new Chat({ url, locale });

// A web view hands the session over in the fragment, which no server sees; it leaves the address at once.
function sessionFromAddress() {
  const session = new URLSearchParams(location.hash.slice(1)).get("session");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return session;
}

// Who comes from his list of cases is the same person here. The address goes, or a reload would ask again.
async function fromOwnCases() {
  if (!new URLSearchParams(location.search).has("continue")) return;
  const answer = await fetch("visitor/", { headers: { Accept: "application/json" } }).catch(() => null);
  const { token } = answer?.ok ? await answer.json() : {};
  if (token) keepToken(token);
  history.replaceState(null, "", location.pathname);
}

// The parts --------------------------------------------------------------------------------------------------------------

let chosen = new URLSearchParams(location.search).get("topic"); // a link from the contact page says what it is about
const topic = { get: () => chosen, set: (code) => (chosen = code) };
const view = { firstUnread: null, takeBack: (item) => composer.takeBack(item) };
const composer = mountComposer(chat, topic, () => {
  view.firstUnread = null;
  follow = true;
  draw();
});
const openProof = mountProof(chat);
const ending = mountEnd(chat);
mountConnection(chat);
mountQueue(chat);
const lookForAnswers = mountAnswers(chat, topic, () => {
  topic.set(null);
  composer.empty();
});
mountHome(chat, topic, () => {
  composer.draw();
  composer.focus();
  lookForAnswers(0);
});
mountHeader(chat, { prove: openProof, transcript: ending.showTranscript, end: ending.askEnd, anew });
const drawTimeline = mountTimeline(chat, view);

function anew() {
  chat.startAnew();
  composer.focus();
}

// What is on screen ------------------------------------------------------------------------------------------------------

let follow = true; // the newest is in sight, so it stays in sight
let open = !framed;
let settled = false; // history has been drawn once
const title = document.title;
const visible = () => open && document.visibilityState === "visible";

function draw() {
  markUnread();
  drawTimeline();
  find("typing").hidden = !chat.agentTyping;
  toNewest();
  find("newer").hidden = follow || !chat.case;
  seen();
  settled = chat.welcomed;
}

// What came while nobody looked is set off with a line, which stays until the customer writes or looks away again.
function markUnread() {
  const [first] = chat.record.unread();
  if (first && !(settled && visible() && follow)) view.firstUnread ??= first.seq;
}

function toNewest() {
  if (follow && !find("log").hidden) find("bottom").scrollIntoView({ block: "end" });
}

function seen() {
  if (visible() && follow && chat.case) chat.seen();
  const count = chat.record.unread().length;
  tell("unread", { count });
  if (chat.welcomed) tell("case", { open: Boolean(chat.case) && !chat.over });
  document.title = count && !framed ? `(${count}) ${title}` : title;
}

const bottomWatch = new IntersectionObserver((changes) => {
  if (!visible()) return; // a closed panel shows nothing, and that says nothing about what the reader follows
  follow = changes.at(-1).isIntersecting;
  find("newer").hidden = follow || !chat.case;
  if (follow) seen();
}, { root: document });
bottomWatch.observe(find("bottom"));

find("newer").addEventListener("click", () => find("bottom").scrollIntoView({ block: "end", behavior: "smooth" }));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") view.firstUnread = null;
  draw();
});
// Neither the keyboard of a phone nor a growing card or composer may cover the newest message.
const sized = new ResizeObserver(toNewest);
for (const id of ["scroll", "log", "below"]) sized.observe(find(id));
chat.addEventListener("change", draw);
chat.addEventListener("problem", (event) => {
  if (event.defaultPrevented) return;
  const limits = { limit: size(chat.limits.file_bytes), files: chat.limits.files };
  toast(text(`error.${event.detail.code}`, limits) || text("error.unavailable"), { tone: "warning" });
});

// The embedding page -----------------------------------------------------------------------------------------------------

let started = false;

function start(session) {
  if (started) return;
  started = true;
  chat.start(session);
}

function signOut() {
  chat.signOut();
  composer.clear();
  forgetFiles();
}

const tell = listenToHost({
  hello({ session, open: shown }) {
    open = Boolean(shown);
    start(session);
    draw();
  },
  open({ topic: code }) {
    open = true;
    if (code && !chat.case) topic.set(code);
    lookForAnswers();
    draw();
    composer.draw();
    composer.focus();
  },
  shut() {
    open = false;
    view.firstUnread = null;
    draw();
  },
  identify({ session }) {
    if (started) chat.identify(session);
    else start(session);
  },
  logout() {
    signOut();
    tell("gone");
  },
});

find("shut")?.addEventListener("click", () => tell("close"));
addEventListener("keydown", (event) => {
  const taken = event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]");
  if (event.key === "Escape" && !taken) tell("close");
});
addEventListener("hashchange", () => {
  const session = sessionFromAddress();
  if (session) chat.identify(session);
});
onSignOutElsewhere(() => {
  signOut();
  chat.start();
});

const session = sessionFromAddress();
if (session) start(session);
else if (!framed) fromOwnCases().then(() => start(null));
else setTimeout(() => start(null), HOST_SPEAKS_WITHIN);
draw();
