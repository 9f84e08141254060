// Dialogs: the server sends <dialog open>, the script makes it modal; typed confirmation; dismissing.
function arm(scope) {
  for (const dialog of scope.querySelectorAll("dialog[data-modal]:not(:modal)")) {
    const opener = document.activeElement;
    dialog.removeAttribute("open");
    dialog.showModal();
    (dialog.querySelector("[autofocus], [aria-invalid='true']") ?? dialog.querySelector("h2"))?.focus();
    dialog.addEventListener("close", () => leave(dialog, opener), { once: true });
  }
  for (const input of scope.querySelectorAll("[data-confirm]")) check(input);
}

// A dialog that was fetched over this page goes away; one that is a page of its own leads back.
function leave(dialog, opener) {
  if (dialog.closest("#dialogs")) {
    dialog.remove();
    opener?.focus();
  } else if (dialog.dataset.back) {
    location.assign(dialog.dataset.back);
  }
}

// Exact, case-sensitive, blanks count. The server compares again.
function check(input) {
  const button = input.form?.querySelector("[data-confirmed]");
  button?.setAttribute("aria-disabled", String(input.value !== input.dataset.confirm));
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-confirm]")) check(event.target);
});

// htmx listens on the elements themselves, so what must not happen is stopped on the way down.
function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

document.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-confirmed][aria-disabled='true']")) stop(event);
}, true);

document.addEventListener("click", (event) => {
  if (event.target.closest("a[aria-disabled='true'], button[aria-disabled='true']")) stop(event);
}, true);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.open)?.showModal();
  }
  const closer = event.target.closest("[data-close]");
  if (!closer) return;
  event.preventDefault();
  const dialog = closer.closest("dialog");
  if (dialog) dialog.close();
  else closer.closest(".flash, .split-panel")?.remove();
});

arm(document);
document.addEventListener("htmx:load", (event) => arm(event.target.parentElement ?? document));
