// allauth's scripts only write a refused passkey to the console; show it, and hide it at the next try.
const problem = document.getElementById("passkey-problem");

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  problem.hidden = false;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-passkey]")) problem.hidden = true;
});

// onload.js, before this file in the page, gives the buttons their work at this event: a press any earlier would be
// lost, or send the form without a passkey.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-passkey]")) button.disabled = false;
});
