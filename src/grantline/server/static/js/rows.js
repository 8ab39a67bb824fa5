// [data-items]: rows that are added from the template and removed; each is a [data-item].
import { on } from "./events.js";

const tell = (list) => list.dispatchEvent(new Event("input", { bubbles: true }));

on("click", "[data-add-item]", (_event, button) => {
  const list = button.closest("[data-items]");
  const row = list.querySelector("template").content.firstElementChild.cloneNode(true);
  list.querySelector("[data-item-rows]").append(row);
  row.querySelector("input:not([type=hidden])").focus();
});

on("click", "[data-remove-item]", (_event, button) => {
  const row = button.closest("[data-item]");
  const list = row.closest("[data-items]");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("input:not([type=hidden])") ?? list.querySelector("[data-add-item]")).focus();
  tell(list);
});
