// A page that shows a secret for the only time asks before it is left, until the secret was downloaded or copied.
let asking = Boolean(document.querySelector("[data-ask-before-leaving]"));

document.addEventListener("htmx:load", () => {
  asking = Boolean(document.querySelector("[data-ask-before-leaving]"));
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-ask-before-leaving] :is([data-copy], [data-reveal]), a[data-settles-leaving]")) asking = false;
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-settles-leaving]")) asking = false;
});

window.addEventListener("beforeunload", (event) => {
  if (asking) event.preventDefault();
});
