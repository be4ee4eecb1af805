// The strip that says when the connection is gone. A blink is not worth a word.

import { find } from "../dom.js";
import { text } from "../texts.js";

const BLINK = 1500; // ms

export function mountConnection(chat) {
  const strip = find("connection");
  const [words] = strip.getElementsByTagName("p");
  const [again] = strip.getElementsByTagName("button");
  let timer = null;

  function draw() {
    const stopped = chat.connection === "stopped";
    const returning = chat.connection === "connecting" && chat.welcomed;
    words.textContent = text(`connection.${!navigator.onLine ? "offline" : returning ? "waiting" : chat.connection}`);
    strip.classList.toggle("chat__banner--stopped", stopped);
    again.hidden = !stopped;
    strip.hidden = chat.connection === "online";
  }

  again.addEventListener("click", () => chat.start());
  chat.addEventListener("change", ({ detail }) => {
    if (!detail.has("connection") && !detail.has("all")) return;
    if (chat.connection === "online" || chat.connection === "stopped" || !strip.hidden) {
      clearTimeout(timer);
      timer = null;
      draw();
    } else timer ??= setTimeout(draw, BLINK);
  });
  addEventListener("offline", draw);
}
