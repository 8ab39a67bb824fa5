// The form of a module: values from the picker go into the field in focus, rows come and go, links
// to a field open what it is folded into, and what is typed is checked while it is typed.
import { announce, on } from "./events.js";
import "./rows.js";

const mapped = "[data-mapped]";
let target = null; // the field that a value goes into
let place = [0, 0]; // the selection in it

on("focusin", mapped, (_event, field) => { aim(field); });
for (const type of ["keyup", "click", "input"]) on(type, mapped, (_event, field) => { place = [field.selectionStart, field.selectionEnd]; });

function aim(field) {
  target?.classList.remove("is-target");
  target = field;
  place = [field.selectionStart, field.selectionEnd];
  field.classList.add("is-target");
  const words = document.querySelector("[data-picker-target]");
  if (words) words.textContent = `Into: ${nameOf(field)}`;
}

const nameOf = (field) => field.getAttribute("aria-label") ?? field.labels?.[0]?.firstChild.textContent.trim() ?? "the field";

// Whether the caret is between two braces that are open.
const isInside = (text) => text.lastIndexOf("{{") > text.lastIndexOf("}}");

function insert(expression, isFilter) {
  if (!target?.isConnected) {
    announce("Choose a field first");
    return;
  }
  const [from, to] = place;
  const before = target.value.slice(0, from);
  let text = isInside(before) ? expression : `{{ ${expression} }}`;
  if (isFilter && !isInside(before)) {
    // Behind the value that ends here, if there is one.
    const end = /\s*\}\}$/.exec(before);
    if (!end) text = `{{ "" ${expression} }}`;
    else {
      target.setRangeText(` ${expression} }}`, from - end[0].length, to, "end");
      text = null;
    }
  } else if (isFilter) text = ` ${expression} `;
  if (text !== null) target.setRangeText(text, from, to, "end");
  place = [target.selectionStart, target.selectionEnd];
  target.dispatchEvent(new Event("input", { bubbles: true }));
  target.focus();
  announce(`${expression} inserted`);
}

on("click", "[data-insert]", (_event, button) => insert(button.dataset.insert, button.hasAttribute("data-filter")));

// The picker by keyboard: Ctrl+Space comes, arrows walk, Enter inserts, Escape goes back.
const picker = document.querySelector("[data-picker]");
const search = picker?.querySelector("[data-picker-search]");
const shown = () => [...picker.querySelectorAll("[data-picker-search], summary, [data-insert], .no-values a")].filter((each) => each.checkVisibility());

document.addEventListener("keydown", (event) => {
  if (event.key === " " && event.ctrlKey && event.target.matches(mapped)) {
    event.preventDefault();
    search?.focus();
    search?.select();
  } else if (picker?.contains(event.target)) walk(event);
  else if (event.key === "Enter" && event.target.matches("[data-one-line]") && !event.ctrlKey && !event.metaKey) event.preventDefault();
});

// On a narrow page the picker is below the form; inserting leads back to the field.
on("click", "[data-to-picker]", () => {
  picker.scrollIntoView({ block: "start" });
  search.focus({ preventScroll: true });
});

function walk(event) {
  if (event.key === "Escape" && target?.isConnected) {
    event.preventDefault();
    target.focus();
    return;
  }
  if (event.key === "Enter" && event.target === search) {
    event.preventDefault();
    shown().find((each) => each.matches("[data-insert]"))?.click();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = shown();
  const at = all.indexOf(event.target);
  if (!step || at < 0) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + step))].focus();
}

// Searching shows what fits in all groups; a group that was not asked for yet is.
search?.addEventListener("input", filter);
document.addEventListener("htmx:afterSwap", (event) => { if (picker?.contains(event.target) && search.value) filter(); });
function filter() {
  const wanted = search.value.trim().toLowerCase();
  let any = false;
  for (const group of picker.querySelectorAll("[data-group]")) {
    group.querySelector("[data-values]")?.dispatchEvent(new Event("fetch"));
    let fits = !wanted;
    for (const item of group.querySelectorAll(".values > li")) {
      item.hidden = Boolean(wanted) && !item.textContent.toLowerCase().includes(wanted);
      fits ||= !item.hidden;
    }
    if (wanted) group.open = fits;
    group.hidden = !fits;
    any ||= fits;
  }
  picker.querySelector("[data-picker-none]").hidden = any;
}

// What is typed is checked a moment later; what is wrong is said under the fields that were touched.
const form = document.querySelector("[data-module-form]");
const touched = new Set();
let waiting = 0;
on("input", "[data-module-form] [data-label]", (_event, place) => {
  touched.add(place.dataset.label);
  clearTimeout(waiting);
  waiting = setTimeout(check, 600);
});

async function check() {
  const body = new URLSearchParams(new FormData(form));
  const asked = body.toString();
  const answer = await fetch(form.dataset.check, { method: "POST", body }).catch(() => null);
  if (answer?.status !== 200 || new URLSearchParams(new FormData(form)).toString() !== asked) return;
  const wrong = await answer.json();
  for (const place of form.querySelectorAll("[data-error]")) {
    const label = place.dataset.error;
    if (!touched.has(label)) continue;
    const text = wrong[label] ?? "";
    if (place.textContent.trim() === text) continue;
    place.replaceChildren();
    if (text) place.append(Object.assign(document.createElement("p"), { className: "field-error", textContent: text }));
    document.getElementById(place.id.replace(/-error$/, ""))?.setAttribute("aria-invalid", Boolean(text));
    if (text) announce(text);
  }
}

// A link to a field, or an address with one, opens what it is folded into.
function reveal(id) {
  const field = document.getElementById(id);
  if (!field) return false;
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  (field.matches("input, select, textarea") ? field : field.querySelector("input:not([type=hidden]), textarea, select") ?? field).focus();
  return true;
}
on("click", "a[href^='#field-']", (event, link) => { if (reveal(link.hash.slice(1))) event.preventDefault(); });
if (location.hash.startsWith("#field-")) reveal(location.hash.slice(1));

// How much is in each fold of pairs.
document.addEventListener("input", (event) => {
  const fold = event.target.closest?.("[data-fold=query], [data-fold=header]");
  if (!fold) return;
  const used = [...fold.querySelectorAll("[data-row]")].filter((row) => [...row.querySelectorAll("input, textarea")].some((each) => each.value));
  fold.querySelector("[data-count]").textContent = used.length || "";
});
