// Keys for tables: j and k move, x selects, Enter opens, "." opens the row's menu; "/" goes to the search.
const fields = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]";

function rows() {
  return [...document.querySelectorAll(".table tbody tr:not(.is-detail)")];
}

function move(step) {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(now + step, 0), all.length - 1)];
  next?.querySelector("th a, td a, input, button")?.focus();
}

// Without a list on the page, the search of everything.
function search() {
  const box = document.querySelector("main input[type='search']");
  if (box) box.focus();
  else document.querySelector(".top-search")?.click();
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  x: (row) => row?.querySelector(".is-check input")?.click(),
  ".": (row) => row?.querySelector(".is-actions [popovertarget]")?.click(),
  "/": search,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(fields)) return;
  const action = document.querySelector("dialog:modal") ? undefined : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action(document.activeElement?.closest("tbody tr"));
});
