// Copy to the clipboard, and show or hide a secret. Both say what they did in the page's live region.
function say(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

async function copy(button) {
  await navigator.clipboard?.writeText(button.dataset.copy);
  const done = Object.assign(document.createElement("span"), { className: "copy-done", textContent: "Copied" });
  button.after(done);
  setTimeout(() => done.remove(), 1500);
  say("Copied");
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  const label = button.querySelector("[data-reveal-label]");
  if (label) label.textContent = shown ? "Hide" : "Show";
  say(shown ? "Shown" : "Hidden");
}

document.addEventListener("click", (event) => {
  const copied = event.target.closest("[data-copy]");
  if (copied) copy(copied);
  const revealed = event.target.closest("[data-reveal]");
  if (revealed) reveal(revealed);
});
