// Short notices at the bottom of the window. Those the server rendered can be dismissed; toast() adds one.

const icons = { success: "check", warning: "alert", error: "alert" };

/** Show `text`; tone is success, warning, error or info. It goes by itself after eight seconds unless it is an error. */
export function toast(text, { tone = "info" } = {}) {
  const place = document.getElementById("toasts");
  const box = document.createElement("div");
  box.className = `toast toast--${tone}`;
  box.setAttribute("role", tone === "error" ? "alert" : "status");
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  box.append(icon(place, icons[tone] ?? "info"), paragraph);
  place.append(box);
  if (tone !== "error") setTimeout(() => box.remove(), 8000);
  else box.addEventListener("click", () => box.remove());
}

function icon(place, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${place.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast, .banner")?.remove());
