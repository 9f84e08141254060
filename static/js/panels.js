// Side navigation and help: links to #id without script, switches with it.
const root = document.documentElement;
const panels = { nav: "navigation", help: "help" };

function visible(element) {
  return Boolean(element) && getComputedStyle(element).display !== "none";
}

function show(name) {
  const open = visible(document.getElementById(panels[name]));
  for (const control of document.querySelectorAll(`[data-toggle="${name}"][aria-expanded]`)) {
    control.setAttribute("aria-expanded", String(open));
  }
}

function toggle(name) {
  const panel = document.getElementById(panels[name]);
  const open = !visible(panel);
  root.dataset[name] = open ? "open" : "closed";
  show(name);
  if (open) panel.querySelector("h2[tabindex], a, button")?.focus();
  else document.querySelector(name === "help" ? ".info-link" : `[data-toggle="${name}"][aria-expanded]`)?.focus();
  if (name === "nav" && matchMedia("(width >= 62em)").matches) document.dispatchEvent(new Event("appearance:changed"));
}

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-toggle]");
  if (control && panels[control.dataset.toggle]) {
    event.preventDefault();
    toggle(control.dataset.toggle);
    return;
  }
  const info = event.target.closest("[data-help-open]");
  const help = document.getElementById("help");
  if (info && help?.querySelector("h2")) {
    event.preventDefault();
    root.dataset.help = "open";
    help.querySelector("h2").focus();
  }
});

show("nav");
