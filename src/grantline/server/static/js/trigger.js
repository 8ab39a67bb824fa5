// The form of a trigger: a schedule is said in words while it is typed, or chosen by a button.
import { on } from "./events.js";

const cron = document.getElementById("field-cron");
const preview = document.getElementById("schedule-preview");
let waiting = 0;

function ask(delay) {
  clearTimeout(waiting);
  waiting = setTimeout(() => preview.dispatchEvent(new Event("ask")), delay);
}

on("input", "#field-cron, #field-time-zone", () => ask(300));
on("click", "[data-cron]", (_event, button) => {
  cron.value = button.dataset.cron;
  cron.dispatchEvent(new Event("input", { bubbles: true }));
  ask(0);
});
