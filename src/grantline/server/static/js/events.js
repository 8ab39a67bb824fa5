// on("click", "[data-x]", (event, element) => …): for every such element, there now or later.
export function on(type, selector, handle, options) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handle(event, element);
  }, options);
}

// Says `text` to screen readers, without showing it.
export function announce(text) {
  const place = document.getElementById("announcements");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50);
}
