// [data-chips]: values as chips. Enter, blank or comma ends one; a pasted list becomes many;
// Backspace in an empty input takes the last one back. Without scripts the input itself is sent.
import { announce, on } from "./events.js";

const separators = /[\s,]+/;
const values = (box) => [...box.querySelectorAll("li input")].map((input) => input.value);
const tell = (box) => box.dispatchEvent(new Event("input", { bubbles: true }));

export function addChips(box, text) {
  const known = new Set(values(box));
  for (const value of text.split(separators)) {
    if (!value || known.has(value)) continue;
    known.add(value);
    const chip = box.querySelector("template").content.firstElementChild.cloneNode(true);
    chip.querySelector("span").textContent = value;
    chip.querySelector("input").value = value;
    chip.querySelector("button").setAttribute("aria-label", `Remove ${value}`);
    box.querySelector("[data-chip-list]").append(chip);
    announce(`${value} added`);
  }
}

function take(input) {
  if (!input.value.trim()) return;
  const box = input.closest("[data-chips]");
  addChips(box, input.value);
  input.value = "";
  tell(box);
}

on("keydown", "[data-chip-input]", (event, input) => {
  if ([",", " "].includes(event.key) || (event.key === "Enter" && input.value.trim() && !event.ctrlKey && !event.metaKey)) {
    event.preventDefault();
    take(input);
  } else if (event.key === "Backspace" && !input.value) {
    const box = input.closest("[data-chips]");
    const last = box.querySelector("li:last-child");
    if (!last) return;
    event.preventDefault();
    input.value = last.querySelector("input").value;
    last.remove();
    tell(box);
  }
});

on("paste", "[data-chip-input]", (event, input) => {
  const text = event.clipboardData.getData("text");
  if (!separators.test(text.trim())) return;
  event.preventDefault();
  addChips(input.closest("[data-chips]"), text);
  tell(input.closest("[data-chips]"));
});

on("focusout", "[data-chip-input]", (_event, input) => take(input));
on("click", "[data-remove-chip]", (_event, button) => {
  const box = button.closest("[data-chips]");
  button.closest("li").remove();
  box.querySelector("[data-chip-input]").focus();
  tell(box);
});
// [data-add-chip="name"] adds its data-value to the chips of that name.
on("click", "[data-add-chip]", (_event, button) => {
  const box = document.querySelector(`[data-chips="${button.dataset.addChip}"]`);
  addChips(box, button.dataset.value);
  tell(box);
});
on("click", "[data-chips]", (event, box) => {
  if (event.target === box) box.querySelector("[data-chip-input]").focus();
});
