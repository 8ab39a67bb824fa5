// Hands a service's answer over to our own origin, once. Running before the page has loaded, the
// form replaces this page in the history: going back does not hand over again.
const form = document.querySelector("form[data-handover]");
if (form.dataset.handover === "fragment") {
  form.elements.answer.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
form.submit();
