// The top of the page: who is there, how sure we are who you are, and the menu.

import "../../ui/js/copy.js";
import { hue, initials } from "../../ui/js/names.js";
import { element, find } from "../dom.js";
import { duration, text } from "../texts.js";

/** `actions`: what the entries of the menu do, by name: prove, transcript, end, anew. */
export function mountHeader(chat, actions) {
  const brand = find("face").firstElementChild;
  const name = find("who").textContent;
  let shown = null;

  function face(agent) {
    if (shown === (agent?.name ?? null)) return;
    shown = agent?.name ?? null;
    if (!agent) return find("face").replaceChildren(brand);
    const avatar = element("span", `avatar avatar--h${hue(agent.name)}`, initials(agent.name));
    avatar.setAttribute("aria-hidden", "true");
    avatar.append(element("i", "avatar__dot"));
    find("face").replaceChildren(avatar);
  }

  function status() {
    if (!chat.welcomed) return "\u00a0";
    if (chat.over) return text("status.over");
    if (chat.agentTyping) return text("status.typing");
    if (chat.case?.agent) return text(chat.agentOnline === false ? "status.agent_away" : "status.agent");
    const state = chat.queue?.state;
    if (state === "waiting" || state === "by_mail" || state === "nobody") return text(`status.${state}`);
    return text(chat.agentsOnline ? "status.here" : "status.nobody");
  }

  function draw() {
    const agent = chat.over ? null : chat.case?.agent;
    face(agent);
    const here = agent ? chat.agentOnline !== false : Boolean(chat.agentsOnline);
    find("face").querySelector(".avatar__dot")?.classList.toggle("avatar__dot--on", here);
    find("who").textContent = agent?.name ?? name;
    find("status").textContent = status();
    find("status").classList.toggle("chat__status--here", here && !chat.over && chat.welcomed);
    badge();
    menu();
  }

  function badge() {
    const left = (Date.parse(chat.held?.expires_at) - Date.now()) / 1000;
    const proved = left > 0 && !chat.over;
    const badge = find("proof-badge");
    badge.hidden = !proved;
    if (!proved) return;
    const level = text(`proof.level.${chat.held.level}`);
    badge.className = `badge badge--proof-${chat.held.level}`;
    badge.lastElementChild.textContent = text("proof.short", { level, time: duration(left, "short") });
    badge.title = text("proof.until", { level, time: duration(left) });
  }

  function menu() {
    const can = {
      case: Boolean(chat.case),
      open: !chat.over,
      over: chat.over,
      prove: !chat.over && chat.proof.state !== "proved",
    };
    for (const part of find("menu").querySelectorAll("[data-when]")) part.hidden = !can[part.dataset.when];
    find("menu-case").querySelector("[data-label]").textContent = chat.case?.reference ?? "";
    find("menu-case").dataset.copy = chat.case?.reference ?? "";
  }

  document.addEventListener("click", (event) => {
    const action = event.target.closest("[data-do]")?.dataset.do;
    if (action in actions) actions[action]();
  });
  chat.addEventListener("change", ({ detail }) => {
    if (["all", "header", "case", "end", "proof", "typing", "queue"].some((what) => detail.has(what))) draw();
  });
  setInterval(badge, 15_000);
}
