// What must follow a swap by htmx: the focus, and a sign that a region is being fetched.
// Returns whether the focus went to something within, rather than to the heading.
function focusAfter(element) {
  const within =
    element.querySelector("[autofocus]") ??
    element.querySelector("[aria-invalid='true']") ??
    element.querySelector("[data-form-errors]");
  (within ?? element.querySelector("h1[tabindex]"))?.focus();
  return Boolean(within);
}

document.addEventListener("htmx:afterSettle", (event) => {
  const wizard = document.getElementById("wizard");
  if (wizard && event.detail.elt === wizard) {
    const live = document.getElementById("live");
    if (live) live.textContent = wizard.querySelector("h1")?.textContent.trim() ?? "";
    // A fault may stand far down: the focus brings it into view. A step that is new begins at its top.
    if (!focusAfter(wizard)) scrollTo({ top: 0 });
  }
});

// A form that comes back, with faults or another row, is the same page: Back leads to what came before it.
document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  const { history } = event.detail;
  if (history.type === "push" && history.path === location.pathname + location.search) history.type = "replace";
});

// An answer to what has left the page meanwhile would look for its regions in what was removed.
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (!event.target.matches?.("[hx-get], [hx-post]")) return;
  event.target.addEventListener("htmx:beforeOnLoad", (answer) => answer.preventDefault());
});

function busy(event, state) {
  // What a page asks for by itself, again and again, must not make it flicker.
  if (event.detail.elt?.hasAttribute("data-quiet")) return;
  const region = event.detail.target?.querySelector?.(".table-scroll") ?? event.detail.target?.closest?.(".table-scroll");
  if (state) region?.setAttribute("aria-busy", "true");
  else region?.removeAttribute("aria-busy");
}

document.addEventListener("htmx:beforeRequest", (event) => busy(event, true));
document.addEventListener("htmx:afterRequest", (event) => busy(event, false));

// A page that arrives with a refused form puts the focus on the first fault.
if (!document.querySelector("dialog[data-modal]")) {
  document.querySelector("main [aria-invalid='true'], main [data-form-errors]")?.focus();
}
