// On every page of the desk: its agent is here, and keeps the chats he has. Where the desk's own connection stands it says so.
const EVERY = 20_000; // ms

let linked = false;
document.addEventListener("desk:link", ({ detail }) => (linked = detail));

async function say() {
  if (linked) return;
  await fetch("/desk/_here").catch(() => null); // no network: the next one
}

say();
setInterval(say, EVERY);
