// "Select all" in a table's head, the counter beside the heading, and the buttons that need a selection.
function rowsOf(table) {
  return [...table.querySelectorAll("tbody .is-check input")];
}

function update(table) {
  const rows = rowsOf(table);
  const count = rows.filter((row) => row.checked).length;
  const all = table.querySelector("[data-select-all]");
  if (all) {
    all.checked = rows.length > 0 && count === rows.length;
    all.indeterminate = count > 0 && count < rows.length;
  }
  const scope = table.closest(".container") ?? document;
  for (const counter of scope.querySelectorAll("[data-counter]")) {
    const total = counter.dataset.counter;
    counter.textContent = count ? `(${count}/${total})` : `(${total})`;
  }
  for (const button of scope.querySelectorAll("[data-needs-selection]")) {
    const wanted = button.dataset.needsSelection === "one" ? count === 1 : count > 0;
    button.setAttribute("aria-disabled", String(!wanted));
  }
}

function arm(scope) {
  for (const table of scope.querySelectorAll("table.table")) if (table.querySelector(".is-check input")) update(table);
}

document.addEventListener("change", (event) => {
  const table = event.target.closest("table.table");
  if (!table || !event.target.closest(".is-check")) return;
  if (event.target.matches("[data-select-all]")) {
    for (const row of rowsOf(table)) row.checked = event.target.checked;
  }
  update(table);
});

// A swap that refreshes, sorts or pages a table keeps what is ticked.
let ticked = new Map();
document.addEventListener("htmx:beforeSwap", (event) => {
  ticked = new Map();
  for (const input of event.target.querySelectorAll?.("tbody .is-check input:checked") ?? []) {
    ticked.set(`${input.name}=${input.value}`, true);
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  for (const input of event.target.querySelectorAll?.("tbody .is-check input") ?? []) {
    if (ticked.has(`${input.name}=${input.value}`)) input.checked = true;
  }
});

// The search box outlives the swap of its table: what was typed meanwhile is still to be searched for.
document.addEventListener("htmx:afterSettle", () => {
  for (const form of document.querySelectorAll("form[data-searched]")) {
    const typed = form.querySelector("input[type='search']").value.trim();
    if (typed !== form.dataset.searched.trim() && !form.matches(".htmx-request")) form.requestSubmit();
  }
});

// A picker searches while one types. Enter in its box, which is within a form, must not send that: nobody who searches
// for a policy wants the group created without it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("form[method='post'] input[type='search']")) event.preventDefault();
});

arm(document);
document.addEventListener("htmx:load", (event) => arm(event.target.parentElement ?? document));
