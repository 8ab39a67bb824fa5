// Drags a [data-module] by its [data-grip] to one of the [data-place] gaps.
const grips = "[data-grip]";
let dragged = null;

export function drag(drop) {
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.(grips);
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    begin(grip.closest("[data-module]"), grip, event, drop);
  });
}

function begin(step, grip, event, drop) {
  const card = step.querySelector("article");
  const gaps = [...document.querySelectorAll("[data-place]")].filter((gap) => !step.contains(gap) || gap === step.firstElementChild);
  dragged = { step, gap: null };
  grip.setPointerCapture(event.pointerId);
  const from = [event.clientX, event.clientY + scrollY];

  const move = (now) => {
    const [x, y] = [now.clientX - from[0], now.clientY + scrollY - from[1]];
    if (!step.classList.contains("is-dragged") && Math.hypot(x, y) < 6) return;
    step.classList.add("is-dragged");
    document.body.classList.add("is-dragging");
    card.style.translate = `${x}px ${y}px`;
    near(gaps, now);
    const edge = 64;
    if (now.clientY < edge) scrollBy(0, -12);
    else if (now.clientY > innerHeight - edge) scrollBy(0, 12);
  };
  const end = (how) => {
    grip.removeEventListener("pointermove", move);
    for (const type of ["pointerup", "pointercancel"]) grip.removeEventListener(type, end);
    removeEventListener("keydown", escape, true);
    card.style.translate = "";
    step.classList.remove("is-dragged");
    document.body.classList.remove("is-dragging");
    const gap = dragged?.gap;
    gap?.classList.remove("is-target");
    dragged = null;
    if (how.type === "pointerup" && gap && gap !== step.firstElementChild) drop(step, gap.dataset.place);
  };
  const escape = (key) => { if (key.key === "Escape") end(key); };
  grip.addEventListener("pointermove", move);
  for (const type of ["pointerup", "pointercancel"]) grip.addEventListener(type, end);
  addEventListener("keydown", escape, true);
}

// The gap that is nearest to the pointer takes the card.
function near(gaps, { clientX, clientY }) {
  let best = null;
  let least = Infinity;
  for (const gap of gaps) {
    const box = gap.getBoundingClientRect();
    const x = Math.max(box.left - clientX, 0, clientX - box.right);
    const y = Math.abs((box.top + box.bottom) / 2 - clientY);
    const far = Math.hypot(x, y);
    if (far < least) [best, least] = [gap, far];
  }
  if (best === dragged.gap) return;
  dragged.gap?.classList.remove("is-target");
  best?.classList.add("is-target");
  dragged.gap = best;
}
