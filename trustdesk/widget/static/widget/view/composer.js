// Where one writes: text that survives a reload, files with progress, Enter sends where there is a keyboard.

import { find, piece } from "../dom.js";
import { keep, recall } from "../storage.js";
import { size, text } from "../texts.js";
import { upload } from "../uploads.js";
import { keepLocal } from "./files.js";

const KEYBOARD = matchMedia("(hover: hover) and (pointer: fine)");
const COUNT_FROM = 0.9; // of the longest text: from here on the rest is counted

const facts = ({ file, name, type, size, width, height, kept }) => ({ file, name, type, size, width, height, state: kept });

/** `topic`: {get, set}, goes with the first message; `sent()` is called when a message was handed over. */
export function mountComposer(chat, topic, sent) {
  const draft = find("draft");
  let files = [];
  let sendWhenReady = false;
  let quiet;

  draft.value = recall("draft") ?? draft.value; // one may have begun before the scripts came

  function draw() {
    const length = [...draft.value].length;
    const over = length > chat.limits.text;
    const busy = files.some((file) => file.state === "uploading" || file.state === "waiting");
    const something = draft.value.trim() || files.some((file) => file.state !== "failed");
    find("send").setAttribute("aria-disabled", String(!something || over));
    find("send").setAttribute("aria-busy", String(sendWhenReady && busy));
    find("count").classList.toggle("composer__count--over", over);
    const count = length > chat.limits.text * COUNT_FROM ? `${length} / ${chat.limits.text}` : "";
    find("count").textContent = sendWhenReady && busy ? text("file.sends_after") : count;
    draft.placeholder = text(chat.over ? `placeholder.${chat.case.status}` : topic.get() ? "topic.chosen" : "placeholder");
    tray();
    grow();
  }

  function tray() {
    find("tray").hidden = !files.length;
    for (const file of files) file.view ??= trayView(file);
    find("tray").replaceChildren(...files.map((file) => file.view.root));
    for (const file of files) fillTray(file);
  }

  function trayView(file) {
    const view = piece("tray");
    view.parts.name.textContent = file.name;
    view.parts.remove.addEventListener("click", () => {
      file.stop();
      files = files.filter((other) => other !== file);
      changed();
      draft.focus();
    });
    view.parts.again.addEventListener("click", file.start);
    return view;
  }

  function fillTray(file) {
    const { box, thumb, about, progress, again } = file.view.parts;
    if (file.url && file.width && thumb.firstElementChild.tagName !== "IMG") {
      const image = new Image(40, 40);
      Object.assign(image, { src: file.url, alt: "" });
      thumb.replaceChildren(image);
    }
    const failed = file.state === "failed";
    const words = { uploading: "file.uploading", waiting: "file.waits" }[file.state];
    box.classList.toggle("chat__tray--failed", failed);
    about.textContent = failed ? problem(file.error) : words ? text(words, { size: size(file.size) }) : size(file.size);
    progress.hidden = file.state !== "uploading";
    progress.value = file.progress;
    again.hidden = !failed || ["too_big", "type_refused"].includes(file.error);
  }

  const problem = (code) => text(`error.${code}`, { limit: size(chat.limits.file_bytes) }) || text("error.upload");

  function changed() {
    draw();
    if (sendWhenReady) submit();
  }

  function submit() {
    if (find("send").getAttribute("aria-disabled") === "true") return;
    sendWhenReady = files.some((file) => file.state === "uploading" || file.state === "waiting");
    if (sendWhenReady) return draw();
    const ready = files.filter((file) => file.state === "ready");
    for (const file of ready) if (file.url) keepLocal(file.file, file.url);
    chat.send({ text: draft.value.trim(), files: ready.map(facts), topic: topic.get() });
    files = files.filter((file) => file.state === "failed");
    draft.value = "";
    topic.set(null);
    keep("draft", null);
    draw();
    sent();
  }

  function add(sources) {
    const room = chat.limits.files - files.length;
    for (const source of [...sources].slice(0, room)) files.push(upload(chat, source, changed));
    draw();
    if (sources.length > room) find("count").textContent = text("error.too_many_files", { files: chat.limits.files });
    draft.focus();
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    draft.style.blockSize = "auto";
    draft.style.blockSize = `${draft.scrollHeight}px`;
  }

  draft.addEventListener("input", () => {
    keep("draft", draft.value || null);
    sendWhenReady = false;
    draw();
    clearTimeout(quiet);
    chat.typing(Boolean(draft.value));
    quiet = setTimeout(() => chat.typing(false), 4000);
  });
  draft.addEventListener("keydown", (event) => {
    // While a Chinese word is being composed, Enter chooses it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !KEYBOARD.matches) return;
    event.preventDefault();
    submit();
  });
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  find("send").disabled = false; // until now a press would have left the page, and lost what was typed
  for (const id of ["pick", "camera"]) {
    const picked = (input) => {
      add(input.files);
      input.value = "";
    };
    find(id).addEventListener("change", ({ target }) => picked(target));
    if (find(id).files.length) picked(find(id)); // chosen before the scripts came
  }
  // A spreadsheet puts a picture beside the text it copies: then the text is meant.
  addEventListener("paste", ({ clipboardData: data }) => {
    if (data?.files.length && !data.types.includes("text/plain")) add(data.files);
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      find("composer").classList.toggle("composer--drop", name === "dragover");
      if (name === "drop") add(event.dataTransfer.files);
    });
  }
  chat.addEventListener("change", ({ detail }) => {
    if (detail.has("connection") && chat.connection === "online") {
      for (const file of files) if (file.state === "waiting") file.start();
    }
    if (["all", "end", "case", "header"].some((what) => detail.has(what))) draw();
  });
  draw();

  return {
    draw,
    focus: () => draft.focus(),
    /** Put a message that was not sent back where it can be changed. */
    takeBack(item) {
      if (!item) return;
      draft.value = [item.text, draft.value].filter(Boolean).join("\n");
      keep("draft", draft.value || null);
      draw();
      draft.focus();
    },
    /** Take away what was written; files stay. */
    empty() {
      draft.value = "";
      keep("draft", null);
      draw();
    },
    clear() {
      for (const file of files) file.stop();
      files = [];
      draft.value = "";
      draw();
    },
  };
}
