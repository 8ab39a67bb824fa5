// [data-theme-switch]: between light and dark; choosing the system's own forgets the choice.
import { on } from "./events.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

on("click", "[data-theme-switch]", () => {
  const root = document.documentElement;
  const shown = root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const wanted = shown === "dark" ? "light" : "dark";
  root.dataset.theme = wanted;
  try { localStorage.setItem("theme", wanted); } catch { /* it lasts as long as the page */ }
});
