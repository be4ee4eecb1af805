// How a person is drawn: the same letters and colour as the template filters |initials and |hue.

/** "Mei Lin" → "ML", "陈美" → "陈", "" → "?". */
export function initials(name) {
  const words = (name ?? "").split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  const first = [...words[0]][0];
  return (words.length === 1 || first > "\u007f" ? first : first + [...words.at(-1)][0]).toUpperCase();
}

/** 0–7, always the same for the same name. */
export function hue(name) {
  return [...(name ?? "")].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 8;
}
