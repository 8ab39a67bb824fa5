// Make a request: the live preview, the state while running, parts, and pasted cURL commands.
import { announce, on } from "./events.js";
import { select } from "./tabs.js";
import "./json-tree.js";

const form = document.querySelector("[data-request]");
const preview = document.querySelector("[data-preview]");
const code = document.querySelector("[data-code]");
const tab = (name) => document.getElementById(`view-tab-${name}`);
const isShown = (name) => tab(name).getAttribute("aria-selected") === "true";

let waiting = 0;
function ask(delay) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    preview.dispatchEvent(new Event("ask"));
    if (isShown("code")) code.dispatchEvent(new Event("ask"));
  }, delay);
}

// The fields of the head belong to the form and stand outside it.
document.addEventListener("input", (event) => {
  if (event.target.form !== form || event.target.name === "curl") return;
  document.querySelector("[data-touched]").value = "yes";
  count();
  if (event.target.name === "json" || event.target.name === "body") checkJson();
  ask(300);
});
form.addEventListener("change", () => ask(0));
form.addEventListener("click", (event) => {
  if (event.target.closest("[data-remove-row], [data-remove-part]")) { count(); ask(0); }
});
document.addEventListener("tab", (event) => {
  if (event.target === tab("code")) code.dispatchEvent(new Event("ask"));
});

// How much is in each fold.
function count() {
  for (const fold of form.querySelectorAll("[data-fold]")) {
    const place = fold.querySelector("[data-count]");
    const kind = fold.dataset.fold;
    if (kind === "body") {
      const chosen = fold.querySelector("[name=body]:checked");
      place.textContent = chosen.value === "none" ? "" : chosen.labels[0].textContent.trim();
    } else if (kind === "query" || kind === "header") {
      const rows = [...fold.querySelectorAll("[data-row]")];
      const used = rows.filter((row) => [...row.querySelectorAll("input")].some((input) => input.value));
      place.textContent = used.length || "";
    }
  }
}

// JSON is checked here at once, in the browser's words only for where it stops.
const json = document.getElementById("field-json");
const check = document.querySelector("[data-json-check]");
function checkJson() {
  const text = json.value;
  let word = "";
  if (text.trim() && form.elements.body.value === "json") {
    try {
      JSON.parse(text);
      word = "This is JSON.";
      check.classList.remove("bad");
    } catch (error) {
      const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? NaN);
      const before = text.slice(0, at).split("\n");
      word = Number.isNaN(at) ? "This is not JSON yet." : `It stops being JSON in line ${before.length}, column ${before.at(-1).length + 1}.`;
      check.classList.add("bad");
    }
  }
  json.setAttribute("aria-invalid", check.classList.contains("bad") && word !== "");
  check.textContent = word;
}

// While a request runs: the time it takes, how far it is, and a way to end it.
const stop = form.querySelector("[data-stop]");
const running = form.querySelector("[data-running]");
const elapsed = form.querySelector("[data-elapsed]");
const bar = form.querySelector("[data-share]");
let words = "";
let ticking = 0;
let began = 0;
const isRun = (event) => /^\/requests\/(run|allow-host|download|headers|resolve)/.test(event.detail.pathInfo?.requestPath ?? "");
const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
const ticket = () => form.elements.ticket.value;

function showProgress(said, share) {
  words = said;
  bar.hidden = share === null;
  if (share !== null) bar.value = share;
}

// The answer comes in one piece; how far it is, is asked for beside it.
async function watch(run) {
  while (run === began) {
    await new Promise((done) => setTimeout(done, 500));
    if (run !== began || document.hidden) continue;
    const answer = await fetch(`/requests/progress?ticket=${encodeURIComponent(ticket())}`).catch(() => null);
    if (run !== began || answer?.status !== 200) continue;
    const { words: said, share } = await answer.json();
    showProgress(said, share);
  }
}

document.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total, lengthComputable } = event.detail;
  if (!form.classList.contains("is-running") || !lengthComputable || loaded >= total || total < 1e6) return;
  showProgress(`Uploading ${Math.floor(100 * loaded / total)} %`, loaded / total);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isRun(event)) return;
  began = performance.now();
  form.classList.add("is-running");
  stop.hidden = running.hidden = false;
  showProgress("", null);
  elapsed.textContent = "Running 0.0 s";
  ticking = setInterval(() => { elapsed.textContent = words ? `${words}, ${seconds()}` : `Running ${seconds()}`; }, 100);
  watch(began);
  select(tab("response"));
  announce("Running");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!isRun(event)) return;
  clearInterval(ticking);
  const took = seconds();
  began = 0;
  form.classList.remove("is-running");
  stop.hidden = running.hidden = true;
  const place = document.getElementById("response");
  const status = place.querySelector(".answer-head .badge")?.textContent.trim();
  announce(status ? `${status}, after ${took}` : "The request has ended");
  if (innerWidth < 1100) place.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
});

// Parts of a multipart body.
const parts = form.querySelector("[data-parts]");
on("click", "[data-add-part]", () => {
  const row = parts.querySelector("template").content.firstElementChild.cloneNode(true);
  parts.querySelector("[data-part-rows]").append(row);
  row.querySelector("input").focus();
});
on("click", "[data-remove-part]", (_event, button) => {
  const row = button.closest("[data-part]");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("input") ?? parts.querySelector("[data-add-part]")).focus();
});
on("change", "[data-part] [type=file]", (_event, input) => {
  const row = input.closest("[data-part]");
  row.querySelector("[name=part_filename]").value = input.files[0]?.name ?? "";
  row.querySelector("[name=part_type]").value = input.files[0]?.type ?? "";
});

// A cURL command pasted where the URL goes fills the whole form.
on("paste", "#field-url", (event) => {
  const text = event.clipboardData.getData("text").trim();
  if (!/^(\$\s*)?curl(\.exe)?\s/i.test(text)) return;
  event.preventDefault();
  document.getElementById("field-curl").value = text.replace(/^\$\s*/, "");
  form.querySelector("[data-fill]").click();
});

// A link to a field opens what it is folded into.
on("click", "a[href^='#field-']", (event, link) => {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  (field.matches("input, select, textarea") ? field : field.querySelector("input") ?? field).focus();
});

count();
if (location.hash === "#field-request-name") document.querySelector(location.hash).select();
