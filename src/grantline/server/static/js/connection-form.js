// The connection form: saves without leaving the page, so that nothing typed is lost, and opens
// the window for consent within the click on Save.
import { follow, openWindow, send } from "./consent.js";
import { announce, on } from "./events.js";

const secrets = "input[type=password], [data-secret]";
const fields = () => [...document.querySelectorAll("#connection-form :is(input, textarea, select)[id]")];
const inBrowser = new Set(["authorization-code", "implicit"]);

// Previews are made without secrets: only that there is one.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.elt.id !== "preview") return;
  for (const field of document.querySelectorAll(secrets)) {
    detail.parameters.delete?.(field.name);
    if (field.value && field.name === "client_secret") detail.parameters.set?.(field.name, "typed");
  }
});

function wantsWindow(form) {
  if (!inBrowser.has(form.elements.flow.value)) return false;
  const price = document.querySelector("[data-needs-after-save]");
  return !form.hasAttribute("data-edit") || (price && price.dataset.needsAfterSave !== "nothing");
}

on("submit", "form[data-save]", async (event, form) => {
  event.preventDefault();
  const discovers = event.submitter?.hasAttribute("data-discover");
  const url = discovers ? event.submitter.formAction : form.action;
  const opened = !discovers && wantsWindow(form) ? openWindow() : null;
  const button = discovers ? event.submitter : form.querySelector("[data-submit]");
  const before = new Map(fields().map((field) => [field.id, field.value]));
  const sentFrom = document.activeElement;
  const label = button.innerHTML;
  button.disabled = true;
  button.textContent = discovers ? "Asking…" : "Saving…";
  announce(discovers ? "Asking the issuer" : "Saving");
  try {
    const answer = await send(url, form, event.submitter);
    if (answer.headers.get("Content-Type").startsWith("application/json")) go(await answer.json(), opened, form);
    else {
      opened?.close();
      show(await answer.text(), before, sentFrom);
    }
  } catch {
    opened?.close();
    say("Grantline does not answer. Nothing was saved; try again in a moment.");
  }
  button.disabled = false;
  button.innerHTML = label;
});

function say(text) {
  const notice = Object.assign(document.createElement("div"), { className: "notice danger", textContent: text });
  document.getElementById("notices").replaceChildren(notice);
  notice.scrollIntoView({ block: "center" });
}

function go(answer, opened, form) {
  if (!answer.confirm) return follow(answer, opened);
  opened?.close();
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("[data-confirm-yes]");
  dialog.querySelector("[data-confirm-title]").textContent = answer.confirm.title;
  dialog.querySelector("[data-confirm-text]").textContent = answer.confirm.text;
  yes.textContent = "Save and drop the token";
  yes.className = "danger";
  yes.onclick = () => {
    dialog.close();
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "yes" }));
    form.requestSubmit();
  };
  dialog.showModal();
}

// Puts the cursor back where it is now, into a field that may be a new one of the same id.
function cursor() {
  const { id, selectionStart, selectionEnd } = document.activeElement;
  return () => {
    const field = id && document.getElementById(id);
    field?.focus?.();
    if (selectionStart != null) field?.setSelectionRange?.(selectionStart, selectionEnd);
    return Boolean(field);
  };
}

// The form again, with what is wrong or what was discovered. Secrets are not in it, nor what was
// typed since it was sent: both stay here. So does the cursor of somebody who has gone on typing.
function show(html, before, sentFrom) {
  const typing = document.activeElement === sentFrom ? null : cursor();
  const typed = fields().filter((field) => field.matches(secrets) || field.value !== before.get(field.id));
  const isOpen = document.querySelector("#advanced details")?.open;
  const next = new DOMParser().parseFromString(html, "text/html");
  // Signed out meanwhile, or something failed: what was typed stays where it is.
  if (next.querySelector("form[action='/sign-in']")) return say("You are signed out. Sign in again in another tab, then save here.");
  if (!next.getElementById("connection-form")) return say(next.querySelector(".problem h2")?.textContent ?? "It was not saved. Try again.");
  document.title = next.title;
  htmx.trigger("#preview", "htmx:abort"); // a preview of the form as it was until now
  document.getElementById("main").innerHTML = next.getElementById("main").innerHTML;
  for (const { id, value } of typed) {
    const field = document.getElementById(id);
    if (field && value) field.value = value;
  }
  if (isOpen) document.querySelector("#advanced details").open = true;
  htmx.process(document.getElementById("main"));
  if (typing?.()) return;
  (document.querySelector("[data-focus]") ?? document.querySelector("#connection-form .notice"))?.scrollIntoView({ block: "center" });
  document.querySelector("[data-focus]")?.focus();
}
