// [data-tree]: arrow keys walk a folded tree, and "c" copies the path of the value in focus.
import { on } from "./events.js";

const shown = (tree) => [...tree.querySelectorAll("summary")].filter((each) => each.checkVisibility());

on("keydown", "[data-tree] summary", (event, summary) => {
  const details = summary.parentElement;
  const all = shown(summary.closest("[data-tree]"));
  const at = all.indexOf(summary);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    all[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  } else if (event.key === "ArrowRight") {
    event.preventDefault();
    if (details.open) all[at + 1]?.focus();
    else details.open = true;
  } else if (event.key === "ArrowLeft") {
    event.preventDefault();
    if (details.open) details.open = false;
    else details.parentElement.closest("details")?.querySelector("summary").focus();
  } else if (event.key === "c" && !event.ctrlKey && !event.metaKey) {
    summary.querySelector("[data-copy]")?.click();
  }
});
