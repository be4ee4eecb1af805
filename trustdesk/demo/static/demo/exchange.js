// What a real exchange adds to its own pages for the chat: who is signed in, and when he signs out. The rest of this file
// is the site's own: buttons that open the chat at a topic, copying, the pretend phone.
import "../ui/js/copy.js";
import "../ui/js/time.js";

const { customer, session, code } = document.body.dataset;
const REMEMBERED = "northlight.customer"; // whom the chat was told about, to notice a change
const EARLY = 60; // seconds before its end at which a session is renewed

// Works before the widget's script has arrived, too.
const chat = (...call) => (window.Trustdesk ||= { q: [] }).q.push(call);

let signed = null; // {token, until}

async function freshSession() {
  if (signed && signed.until - Date.now() > EARLY * 1000) return signed.token;
  const answer = await fetch(session, { headers: { Accept: "application/json" } });
  if (!answer.ok) return null; // signed out elsewhere: the chat goes on as a guest
  const { token, seconds } = await answer.json();
  signed = { token, until: Date.now() + seconds * 1000 };
  setTimeout(() => chat("identify", freshSession), (seconds - EARLY + 1) * 1000);
  return token;
}

const before = localStorage.getItem(REMEMBERED) ?? "";
if (before && before !== customer) chat("logout"); // nobody may find the last one's chat
localStorage.setItem(REMEMBERED, customer);
if (customer) chat("identify", freshSession);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-chat]");
  if (button) chat("open", button.dataset.chat || undefined);
  const phone = document.querySelector("details.phone[open]");
  // Not for a click on the chat: that is where the code is needed.
  if (phone && !button && !event.target.shadowRoot && !phone.contains(event.target)) phone.open = false;
});

document.addEventListener("keydown", (event) => {
  const phone = document.querySelector("details.phone[open]");
  if (event.key !== "Escape" || !phone) return;
  phone.open = false;
  phone.querySelector("summary").focus();
});

// The menu of the app opens our pages with the customer signed in, as its web view would: the session is posted, never in an address.
for (const link of document.querySelectorAll("[data-app]")) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const token = await freshSession().catch(() => null);
    if (!token) return location.assign(link.href); // then they are asked to sign in there
    const form = Object.assign(document.createElement("form"), { method: "post", action: link.dataset.app, hidden: true });
    for (const [name, value] of Object.entries({ session: token, then: link.pathname })) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
  });
}

const shown = document.querySelector("[data-code-text]");
const left = document.querySelector("[data-code-left]");
let seconds = Number(left?.value ?? 0);

async function tick() {
  if (document.hidden) return;
  seconds -= 1;
  if (seconds <= 0) {
    const answer = await fetch(code).catch(() => null); // no network: next second
    if (!answer?.ok) return;
    const phone = await answer.json();
    shown.textContent = `${phone.code.slice(0, 3)} ${phone.code.slice(3)}`;
    seconds = phone.seconds;
  }
  left.value = seconds;
}

if (shown) {
  setInterval(tick, 1000);
  // A page that was in the background counts wrong: ask.
  document.addEventListener("visibilitychange", () => (seconds = 0));
}
