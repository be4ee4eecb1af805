// allauth's scripts only write a refused passkey to the console; show it, and hide it at the next try.
const problem = document.getElementById("passkey-problem");

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  problem.hidden = false;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-passkey]")) problem.hidden = true;
});
