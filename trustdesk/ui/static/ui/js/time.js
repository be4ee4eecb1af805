// <time datetime data-time="clock|date|full|ago">: written in the reader's own zone and language, "ago" kept fresh.

const language = document.documentElement.lang || "en";
const clockFormat = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const dateFormat = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const dayFormat = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const fullFormat = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const agoFormat = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const steps = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const formats = {
  clock: (at) => clockFormat.format(at),
  date: (at) => dateFormat.format(at),
  day: (at) => dayFormat.format(at),
  full: (at) => fullFormat.format(at),
  ago: (at) => {
    const seconds = (at - Date.now()) / 1000;
    const [unit, size] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
    return agoFormat.format(Math.trunc(seconds / size), unit);
  },
};

/** A time (ISO 8601 or Date) as "clock", "date", "day", "full" or "ago" in the page's language. */
export function timeText(at, style) {
  return formats[style](new Date(at));
}

/** Write every <time data-time> inside `root`. */
export function localise(root) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    const text = timeText(element.dateTime, element.dataset.time);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = timeText(element.dateTime, "full");
  }
}

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target.parentNode ?? document));
setInterval(() => localise(document), 30_000);
