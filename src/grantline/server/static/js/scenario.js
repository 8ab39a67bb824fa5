// The editor of a scenario: each change is sent and the cards come back; the focus stays with the
// module, and what happened is announced. Modules are moved by drag, or by Alt with arrow keys.
import { announce, on } from "./events.js";
import { drag } from "./scenario-drag.js";

const editor = () => document.getElementById("editor");
let isBusy = false;

async function send(url, form, place = "") {
  if (isBusy) return;
  isBusy = true;
  const body = new URLSearchParams(new FormData(form));
  body.set("place", place);
  editor().classList.add("htmx-request");
  try {
    const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
    const next = answer.headers.get("HX-Redirect");
    if (next) location.assign(next);
    else show(await answer.text());
  } catch {
    document.dispatchEvent(new Event("htmx:sendError"));
  }
  isBusy = false;
  editor()?.classList.remove("htmx-request");
}

function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html").body;
  const fresh = next.querySelector("#editor");
  if (!fresh) {
    document.getElementById("notices").replaceChildren(...next.childNodes);
    document.getElementById("notices").scrollIntoView({ block: "center" });
    return;
  }
  const scroll = scrollY;
  editor().replaceWith(fresh);
  document.dispatchEvent(new Event("editor-shown"));
  document.getElementById("notices").replaceChildren();
  scrollTo(0, scroll);
  const { said, focusModule } = fresh.dataset;
  if (said) announce(said);
  const step = focusModule && document.getElementById(`module-${focusModule}`);
  if (step) {
    step.querySelector("[data-open-module]").focus({ preventScroll: true });
    step.scrollIntoView({ block: "nearest" });
    step.classList.add("is-new");
  } else (fresh.querySelector(".undo button") ?? fresh.querySelector(".add")).focus({ preventScroll: true });
}

on("submit", "#changes", (event, form) => {
  event.preventDefault();
  send(event.submitter.formAction, form);
});

// Alt with up or down presses the card's button, from anywhere within the card.
on("keydown", "[data-module]", (event, step) => {
  const which = { ArrowUp: "[data-up]", ArrowDown: "[data-down]" }[event.key];
  if (!which || !event.altKey || event.target.closest("[data-module]") !== step) return;
  event.preventDefault();
  const button = step.querySelector(which);
  if (button.disabled) announce(`${step.dataset.name} cannot go further`);
  else button.click();
});

drag((step, place) => {
  const number = step.dataset.module;
  const form = document.getElementById("changes");
  send(`${form.action}/modules/${number}/move`, form, place);
});

// "+" opens the kinds of modules here instead of on a page of their own.
on("click", "[data-add]", (event, link) => {
  if (event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const dialog = document.getElementById("add-module");
  for (const kind of dialog.querySelectorAll("[data-kind]")) {
    const url = new URL(kind.href);
    url.searchParams.set("place", link.dataset.add);
    kind.href = url;
  }
  dialog.showModal();
});
