// [data-keyvalue]: rows of pairs. Tab out of the last row adds one, Enter moves on, a paste of
// a=b&c=d, of JSON or of lines fills many.
import { on } from "./events.js";

export function addRow(list, key = "", value = "") {
  const row = list.querySelector("template").content.firstElementChild.cloneNode(true);
  const [keyInput, valueInput] = fields(row);
  keyInput.value = key;
  valueInput.value = value;
  list.querySelector("[data-rows]").append(row);
  return row;
}

const fields = (row) => [...row.querySelectorAll("input, textarea")];
const rows = (list) => [...list.querySelectorAll("[data-row]")];
const isEmpty = (row) => fields(row).every((field) => !field.value);
const tell = (list) => list.dispatchEvent(new Event("input", { bubbles: true }));

on("click", "[data-add-row]", (_event, button) => {
  addRow(button.closest("[data-keyvalue]")).querySelector("input").focus();
});

on("click", "[data-remove-row]", (_event, button) => {
  const list = button.closest("[data-keyvalue]");
  const all = rows(list);
  const at = all.indexOf(button.closest("[data-row]"));
  const next = all[at + 1] ?? all[at - 1];
  all[at].remove();
  (next?.querySelector("input") ?? list.querySelector("[data-add-row]")).focus();
  tell(list);
});

on("keydown", "[data-keyvalue] :is(input, textarea)", (event, input) => {
  const list = input.closest("[data-keyvalue]");
  const row = input.closest("[data-row]");
  const [key, value] = fields(row);
  const isLast = row === rows(list).at(-1);
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    if (input === key) value.focus();
    else (isLast ? addRow(list) : row.nextElementSibling).querySelector("input").focus();
  } else if (event.key === "Tab" && !event.shiftKey && input === value && isLast && !isEmpty(row)) {
    event.preventDefault();
    addRow(list).querySelector("input").focus();
  }
});

on("paste", "[data-keyvalue] :is(input, textarea)", (event, input) => {
  const pairs = parsePairs(event.clipboardData.getData("text"));
  if (!pairs) return;
  event.preventDefault();
  const list = input.closest("[data-keyvalue]");
  const row = input.closest("[data-row]");
  let last = row;
  for (const [key, value] of pairs) last = addRow(list, key, value);
  if (isEmpty(row)) row.remove();
  fields(last)[1].focus();
  tell(list);
});

// The pairs that `text` holds, or null when it looks like a single value.
export function parsePairs(text) {
  text = text.trim();
  if (text.startsWith("{")) {
    try {
      return Object.entries(JSON.parse(text))
        .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
    } catch {
      return null;
    }
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (lines.length > 1) {
    return lines.map((line) => {
      const match = /^([^:=\t]+?)\s*(?:[:=\t])\s*(.*)$/.exec(line);
      return match ? [match[1], match[2]] : [line, ""];
    });
  }
  const query = text.replace(/^\?/, "");
  return /^[^=&\s]+=[^&\s]*(&[^=&\s]+=[^&\s]*)+$/.test(query) ? [...new URLSearchParams(query)] : null;
}
