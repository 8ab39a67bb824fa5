// "/" goes to [data-search], "?" lists shortcuts, "g c" and the like go to pages, and
// Ctrl or Cmd with Enter presses [data-run] or sends the form in focus.
const places = { s: "/scenarios", c: "/connections", r: "/requests", p: "/providers", h: "/history", ",": "/settings" };
let going = 0;

const types = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const run = document.querySelector("[data-run]");
    const form = document.activeElement?.closest("form");
    if (!run && !form) return;
    event.preventDefault();
    if (run) run.click();
    else form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || types(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "g") {
    going = event.timeStamp;
  } else if (places[event.key] && event.timeStamp - going < 1500 && going) {
    location.assign(places[event.key]);
  }
});
