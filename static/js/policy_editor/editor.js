// Puts the editor over a textarea: the text, the panel of its statement, the findings. The textarea stays what the form
// sends, and has the present text at any moment.
import { Catalog } from "./catalog.js";
import { addStatement, formatted } from "./changes.js";
import { completer } from "./completion.js";
import { Findings } from "./findings.js";
import { Panel } from "./panel.js";
import { makeView, policyField } from "./view.js";

const NEW_STATEMENTS = {
  identity: { Effect: "Allow", Action: [], Resource: [] },
  trust: { Effect: "Allow", Principal: {}, Action: "sts:AssumeRole" },
  resource: { Effect: "Allow", Principal: {}, Action: [], Resource: [] },
};
let mounted = 0;

// A part of the widget's template; ids are made unique, since a page may have several editors.
function partsOf(place, prefix) {
  return (name) => {
    const part = place.querySelector(`template[data-part="${name}"]`).content.firstElementChild.cloneNode(true);
    for (const element of [part, ...part.querySelectorAll("*")]) {
      for (const attribute of ["id", "for", "list", "aria-labelledby", "aria-describedby", "aria-controls"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replaceAll(/\bpe-/g, `${prefix}-`));
      }
    }
    return part;
  };
}

function labelOf(textarea) {
  const label = textarea.labels?.[0]?.firstChild?.textContent.trim();
  return textarea.getAttribute("aria-label") || label || "Policy document";
}

// Only what is not blank counts against a quota.
function sizeOf(text) {
  return text.replace(/[ \t\r\n]/g, "").length;
}

function showSize(status, text, quota) {
  const left = quota - sizeOf(text);
  const meter = status.querySelector("meter");
  meter.value = Math.min(quota - left, quota);
  meter.textContent = `${quota - left} of ${quota}`;
  const words = status.querySelector("[data-size]");
  words.textContent = left < 0
    ? `${(-left).toLocaleString("en")} characters over the limit of ${quota.toLocaleString("en")}`
    : `${left.toLocaleString("en")} of ${quota.toLocaleString("en")} characters remaining`;
  words.classList.toggle("is-over", left < 0);
}

function showPosition(status, state) {
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  status.querySelector("[data-position]").textContent = `Ln ${line.number}, Col ${head - line.from + 1}`;
}

function replaceAll(view, text) {
  if (text === null || text === view.state.doc.toString()) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "input.format" });
}

// Buttons of the page that belong to the editor: `data-editor-do` is copy, format or shrink.
function listenToButtons(frame, view) {
  const live = document.getElementById("live");
  const actions = {
    async copy() {
      await navigator.clipboard?.writeText(view.state.doc.toString());
      if (live) live.textContent = "Copied";
    },
    format: () => replaceAll(view, formatted(view.state.doc.toString(), 4)),
    shrink: () => replaceAll(view, formatted(view.state.doc.toString(), 0)),
  };
  for (const button of frame.querySelectorAll("[data-editor-do]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      button.closest("[popover]")?.hidePopover();
      actions[button.dataset.editorDo]();
    });
  }
}

export function mount(place) {
  mounted += 1;
  const prefix = `pe${mounted}`;
  const part = partsOf(place, prefix);
  const textarea = place.querySelector("textarea");
  const frame = place.closest(".editor") ?? place;
  const { policyEditor: policyType, quota } = place.dataset;
  const catalog = new Catalog({ ...place.dataset });
  const servicePrincipals = [...place.querySelectorAll("datalist[data-services] option")].map((each) => each.value);
  place.classList.add(frame === place ? "editor" : "is-mounted");

  const code = part("code");
  const findingsPanel = part("findings");
  const status = code.querySelector(".editor-status");
  const form = textarea.form;
  const findings = new Findings({
    panel: findingsPanel,
    url: place.dataset.findings,
    token: form?.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "",
    parameters: { policy_type: policyType, resource_type: place.dataset.resourceType },
  });
  const describedBy = [textarea.getAttribute("aria-describedby"), `${prefix}-hint`].filter(Boolean).join(" ");
  const panel = new Panel({ element: part("panel"), part, catalog, policyType, frame });
  const view = makeView({
    parent: code.querySelector("[data-code]"),
    doc: textarea.value,
    attributes: { tabindex: "0", "aria-label": labelOf(textarea), "aria-describedby": describedBy, ...(textarea.hasAttribute("aria-invalid") ? { "aria-invalid": "true" } : {}) },
    icons: findings.icons,
    choose: (finding) => findings.reveal(finding),
    complete: completer({ catalog, policyType, servicePrincipals }),
    onUpdate(update) {
      if (update.docChanged) {
        textarea.value = update.state.doc.toString();
        showSize(status, textarea.value, Number(quota));
        findings.schedule();
      }
      if (update.docChanged || update.selectionSet) {
        showPosition(status, update.state);
        panel.follow(update.state);
      }
    },
  });
  place.append(code, panel.element, findingsPanel);
  const hadFocus = document.activeElement === textarea;
  textarea.hidden = true;
  textarea.required = false;
  for (const label of textarea.labels ?? []) label.addEventListener("click", () => view.focus());
  for (const extra of form?.querySelectorAll("[data-without-editor]") ?? []) extra.hidden = true;
  form?.addEventListener("reset", () => setTimeout(() => replaceAll(view, textarea.defaultValue)));
  code.querySelector("[data-add-statement]").addEventListener("click", () => {
    const policy = view.state.field(policyField);
    if (policy.root?.type !== "object") return;
    const change = addStatement(view.state.doc.toString(), policy, NEW_STATEMENTS[policyType]);
    view.dispatch({ changes: change, userEvent: "input.panel" });
    const added = view.state.field(policyField).statements.at(-1);
    view.dispatch({ selection: { anchor: added.from + 1 }, scrollIntoView: true });
    view.focus();
  });
  listenToButtons(frame, view);
  showSize(status, textarea.value, Number(quota));
  showPosition(status, view.state);
  panel.attach(view);
  findings.attach(view);
  if (hadFocus) view.focus();
  document.addEventListener("htmx:beforeCleanupElement", function leave(event) {
    if (event.target !== place) return;
    document.removeEventListener("htmx:beforeCleanupElement", leave);
    findings.stop();
    view.destroy();
  });
}
