// time[data-relative]: "in 42 min" stays true, and the exact instant is in the viewer's zone.
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "long" });

function words(seconds) {
  const size = Math.abs(seconds);
  if (size < 10) return "now";
  const [count, unit] =
    size < 90 ? [size, "s"]
    : size < 90 * 60 ? [size / 60, "min"]
    : size < 36 * 3600 ? [size / 3600, "h"]
    : size < 60 * 86400 ? [size / 86400, "days"]
    : size < 730 * 86400 ? [size / 86400 / 30.44, "months"]
    : [size / 86400 / 365.25, "years"];
  const span = `${Math.round(count)} ${unit}`;
  return seconds > 0 ? `in ${span}` : `${span} ago`;
}

export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const at = new Date(element.dateTime);
    element.textContent = words((at - Date.now()) / 1000);
    element.title = exact.format(at);
  }
}

showTimes();
setInterval(showTimes, 15_000);
document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt));
