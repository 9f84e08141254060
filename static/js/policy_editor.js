// Finds the policy editors of a page and loads what they need, only then.
function mountAll(scope) {
  for (const place of scope.querySelectorAll("[data-policy-editor]:not([data-mounted])")) {
    place.dataset.mounted = "";
    import(place.dataset.script).then(({ mount }) => mount(place));
  }
}

mountAll(document);
document.addEventListener("htmx:load", (event) => mountAll(event.target.parentElement ?? document));
