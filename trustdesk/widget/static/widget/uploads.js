// Files on their way: ask for a place, PUT the bytes with progress (docs/live-protocol.md, "Uploads").

import { newId } from "./outbox.js";

const HTTP_ERRORS = { 413: "too_big", 415: "type_refused", 429: "quota" };

/**
 * Start an upload. What is returned has the facts of the file, `state` "uploading" | "waiting" | "ready" | "failed",
 * `progress` 0–1, `file` (its id, once ready), `error`, and for pictures a local `url`. `changed()` is called each time.
 */
export function upload(chat, source, changed) {
  const { name, type, size } = source;
  const item = { id: newId(), source, name: name || "image.png", type: type || "application/octet-stream", size };
  item.start = () => run(chat, item, changed);
  item.stop = () => {
    item.state = "removed";
    item.request?.abort();
  };
  if (item.type.startsWith("image/")) measure(item, changed);
  item.start();
  return item;
}

async function run(chat, item, changed) {
  Object.assign(item, { state: "uploading", progress: 0, error: null });
  changed();
  try {
    if (item.size > chat.limits.file_bytes) throw "too_big";
    const place = await chat.askUpload(item);
    const stored = await put(place, item, changed);
    // The server has made the file anew: what it says about it counts.
    const { file, state: kept, name = item.name, type = item.type, size = item.size } = stored;
    Object.assign(item, { state: "ready", progress: 1, file, kept, name, type, size });
    if (stored.width) Object.assign(item, { width: stored.width, height: stored.height });
  } catch (code) {
    if (item.state === "removed") return;
    item.state = code === "offline" ? "waiting" : "failed";
    item.error = typeof code === "string" ? code : "upload";
  }
  changed();
}

function put({ url, ticket }, item, changed) {
  return new Promise((resolve, reject) => {
    const request = (item.request = new XMLHttpRequest()); // fetch tells no progress of a request
    request.open("PUT", url);
    request.setRequestHeader("Authorization", `Bearer ${ticket}`);
    request.setRequestHeader("Content-Type", item.type);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      item.progress = event.loaded / event.total;
      changed();
    };
    request.onload = () => {
      if (request.status === 201) resolve(request.response);
      else reject(request.response?.error ?? HTTP_ERRORS[request.status] ?? "upload");
    };
    request.onerror = () => reject("offline");
    request.onabort = () => reject("upload");
    request.send(item.source);
  });
}

async function measure(item, changed) {
  const image = new Image();
  image.src = item.url = URL.createObjectURL(item.source);
  try {
    await image.decode();
    Object.assign(item, { width: image.naturalWidth, height: image.naturalHeight });
  } catch {
    // A format this browser cannot show (HEIC): it goes as a file, the server makes a picture of it.
    item.url = null;
  }
  changed();
}
