// An article of the help center as a card: beside the first message, and under what an agent wrote.

import { piece } from "../dom.js";

export function articleCard({ title, summary, url }) {
  const { root, parts } = piece("article");
  root.href = new URL(url, location.origin); // on this host, whatever it is called
  parts.title.textContent = title;
  parts.summary.textContent = summary;
  parts.summary.hidden = !summary;
  return root;
}
