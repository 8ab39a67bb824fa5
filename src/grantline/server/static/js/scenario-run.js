// Runs: the lights of a run on the cards of the editor, the inputs that a run is given, and two
// runs that are ticked to be compared.
import { on } from "./events.js";

// Each module's card says how far the module is. The cards may be drawn anew at any time.
function light() {
  const live = document.getElementById("run-live");
  for (const old of document.querySelectorAll(".module-run")) old.remove();
  for (const card of document.querySelectorAll("[data-lit]")) delete card.dataset.lit;
  if (!live) return;
  for (const each of live.querySelectorAll("template[data-light]")) {
    const card = document.querySelector(`#module-${each.dataset.light} > .module`);
    if (!card) continue;
    card.dataset.lit = each.dataset.state;
    (card.querySelector(".module-words") ?? card).append(each.content.cloneNode(true));
  }
}
document.addEventListener("htmx:afterSettle", light);
document.addEventListener("editor-shown", light);

// A run that goes on is drawn anew; what was unfolded stays so, and what was folded too.
const folds = new Map();
on("click", "#run-body details[id] > summary", (_event, summary) => {
  folds.set(summary.parentElement.id, !summary.parentElement.open);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const [id, open] of folds) {
    const fold = document.getElementById(id);
    if (fold) fold.open = open;
  }
});

on("click", "[data-close-run]", () => {
  const live = document.getElementById("run-live");
  live.replaceChildren();
  live.hidden = true;
  light();
  document.querySelector("[data-run]")?.focus();
});

on("click", "a[data-run-asks]", (event) => {
  const dialog = document.getElementById("run-inputs");
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
  dialog.querySelector("form input")?.focus();
});
document.addEventListener("run-started", () => {
  document.getElementById("run-inputs")?.close();
  document.getElementById("run-live")?.scrollIntoView({ block: "nearest" });
});

// Two are compared; a third one takes the place of the first.
const picked = [];
on("change", "input[form=compare]", (_event, box) => {
  if (box.checked) picked.push(box);
  else picked.splice(picked.indexOf(box), 1);
  if (picked.length > 2) picked.shift().checked = false;
  tell();
});
function tell() {
  const words = document.querySelector("[data-compare-words]");
  const count = document.querySelectorAll("input[form=compare]:checked").length;
  if (words) words.textContent = ["Tick two runs.", "Tick one more.", ""][Math.min(count, 2)];
  const button = document.querySelector("[data-compare-button]");
  if (button) button.disabled = count !== 2;
}
document.addEventListener("htmx:load", () => { picked.length = 0; tell(); });
tell();
