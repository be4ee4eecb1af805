// Words and numbers in the reader's language. The words come from <template id="texts"> of the page, translated there.

export const locale = document.documentElement.lang || "en";

const words = new Map();
for (const element of document.getElementById("texts").content.children) words.set(element.dataset.key, element.textContent);

/** The text called `key` with {names} filled in; "" when there is none, so that unknown codes show as nothing. */
export function text(key, values = {}) {
  return (words.get(key) ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const unit = (name, digits = 0) =>
  new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long", maximumFractionDigits: digits });
const bytes = (name) => new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 });
const list = new Intl.ListFormat(locale, { type: "conjunction" });

/** Seconds as "40 seconds", "5 minutes", "1.5 hours", rounded up: a promise must not be shorter than meant. */
export function duration(seconds) {
  if (seconds < 60) return unit("second").format(Math.max(1, Math.ceil(seconds)));
  if (seconds < 5400) return unit("minute").format(Math.ceil(seconds / 60));
  return unit("hour", 1).format(Math.ceil(seconds / 360) / 10);
}

/** Bytes as "340 kB", "2.5 MB". */
export function size(count) {
  return count < 1e6 ? bytes("kilobyte").format(Math.max(1, Math.round(count / 1000))) : bytes("megabyte").format(count / 1e6);
}

/** "a, b and c". */
export function together(items) {
  return list.format(items);
}
