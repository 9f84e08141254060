// CodeMirror with what every policy gets: numbers, folding, search, undo, brackets, colours.
import {
  Decoration, EditorState, EditorView, MatchDecorator, StateField, ViewPlugin, acceptCompletion, autocompletion, bracketMatching,
  classHighlighter, closeBrackets, closeBracketsKeymap, codeFolding, completionKeymap, defaultKeymap, foldGutter, foldKeymap,
  highlightActiveLine, highlightActiveLineGutter, history, historyKeymap, indentOnInput, indentUnit, indentWithTab, json, keymap,
  lineNumbers, search, searchKeymap, syntaxHighlighting,
} from "../../vendor/codemirror.js";
import { unitOf } from "./changes.js";
import { findingMarks, nextPlace } from "./marks.js";
import { read, statementAt } from "./policy.js";

// The document as a policy; while it is broken, what was read last tells nothing, so it has no statements.
export const policyField = StateField.define({
  create: (state) => read(state.doc.toString()),
  update: (policy, transaction) => (transaction.docChanged ? read(transaction.state.doc.toString()) : policy),
});

export function currentStatement(state) {
  return statementAt(state.field(policyField), state.selection.main.head);
}

// The lines of the statement that the panel edits.
const statementLines = EditorView.decorations.compute([policyField, "selection"], (state) => {
  const statement = currentStatement(state);
  if (!statement) return Decoration.none;
  const lines = [];
  const last = state.doc.lineAt(statement.to).number;
  for (let number = state.doc.lineAt(statement.from).number; number <= last; number += 1) {
    lines.push(Decoration.line({ class: "cm-statement" }).range(state.doc.line(number).from));
  }
  return Decoration.set(lines);
});

// What catches the eye in a policy: everything, a variable, a denial.
const words = new MatchDecorator({
  regexp: /"\*"|\$\{[^}"]*\}|(?<="Effect"\s*:\s*)"Deny"/g,
  decoration: ([word]) => Decoration.mark({ class: word === '"*"' ? "tok-wildcard" : word[0] === "$" ? "tok-variable" : "tok-deny" }),
});
const eyeCatchers = ViewPlugin.define((view) => ({
  decorations: words.createDeco(view),
  update(update) { this.decorations = words.updateDeco(update, this.decorations); },
}), { decorations: (plugin) => plugin.decorations });

function goToNextFinding(view) {
  const place = nextPlace(view.state, view.state.selection.main.head);
  if (!place) return false;
  view.dispatch({ selection: { anchor: place.from }, scrollIntoView: true });
  return true;
}

function foldMarker(isOpen) {
  const marker = document.createElement("span");
  marker.className = "cm-foldMarker";
  marker.dataset.open = String(isOpen);
  marker.title = isOpen ? "Fold" : "Unfold";
  return marker;
}

// `attributes` name the text for screen readers; `onUpdate` is called with every update of the view.
export function makeView({ parent, doc, attributes, icons, choose, complete, onUpdate }) {
  const unit = unitOf(doc);
  return new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        findingMarks(icons, choose),
        lineNumbers(),
        codeFolding({ placeholderText: "…" }),
        foldGutter({ markerDOM: foldMarker }),
        history(),
        indentUnit.of(unit.includes("\t") ? "\t" : unit),
        EditorState.tabSize.of(4),
        indentOnInput(),
        json(),
        syntaxHighlighting(classHighlighter),
        eyeCatchers,
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [complete], icons: false, maxRenderedOptions: 60, tooltipClass: () => "editor-completions" }),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        search({ top: true }),
        policyField,
        statementLines,
        // Escape, then Tab leaves the editor: CodeMirror gives the next Tab to the page.
        keymap.of([
          { key: "Tab", run: acceptCompletion },
          { key: "F8", run: goToNextFinding },
          ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab,
        ]),
        EditorView.contentAttributes.of(attributes),
        EditorView.updateListener.of(onUpdate),
      ],
    }),
  });
}
