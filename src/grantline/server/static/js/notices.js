// What appears in #notices can be dismissed; when the server cannot be reached, that is said too.
import { announce, on } from "./events.js";

on("click", "[data-dismiss]", (_event, button) => {
  button.closest(".notice, .problem")?.remove();
});

document.addEventListener("htmx:sendError", () => {
  const place = document.getElementById("notices");
  const text = "Grantline does not answer. Nothing was changed; try again in a moment.";
  if (place.textContent.includes(text)) return;
  const notice = document.createElement("div");
  notice.className = "notice danger";
  notice.textContent = text;
  notice.dataset.unreachable = "";
  place.replaceChildren(notice);
  announce(text);
});
// A page that asks by itself again and again gets an answer in the end.
document.addEventListener("htmx:afterOnLoad", () => document.querySelector("#notices [data-unreachable]")?.remove());
