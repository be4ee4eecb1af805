// Files of the form: chosen, dropped, pasted or photographed, blacked out where they are pictures, and on their way at once.
// A large one goes in pieces: after a lost connection it goes on where it was, and after a reload once it is chosen again,
// since a page that is loaded anew may not read it. The same file sent again is the same file.

import { locale, size, text } from "../widget/texts.js";

const percent = new Intl.NumberFormat(locale, { style: "percent" });
const RETRIES = [2, 5, 15, 30]; // seconds

export class Files {
  constructor(form, { blackout, changed }) {
    const box = document.getElementById("files");
    Object.assign(this, { form, box, blackout, changed, items: [], queue: Promise.resolve() });
    this.tray = document.getElementById("tray");
    this.most = Number(box.dataset.most);
    this.bytes = Number(box.dataset.bytes);
    this.pieceBytes = Number(box.dataset.piece);
    this.piece = document.getElementById("piece-file").content;
    this.takeOver();
    addEventListener("online", () => this.items.filter((item) => item.state === "waiting").forEach((item) => this.send(item)));
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        this.add(files);
      }
    });
  }

  /** Put our own way to add files in place of the plain one, and show what the page carries already. */
  takeOver() {
    const pick = document.getElementById("files-pick");
    const add = document.getElementById("piece-add").content.cloneNode(true).firstElementChild;
    pick.classList.replace("input", "visually-hidden");
    pick.parentNode.append(add);
    for (const input of [pick, add.querySelector("[data-part=camera]")]) {
      input.addEventListener("change", () => {
        this.add([...input.files]);
        input.value = "";
      });
    }
    for (const kept of this.tray.querySelectorAll("input[name=file]")) this.restore(kept.value);
    for (const plain of this.box.querySelectorAll(".ticket-kept, .ticket-plain")) plain.remove();
    for (const name of ["dragover", "dragleave", "drop"]) {
      this.box.addEventListener(name, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        add.classList.toggle("ticket-drop--over", name === "dragover");
        if (name === "drop") this.add([...event.dataTransfer.files]);
      });
    }
  }

  /** Show a file that is stored already, by what a form carries of it. */
  restore(value) {
    const [, , bytes, name] = /^(\S+) (\d+) (.+)$/s.exec(value) ?? [];
    if (!name || this.items.some((item) => item.value === value)) return;
    const item = this.make({ name, size: Number(bytes) });
    Object.assign(item, { state: "ready", value });
    this.draw(item);
  }

  /** Show a file that was on its way when the page was left, by what `coming` says of it. */
  recover({ name, size, modified, id, at = 0 }) {
    const item = this.make({ name, size, lastModified: modified });
    this.draw(Object.assign(item, { state: "missing", at, progress: at / size }, id && { id }));
  }

  /** The files that have not arrived, and how much has. A picture that was covered is made anew each time, so of that nothing. */
  get coming() {
    const coming = ({ state, again }) => ["uploading", "waiting", "missing"].includes(state) || (state === "failed" && again);
    const told = ({ chosen, source, id, at }) => ({
      name: chosen.name,
      size: chosen.size,
      modified: chosen.lastModified,
      ...(source === chosen && { id, at }),
    });
    return this.items.filter(coming).map(told);
  }

  /** Whether a file has to be chosen again, or taken off, before the form can go. */
  get missing() {
    return this.items.some((item) => item.state === "missing");
  }

  get values() {
    return this.items.filter((item) => item.value).map((item) => item.value);
  }

  get busy() {
    return this.items.some((item) => item.state === "uploading" || item.state === "waiting");
  }

  add(files) {
    this.say("");
    this.queue = this.queue.then(async () => {
      for (const [index, file] of files.entries()) {
        if (this.items.length >= this.most && !this.left(file)) return this.say(text("file.too_many", { files: this.most }));
        await this.take(file, { number: index + 1, count: files.length });
      }
    });
  }

  /** Let a picture be blacked out, then send what came of it. */
  async take(file, place) {
    const covered = file.type.startsWith("image/") ? await this.blackout.open(file, place) : undefined;
    if (covered === null) return;
    const left = this.left(file);
    const item = this.make(covered ?? file, file);
    if (covered) item.original = file;
    if (left && item.source === file) Object.assign(item, { id: left.id, at: left.at });
    if (left) this.replace(left, item);
    this.send(item);
  }

  /** The item that waits for this file to be chosen again. */
  left({ name, size, lastModified }) {
    const same = ({ chosen }) => chosen.name === name && chosen.size === size && chosen.lastModified === lastModified;
    return this.items.find((item) => item.state === "missing" && same(item));
  }

  make(source, chosen = source) {
    const root = this.piece.cloneNode(true).firstElementChild;
    const parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
    const item = { id: newId(), source, chosen, name: source.name || "picture.png", size: source.size, root, parts, tries: 0 };
    parts.name.textContent = item.name;
    parts.remove.addEventListener("click", () => this.remove(item));
    parts.again.addEventListener("click", () => this.send(item));
    parts.edit.addEventListener("click", () => this.edit(item));
    item.at = 0; // so much of it has arrived
    this.items.push(item);
    this.tray.append(root);
    return item;
  }

  async edit(item) {
    const covered = await this.blackout.open(item.original);
    if (!covered) return;
    const fresh = this.make(covered, item.original);
    fresh.original = item.original;
    this.replace(item, fresh);
    this.send(fresh);
  }

  replace(item, fresh) {
    this.tray.insertBefore(fresh.root, item.root);
    this.remove(item);
  }

  remove(item) {
    item.state = "removed";
    item.request?.abort();
    clearTimeout(item.later);
    item.root.remove();
    this.items = this.items.filter((one) => one !== item);
    document.getElementById("files-pick").focus();
    this.changed();
  }

  send(item) {
    clearTimeout(item.later);
    if (item.size > this.bytes) return this.fail(item, text("file.too_big", { limit: size(this.bytes) }), false);
    const body = new FormData();
    body.append("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
    body.append("id", item.id);
    body.append("at", item.at);
    body.append("of", item.size);
    const piece = item.source.slice(item.at, item.at + this.pieceBytes, item.source.type);
    body.append("files", piece, item.name);
    const request = (item.request = new XMLHttpRequest()); // fetch tells no progress of a request
    request.open("POST", this.box.dataset.url);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      this.draw(Object.assign(item, { progress: (item.at + (piece.size * loaded) / total) / item.size }));
    };
    request.onload = () => this.answered(item, request);
    request.onerror = () => this.wait(item);
    request.send(body);
    this.draw(Object.assign(item, { state: "uploading", progress: item.at / item.size, words: "" }));
    this.changed();
  }

  answered(item, { status, response }) {
    if (status === 202) {
      Object.assign(item, { at: response.have, tries: 0 });
      this.send(item);
    } else if (status === 201) {
      const { value, name, size, notice } = response;
      Object.assign(item, { state: response.state === "held" ? "held" : "ready", value, name, size, words: notice });
      item.parts.name.textContent = item.name;
      this.draw(item);
      this.changed();
    } else if (status >= 500 || status === 409 || response?.error === "rate_limited") this.wait(item);
    else this.fail(item, response?.text || text("file.failed"), status !== 413 && status !== 415);
  }

  /** The connection is gone: try again by itself, with the same id. */
  wait(item) {
    if (item.state === "removed") return;
    item.later = setTimeout(() => this.send(item), 1000 * RETRIES[Math.min(item.tries++, RETRIES.length - 1)]);
    this.draw(Object.assign(item, { state: "waiting" }));
    this.changed();
  }

  fail(item, words, again) {
    this.draw(Object.assign(item, { state: "failed", words, again }));
    this.changed();
  }

  draw({ state, words, again, progress = 0, parts, root, size: bytes, source, original, value }) {
    const says = { uploading: "file.uploading", waiting: "file.waits", ready: "file.ready", held: "file.held", missing: "file.missing" };
    const share = percent.format(Math.floor(100 * progress) / 100);
    root.dataset.state = state;
    root.classList.toggle("ticket-file--unclear", state === "ready" && Boolean(words));
    parts.about.textContent = words || text(says[state], { size: size(bytes), share });
    parts.progress.hidden = !["uploading", "waiting", "missing"].includes(state);
    parts.choose.hidden = state !== "missing";
    parts.progress.value = progress;
    parts.again.hidden = !(state === "failed" && again) && state !== "waiting";
    parts.edit.hidden = !original || state !== "ready";
    if (source instanceof Blob && source.type.startsWith("image/") && !parts.thumb.querySelector("img")) thumb(parts.thumb, source);
    let carried = root.querySelector("input[name=file]");
    if (value && !carried) {
      carried = document.createElement("input");
      Object.assign(carried, { type: "hidden", name: "file", value });
      root.append(carried);
    }
  }

  say(words) {
    const place = document.getElementById("files-says");
    place.textContent = "";
    if (!words) return;
    const line = document.createElement("p");
    line.className = "field__error";
    line.textContent = words;
    place.append(line);
  }
}

async function thumb(place, file) {
  const image = new Image();
  image.alt = "";
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    place.replaceChildren(image);
  } catch {
    // A format this browser cannot show keeps its icon.
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
