// Theme, density and the folded navigation. The server reads the same cookie, so the next page arrives already right.
const root = document.documentElement;

function remember() {
  const words = [];
  if (root.dataset.theme) words.push(root.dataset.theme);
  if (root.dataset.density) words.push(root.dataset.density);
  if (root.dataset.nav === "closed") words.push("nav-closed");
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `iam-appearance=${words.join(".")}; path=/; max-age=31536000; samesite=lax${secure}`;
}

function set(name, value) {
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
}

function mark(form) {
  for (const button of form.querySelectorAll("button[name]")) {
    button.setAttribute("aria-pressed", String((root.dataset[button.name] ?? "") === button.value));
  }
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!event.target.matches("[data-appearance]") || !button?.name) return;
  event.preventDefault();
  set(button.name, button.value);
  mark(event.target);
  remember();
});

document.addEventListener("appearance:changed", remember);
