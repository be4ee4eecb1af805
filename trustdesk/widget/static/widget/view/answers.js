// Articles that may answer what is being written, before the first message. What is typed goes out after a pause, as a
// search: it is no message, no agent sees it, and it is kept without secrets, if at all.

import { element, find } from "../dom.js";
import { token } from "../storage.js";
import { locale, text } from "../texts.js";
import { articleCard } from "./article.js";

const PAUSE = 700; // ms without a key
const ENOUGH = 4; // characters that may mean something, or of Chinese:
const ENOUGH_UNSPACED = 2;
const UNSPACED = /[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]/g;
const MOST = 1000; // characters that are looked at

const enough = (typed) => typed.length >= ENOUGH || (typed.match(UNSPACED)?.length ?? 0) >= ENOUGH_UNSPACED;

/** `topic`: {get}; `clear()` empties the composer, where what was written needs no answer any more. Returns `later(pause)`. */
export function mountAnswers(chat, topic, clear) {
  const [box, list, status, thanks] = ["answers", "answers-list", "answers-status", "answers-thanks"].map(find);
  let waiting;
  let asked = "";
  let search = "";
  let best = 0; // the article that was opened last, or the first one offered
  let looked = false; // something was looked for, and nobody has been asked since

  const first = () => chat.welcomed && !chat.case && !chat.outbox.items.length;

  function post(to, values) {
    const headers = { Authorization: `Bearer ${token()}` };
    return fetch(`/chat/suggestions/${to}`, { method: "POST", headers, body: new URLSearchParams(values), keepalive: true });
  }

  const note = (values) => post("outcome/", values).catch(() => {}); // only counts are lost

  async function ask() {
    const typed = find("draft").value.trim().slice(0, MOST);
    const values = { text: enough(typed) ? typed : "", topic: topic.get() ?? "", locale };
    const wish = values.topic + values.text;
    if (!first() || !token() || wish === asked) return;
    asked = wish;
    if (!wish) return show([]);
    try {
      const answer = await post("", values);
      if (asked !== wish || !first() || !answer.ok) return;
      const found = await answer.json();
      looked = true;
      search = found.search;
      show(found.articles);
    } catch {
      // offline: one writes to people then
    }
  }

  function show(articles) {
    best = articles[0]?.article ?? 0;
    box.hidden = !articles.length;
    if (articles.length) thanks.hidden = true;
    list.replaceChildren(...articles.map(item));
    status.textContent = articles.length ? text("answers.found", { count: articles.length }) : "";
    if (articles.length) box.scrollIntoView({ block: "nearest" });
  }

  function item(one) {
    const card = articleCard(one);
    for (const how of ["click", "auxclick"]) {
      card.addEventListener(how, () => (best = one.article)); // that it was opened its page says
    }
    const made = element("li", "");
    made.append(card);
    return made;
  }

  function later(pause = PAUSE) {
    clearTimeout(waiting);
    if (first()) waiting = setTimeout(ask, pause);
  }

  find("answered").addEventListener("click", () => {
    note({ search, article: best });
    asked = "";
    looked = false;
    clear();
    show([]);
    thanks.hidden = false;
  });
  find("draft").addEventListener("input", (event) => event.isComposing || later());
  find("draft").addEventListener("compositionend", () => later());
  chat.addEventListener("change", ({ detail }) => {
    if (looked && chat.case) {
      looked = false;
      note({ asked: 1 });
    }
    if (detail.has("all") || detail.has("case")) later(); // a draft that was kept, a topic that a link has chosen
    if (chat.case) {
      asked = "";
      show([]);
    }
  });
  return later;
}
