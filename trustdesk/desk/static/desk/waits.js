// <time data-wait>: how long ago, in the shortest words; data-late: minutes after which it is late. <time data-until>: what is left.

import { words } from "./net.js";

const language = document.documentElement.lang || "en";
const units = ["day", "hour", "minute"].map((unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }));

function short(minutes) {
  if (minutes >= 1440) return units[0].format(Math.floor(minutes / 1440));
  return minutes >= 60 ? units[1].format(Math.floor(minutes / 60)) : units[2].format(Math.max(0, Math.floor(minutes)));
}

/** Write every such time inside `root`. */
export function tick(root = document) {
  for (const time of root.querySelectorAll("time[data-wait], time[data-until]")) {
    const minutes = (Date.now() - Date.parse(time.dateTime)) / 60_000;
    const until = time.hasAttribute("data-until");
    const text = !until ? short(minutes) : minutes < 0 ? words("left", { time: short(Math.ceil(-minutes)) }) : words("expired");
    if (time.textContent !== text) time.textContent = text;
    if (time.dataset.late) time.classList.toggle("late", minutes >= time.dataset.late);
  }
}

setInterval(tick, 10_000);
document.addEventListener("htmx:load", (event) => tick(event.target.parentNode ?? document));
