// A mail as it was sent, in a frame under its line: a document without scripts and without an origin, so that not even we
// can look inside. Opened by its link (which without scripts opens a page of its own); pictures only when asked for.

const ALLOWED = "allow-popups allow-popups-to-escape-sandbox"; // links lead to the page that shows where they go

/** Show or hide the mail of this link. */
export function toggle(link) {
  const mail = link.closest(".mail");
  const shown = mail.querySelector(".mail__frame");
  const more = mail.querySelector("[data-load-pictures]");
  if (shown) shown.remove();
  else mail.append(frame(link));
  if (more) more.hidden = Boolean(shown);
  link.ariaExpanded = String(!shown);
}

/** Load the mail again, with what lies on other people's servers. */
export function loadPictures(button) {
  const mail = button.closest(".mail");
  mail.querySelector(".mail__frame").src = `${mail.querySelector("[data-as-sent]").href}?pictures=1`;
  button.hidden = true;
}

/** Make the form by which another department is asked, and show it. */
export function ask(dialog) {
  empty(dialog);
  dialog.append(dialog.querySelector("template").content.cloneNode(true));
  if (!dialog.open) dialog.showModal();
}

/** Close it, with everything in it. */
export function asked(dialog) {
  dialog.close();
  empty(dialog);
}

function empty(dialog) {
  for (const part of dialog.querySelectorAll(":scope > :not(template)")) part.remove();
}

function frame(link) {
  const made = document.createElement("iframe");
  made.className = "mail__frame";
  made.setAttribute("sandbox", ALLOWED);
  made.referrerPolicy = "no-referrer";
  made.title = link.dataset.title;
  made.src = link.href;
  return made;
}
