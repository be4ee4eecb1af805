// Words and numbers in the reader's language. The words come from <template id="texts"> of the page, translated there.

export const locale = document.documentElement.lang || "en";

const words = new Map();
for (const element of document.getElementById("texts").content.children) words.set(element.dataset.key, element.textContent);

/** The text called `key` with {names} filled in; "" when there is none, so that unknown codes show as nothing. */
export function text(key, values = {}) {
  return (words.get(key) ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const measure = (count, unit, unitDisplay, maximumFractionDigits = 0) =>
  new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, maximumFractionDigits }).format(count);
const list = new Intl.ListFormat(locale, { type: "conjunction" });

/** Seconds as "40 seconds", "5 minutes", "1.5 hours", rounded up: a promise must not be shorter than meant. `width`: long or short. */
export function duration(seconds, width = "long") {
  if (seconds < 60) return measure(Math.max(1, Math.ceil(seconds)), "second", width);
  if (seconds < 5400) return measure(Math.ceil(seconds / 60), "minute", width);
  return measure(Math.ceil(seconds / 360) / 10, "hour", width, 1);
}

/** Bytes as "340 kB", "2.5 MB". */
export function size(count) {
  if (count < 1e6) return measure(Math.max(1, count / 1000), "kilobyte", "short");
  return measure(count / 1e6, "megabyte", "short", 1);
}

/** "a, b and c". */
export function together(items) {
  return list.format(items);
}
