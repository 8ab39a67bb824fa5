// [data-menu] with a [data-menu-button] and a [role=menu]: the ARIA menu button pattern.
import { on } from "./events.js";

const items = (menu) => [...menu.querySelectorAll("[role=menuitem]:not([disabled])")];
const parts = (menu) => [menu.querySelector("[data-menu-button]"), menu.querySelector("[role=menu]")];
let open = null;

// A list of modules has one menu for all of them, in a template: its addresses are those of 0.
function fill(list, { menuOf, number }) {
  list.append(document.getElementById(menuOf).content.cloneNode(true));
  for (const item of items(list)) {
    const name = item.hasAttribute("href") ? "href" : "formaction";
    item.setAttribute(name, item.getAttribute(name).replace("/modules/0", `/modules/${number}`));
  }
}

function show(menu, which) {
  close();
  const [button, list] = parts(menu);
  if (menu.dataset.menuOf && !list.childElementCount) fill(list, menu.dataset);
  list.hidden = false;
  button.setAttribute("aria-expanded", "true");
  list.classList.toggle("above", list.getBoundingClientRect().bottom > innerHeight);
  for (const item of items(menu)) item.tabIndex = -1;
  open = menu;
  items(menu).at(which)?.focus();
}

function close({ refocus = false } = {}) {
  if (!open) return;
  const [button, list] = parts(open);
  list.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (refocus) button.focus();
  open = null;
}

on("click", "[data-menu-button]", (_event, button) => {
  const menu = button.closest("[data-menu]");
  if (open === menu) close({ refocus: true });
  else show(menu, 0);
});

on("keydown", "[data-menu]", (event, menu) => {
  if (open !== menu) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      show(menu, event.key === "ArrowDown" ? 0 : -1);
    }
    return;
  }
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (move !== undefined) {
    event.preventDefault();
    all.at(move % all.length)?.focus();
  } else if (event.key === "Escape") {
    event.stopPropagation();
    close({ refocus: true });
  } else if (event.key === "Tab") {
    close();
  } else if (event.key.length === 1) {
    const letter = event.key.toLowerCase();
    const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
    order.find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
  }
});

on("click", "[role=menuitem]", () => close({ refocus: true }));
document.addEventListener("click", (event) => {
  if (open && !open.contains(event.target)) close();
});
