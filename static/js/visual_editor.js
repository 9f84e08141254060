// The visual editor of policies: boxes and filters take effect at once, and what was unfolded stays so.
const PAUSE = 250;
let waiting;

function live(element) {
  element.closest("[data-live]")?.dispatchEvent(new Event("live"));
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".visual-editor :is(input[type='checkbox'], input[type='radio'], select)")) live(event.target);
});

document.addEventListener("input", (event) => {
  if (!event.target.matches(".visual-editor [data-live-input]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => live(event.target), PAUSE);
});

// A button sends what was typed as well: a filter that still waits must not take its place.
document.addEventListener("click", (event) => {
  if (event.target.closest(".visual-editor button")) clearTimeout(waiting);
});

// A swap brings folds as the server has them: those of the same name get back what the person made of them.
const folds = new Map();

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "visual") return;
  folds.clear();
  for (const fold of event.detail.target.querySelectorAll("details[id]")) folds.set(fold.id, fold.open);
});

document.addEventListener("htmx:afterSwap", () => {
  const editor = document.getElementById("visual");
  if (!editor || !folds.size) return;
  for (const fold of editor.querySelectorAll("details[id]")) {
    if (folds.get(fold.id)) fold.open = true;
  }
  folds.clear();
});
