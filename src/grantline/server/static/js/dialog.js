// [data-open-dialog="id"], [data-close-dialog], and forms or buttons that ask first:
// data-confirm="Delete it?" data-confirm-text="…" data-confirm-yes="Delete" (data-confirm-danger).
import { on } from "./events.js";

on("click", "[data-open-dialog]", (_event, button) => {
  document.getElementById(button.dataset.openDialog)?.showModal();
});
on("click", "[data-close-dialog]", (_event, button) => button.closest("dialog")?.close());
on("click", "dialog", (event, dialog) => {
  if (event.target === dialog) dialog.close(); // the backdrop
});

const confirmed = new WeakSet();

on("submit", "form[data-confirm]", (event, form) => {
  if (confirmed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  ask(form.dataset, () => {
    confirmed.add(form);
    form.requestSubmit(submitter);
  });
}, true);

// htmx asks by the same dialog: hx-confirm="Delete it?" with the same data attributes.
document.addEventListener("htmx:confirm", (event) => {
  const { question, elt, issueRequest } = event.detail;
  if (!question) return;
  event.preventDefault();
  ask({ ...elt.dataset, confirm: question }, () => issueRequest(true));
});

function ask({ confirm: title, confirmText = "", confirmYes = "Go on", confirmDanger }, then) {
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("[data-confirm-yes]");
  dialog.querySelector("[data-confirm-title]").textContent = title;
  dialog.querySelector("[data-confirm-text]").textContent = confirmText;
  yes.textContent = confirmYes;
  yes.className = confirmDanger === undefined ? "primary" : "danger";
  yes.onclick = () => {
    dialog.close();
    then();
  };
  dialog.showModal();
}
