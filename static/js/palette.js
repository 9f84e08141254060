// The command palette: opened from everywhere, moved through by arrows while the focus stays in its input (ARIA's
// combobox with a listbox). Its lines are links, so Enter does what a click does.
const plain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;
const fields = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]";

function options() {
  return [...document.querySelectorAll("#palette-results [role='option']")];
}

function select(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  const input = document.querySelector("[data-palette] [role='combobox']");
  if (option) input?.setAttribute("aria-activedescendant", option.id);
  else input?.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = options();
  const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (all.length) select(all[(now + step + all.length) % all.length]);
}

const keys = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  Enter: (event) => {
    const chosen = options().find((option) => option.getAttribute("aria-selected") === "true");
    if (!chosen) return;
    if (event.ctrlKey || event.metaKey) window.open(chosen.href, "_blank", "noopener");
    else chosen.click();
  },
};

document.addEventListener("keydown", (event) => {
  const input = event.target.closest("[data-palette] [role='combobox']");
  if (input && keys[event.key] && !event.isComposing) {
    event.preventDefault();
    keys[event.key](event);
  } else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    if (document.querySelector("dialog:modal")) return;
    event.preventDefault();
    document.querySelector(".top-search")?.click();
  } else if (event.key === "?" && plain(event) && !event.target.closest(fields) && !document.querySelector("dialog:modal")) {
    document.querySelector("[data-shortcuts]")?.click();
  }
});

// The first line is chosen as soon as there are lines; what was typed meanwhile changes nothing of that.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.matches("#palette-results, #dialogs")) select(options()[0]);
});

document.addEventListener("pointermove", (event) => {
  const option = event.target.closest?.("#palette-results [role='option']");
  if (option && option.getAttribute("aria-selected") !== "true") select(option);
});

// A click beside the palette closes it, as people expect of a thing that lies over the page.
document.addEventListener("click", (event) => {
  if (event.target.matches?.("dialog[data-palette]")) event.target.close();
});
