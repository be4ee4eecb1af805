// Confirming who one is: choose a way, enter the code, see how long it lasts. Pinned above the composer.

import { find, piece } from "../dom.js";
import { duration, text } from "../texts.js";

const ENTERING = new Set(["code_sent", "enter_factor", "wrong"]);
const ASKS = new Set([...ENTERING, "asked", "locked", "unavailable"]);

/** Returns a function that opens the card because the customer wants to. */
export function mountProof(chat) {
  const { root, parts } = piece("proof");
  const code = root.querySelector("#proof-code");
  const account = root.querySelector("#proof-account");
  const place = find("proof");
  let last = null; // the frame drawn last
  let how = "mail_code"; // the way chosen
  let until = null; // ms: when the code, or the lock, runs out
  let wanted = false; // the customer asked for it, or wants another way
  let dismissed = false;
  let lapsed = false; // the code ran out while it was being typed
  place.append(root);

  function take() {
    const proof = chat.proof;
    if (proof === last) return draw();
    lapsed = proof.state === "none" && ENTERING.has(last?.state);
    last = proof;
    how = proof.how && !Array.isArray(proof.how) ? proof.how : how;
    if (proof.expires_at) until = Date.parse(proof.expires_at);
    if (proof.state === "locked") until = Date.now() + 1000 * (proof.retry_after ?? 60);
    if (proof.state !== "wrong") code.value = "";
    wanted = lapsed;
    if (ASKS.has(proof.state)) dismissed = false;
    draw();
    if (ENTERING.has(proof.state) && !place.hidden) code.focus();
    if (proof.state === "wrong") code.select();
    return undefined;
  }

  function draw() {
    const state = wanted ? "none" : chat.proof.state;
    const entering = ENTERING.has(state);
    place.hidden = !chat.case || chat.over || dismissed || !(wanted || ASKS.has(state));
    if (place.hidden) return;
    parts.form.hidden = !entering;
    parts.claim.hidden = entering || chat.who.known || state === "locked";
    parts.ways.hidden = entering || state === "locked";
    for (const button of parts.ways.children) button.hidden = !ways().includes(button.dataset.how);
    parts.label.textContent = text(`proof.label.${how}`);
    parts.other.textContent = text(`proof.other.${how}`);
    parts.error.textContent = state === "wrong" ? text("proof.wrong", { left: chat.proof.left ?? 0 }) : "";
    code.setAttribute("aria-invalid", String(state === "wrong"));
    count();
  }

  // Only who comes with a signed session has an account whose second factor could be asked.
  function ways() {
    const asked = chat.proof.state === "asked" && Array.isArray(chat.proof.how) ? chat.proof.how : ["mail_code", "second_factor"];
    return chat.who.known ? asked : ["mail_code"];
  }

  // What changes with time.
  function count() {
    const left = (until - Date.now()) / 1000;
    const state = wanted ? "none" : chat.proof.state;
    say(parts.about, about(state, left));
    const dated = ENTERING.has(state) && until;
    say(parts.left, !dated ? "" : left > 0 ? text("proof.valid", { time: duration(left) }) : text("proof.expired"));
    if (state === "locked" && left <= 0) parts.ways.hidden = false;
  }

  function about(state, left) {
    if (lapsed) return text("proof.expired");
    if (state === "locked") return left > 0 ? text("proof.locked", { time: duration(left) }) : text("proof.locked.now");
    if (state === "wrong" || state === "enter_factor") return text(how === "second_factor" ? "proof.enter_factor" : "");
    if (state === "code_sent" && !chat.proof.to) return text("proof.code_maybe");
    return text(`proof.${state}`, { to: chat.proof.to });
  }

  // A status that is written anew is read out anew.
  const say = (place, words) => place.textContent === words || (place.textContent = words);

  function choose(way) {
    const claimed = account.value.trim();
    const missing = !chat.who.known && !claimed;
    parts["claim-error"].textContent = missing ? text("proof.account.empty") : "";
    account.setAttribute("aria-invalid", String(missing));
    if (missing) return account.focus();
    return chat.prove(chat.who.known ? { how: way } : { how: way, account: claimed });
  }

  for (const button of parts.ways.children) button.addEventListener("click", () => choose(button.dataset.how));
  account.addEventListener("keydown", (event) => event.key === "Enter" && choose("mail_code"));
  parts.other.addEventListener("click", () => {
    wanted = true;
    draw();
    first().focus();
  });
  parts.later.addEventListener("click", () => {
    wanted = false;
    dismissed = true;
    draw();
    find("draft").focus();
  });
  parts.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = code.value.replace(/\s/g, "");
    if (given) return chat.prove({ code: given });
    parts.error.textContent = text("proof.empty");
    return code.focus();
  });
  chat.addEventListener("change", ({ detail }) => {
    if (["all", "proof", "end", "case"].some((what) => detail.has(what))) take();
  });
  setInterval(() => place.hidden || count(), 1000);

  const first = () => [...root.querySelectorAll("input, button")].find((control) => control.offsetParent);

  return () => {
    wanted = true;
    dismissed = false;
    draw();
    first().focus();
  };
}
