// form[data-consent]: begins a consent. The window opens within the click, or the browser would
// block it, and is sent to the service once the server has said where.
import { announce, on } from "./events.js";

export function openWindow() {
  const opened = window.open("about:blank", "", "popup,width=560,height=760");
  if (!opened) return null;
  opened.sessionStorage.setItem("consent", "1"); // so that the last page offers to close it
  opened.opener = null; // the service gets no hold of this page
  return opened;
}

// Follows an answer {next, open}: `opened` goes to `open`, this page to `next`.
export function follow({ next, open }, opened) {
  const has = Boolean(open && opened && !opened.closed);
  if (has) opened.location.replace(open);
  else opened?.close();
  location.assign(has ? `${next}&opened=1` : next);
}

export const send = (url, form, submitter) => {
  const body = new URLSearchParams(new FormData(form, submitter));
  return fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
};

on("submit", "form[data-consent]", async (event, form) => {
  event.preventDefault();
  const opened = form.hasAttribute("data-window") ? openWindow() : null;
  announce("Asking the service");
  event.submitter?.setAttribute("disabled", "");
  try {
    const answer = await send(form.action, form);
    follow(await answer.json(), opened);
  } catch {
    opened?.close();
    event.submitter?.removeAttribute("disabled");
    form.removeAttribute("data-consent"); // an error page says more than a script can
    form.requestSubmit();
  }
});

for (const button of document.querySelectorAll("[data-close-window]")) {
  button.hidden = sessionStorage.getItem("consent") !== "1";
}
on("click", "[data-close-window]", (_event, button) => {
  window.close();
  button.replaceWith("You can close this window.");
});
