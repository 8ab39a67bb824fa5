// Small things that forms do: secrets shown while held, no double submit, the first error in focus.
import { on } from "./events.js";

const reveal = (button, shown) => {
  const input = document.getElementById(button.dataset.reveal);
  if (input) input.type = shown ? "text" : "password";
};
for (const type of ["pointerdown", "keydown"]) {
  on(type, "[data-reveal]", (event, button) => {
    if (type === "pointerdown" || event.key === " " || event.key === "Enter") {
      event.preventDefault();
      reveal(button, true);
    }
  });
}
for (const type of ["pointerup", "pointerleave", "pointercancel", "keyup", "focusout"]) {
  on(type, "[data-reveal]", (_event, button) => reveal(button, false), true);
}

// data-busy="Saving…": the button that was pressed says so, and is not pressed twice.
on("submit", "form[data-busy]", (event, form) => {
  if (event.defaultPrevented) return;
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  setTimeout(() => { // after the browser has read the form: a disabled button is not sent
    if (!button) return;
    button.dataset.label = button.innerHTML;
    button.disabled = true;
    button.textContent = form.dataset.busy;
  });
});
addEventListener("pageshow", () => { // back from the cache of the browser
  for (const button of document.querySelectorAll("button[data-label]")) {
    button.disabled = false;
    button.innerHTML = button.dataset.label;
    delete button.dataset.label;
  }
});

// data-warn-unsaved: what was typed is not lost by a careless click.
const changed = new WeakSet();
on("input", "form[data-warn-unsaved]", (_event, form) => changed.add(form));
on("submit", "form[data-warn-unsaved]", (_event, form) => changed.delete(form));
addEventListener("beforeunload", (event) => {
  for (const form of document.querySelectorAll("form[data-warn-unsaved]")) {
    if (changed.has(form)) event.preventDefault();
  }
});

document.querySelector("[data-focus]")?.focus();
