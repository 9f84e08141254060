// What the policy editor uses of CodeMirror 6.
export { autocompletion, acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap, pickedCompletion, snippet, startCompletion } from "@codemirror/autocomplete";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { json } from "@codemirror/lang-json";
export { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
export { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
export { Compartment, EditorSelection, EditorState, Facet, RangeSet, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
export { Decoration, EditorView, GutterMarker, MatchDecorator, ViewPlugin, drawSelection, gutter, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers, placeholder } from "@codemirror/view";
export { classHighlighter } from "@lezer/highlight";
