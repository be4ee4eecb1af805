// Files in the conversation: thumbnails and downloads are fetched with the visitor's token, so no address opens them alone.

import { element, find, piece, settings } from "../dom.js";
import { token } from "../storage.js";
import { size, text } from "../texts.js";

const kept = new Map(); // file id → promise of an object URL
const BOX = 240; // px: a thumbnail's longer side

/** Show `file` at once from bytes this browser already has. */
export function keepLocal(file, url) {
  kept.set(file, Promise.resolve(url));
}

/** An element for one file of an entry. */
export function fileView(file) {
  return file.type.startsWith("image/") && (file.state ?? "ready") === "ready" ? picture(file) : attachment(file);
}

/** Forget every file, at sign-out. */
export function forgetFiles() {
  for (const promise of kept.values()) promise.then(URL.revokeObjectURL, () => {});
  kept.clear();
}

function load(file) {
  if (!kept.has(file)) {
    const promise = fetch(settings.files + encodeURIComponent(file), { headers: { Authorization: `Bearer ${token()}` } })
      .then((response) => (response.ok ? response.blob() : Promise.reject(new Error(response.status))))
      .then(URL.createObjectURL);
    promise.catch(() => kept.delete(file));
    kept.set(file, promise);
  }
  return kept.get(file);
}

function picture(file) {
  const { root, parts } = piece("picture");
  // The place is reserved before the bytes come, so that nothing jumps.
  const scale = Math.min(1, BOX / Math.max(file.width || BOX, file.height || BOX));
  root.style.inlineSize = `${Math.max(48, Math.round((file.width || BOX) * scale))}px`;
  root.style.aspectRatio = `${file.width || 4} / ${file.height || 3}`;
  root.setAttribute("aria-label", file.name);
  parts.image.alt = file.name;
  load(file.file).then(
    (url) => {
      parts.image.src = url;
      parts.image.hidden = false;
      parts.wait.remove();
      root.addEventListener("click", () => enlarge(file, url));
    },
    () => root.replaceWith(attachment(file)),
  );
  return root;
}

function enlarge(file, url) {
  const box = find("lightbox");
  const [image] = box.getElementsByTagName("img");
  const [save] = box.getElementsByTagName("a");
  Object.assign(image, { src: url, alt: file.name });
  Object.assign(save, { href: url, download: file.name });
  box.showModal();
}

function attachment(file) {
  const { root, parts } = piece("file");
  parts.name.textContent = file.name;
  parts.about.textContent = [size(file.size), text(`file.${file.state}`)].filter(Boolean).join(" · ");
  root.disabled = Boolean(file.state) && file.state !== "ready";
  root.addEventListener("click", async () => {
    try {
      const save = element("a", "");
      Object.assign(save, { href: await load(file.file), download: file.name });
      save.click();
    } catch {
      parts.about.textContent = text("file.gone");
    }
  });
  return root;
}
