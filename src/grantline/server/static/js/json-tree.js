// [data-tree]: arrow keys walk a folded tree, and "c" copies the path of the value in focus.
import { on } from "./events.js";

const shown = (tree) => [...tree.querySelectorAll("summary, p")].filter((each) => each.checkVisibility());

on("keydown", "[data-tree] summary, [data-tree] p", (event, row) => {
  if (event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = shown(row.closest("[data-tree]"));
  const at = all.indexOf(row);
  const details = row.matches("summary") ? row.parentElement : null;
  if (event.key === "ArrowDown") all[at + 1]?.focus();
  else if (event.key === "ArrowUp") all[at - 1]?.focus();
  else if (event.key === "ArrowRight" && details && !details.open) details.open = true;
  else if (event.key === "ArrowRight") all[at + 1]?.focus();
  else if (event.key === "ArrowLeft" && details?.open) details.open = false;
  else if (event.key === "ArrowLeft") (details ?? row).parentElement.closest("details")?.querySelector("summary").focus();
  else if (event.key === "c") (details?.parentElement ?? row).querySelector(":scope > [data-copy]")?.click();
  else return;
  event.preventDefault();
});
