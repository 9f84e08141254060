// A row's expander: htmx brings the row of details the first time, later clicks fold it.
document.addEventListener("click", (event) => {
  const expander = event.target.closest("[data-expander]");
  if (!expander) return;
  event.preventDefault();
  const detail = expander.closest("tr").nextElementSibling;
  const isThere = detail?.classList.contains("is-detail");
  if (isThere) detail.hidden = !detail.hidden;
  expander.setAttribute("aria-expanded", String(!isThere || !detail.hidden));
});
