// [data-tabs] with a [role=tablist]: the ARIA tabs pattern. Without scripts all panels show.
import { on } from "./events.js";

const tabsOf = (tab) => [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]")];

export function select(tab, { focus = false } = {}) {
  for (const each of tabsOf(tab)) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", chosen);
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).classList.toggle("selected", chosen);
  }
  if (focus) tab.focus();
  tab.dispatchEvent(new CustomEvent("tab", { bubbles: true }));
}

on("click", "[data-tabs] [role=tab]", (_event, tab) => select(tab));

on("keydown", "[data-tabs] [role=tab]", (event, tab) => {
  const tabs = tabsOf(tab);
  const at = tabs.indexOf(tab);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  select(tabs.at(next % tabs.length), { focus: true });
});
