// Before the first message: greeting, whether somebody is there, topics to choose from, quieter hours.

import { element, find } from "../dom.js";
import { locale, text, together } from "../texts.js";

const hourFormat = new Intl.DateTimeFormat(locale, { hour: "numeric" });

/** `topic`: {get, set}, the topic chosen for the first message; `focus()` goes to the composer. */
export function mountHome(chat, topic, focus) {
  function draw() {
    find("home").hidden = Boolean(chat.case) || chat.outbox.items.length > 0;
    if (!chat.welcomed) return;
    if (chat.who.name) find("greeting").textContent = text("greeting.name", { name: chat.who.name });
    if (!chat.agentsOnline) find("lead").textContent = text("lead.nobody");
    find("topics-box").hidden = !chat.topics.length;
    find("topics").replaceChildren(...chat.topics.map(chip));
    hours(chat.hours);
  }

  function chip({ code, label }) {
    const made = element("button", "chip", label);
    made.type = "button";
    made.setAttribute("aria-pressed", String(topic.get() === code));
    made.addEventListener("click", () => {
      topic.set(topic.get() === code ? null : code);
      for (const other of find("topics").children) other.setAttribute("aria-pressed", "false");
      made.setAttribute("aria-pressed", String(topic.get() === code));
      focus();
    });
    return made;
  }

  chat.addEventListener("change", ({ detail }) => {
    if (["all", "case", "entries"].some((what) => detail.has(what))) draw();
  });
  draw();
}

function hours(today) {
  find("hours").hidden = !today;
  if (!today) return;
  const [now] = find("hours").getElementsByTagName("b");
  const level = today.open ? today.level : "closed";
  find("hours").dataset.level = level;
  now.textContent = text(`hours.${level}`);
  const byHour = today.by_hour ?? [];
  const hour = new Date().getHours();
  find("hours").querySelector(".chat__bars").replaceChildren(...byHour.map((busy, at) => bar(busy, at === hour)));
  find("hours").querySelector(".chat__hours-text").textContent = advice(byHour, hour, level);
}

function bar(level, now) {
  return element("i", `chat__bar chat__bar--${level}${now ? " chat__bar--now" : ""}`);
}

function advice(byHour, hour, level) {
  if (!byHour.length || level === "closed") return "";
  if (byHour[hour] === 0 && level === "quiet") return text("hours.best");
  const times = quiet(byHour, hour).map(([from, to]) => `${hourFormat.format(at(from))}–${hourFormat.format(at(to))}`);
  return times.length ? text("hours.later", { times: together(times) }) : text("hours.none");
}

// Stretches of quiet hours still to come today, as [from, to): the next two are enough.
function quiet(byHour, hour) {
  const stretches = [];
  for (let at = hour + 1; at < 24; at++) {
    if (byHour[at] !== 0) continue;
    if (stretches.at(-1)?.[1] === at) stretches.at(-1)[1] = at + 1;
    else stretches.push([at, at + 1]);
  }
  return stretches.slice(0, 2);
}

const at = (hour) => new Date(2000, 0, 1, hour);
