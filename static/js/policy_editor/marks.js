// Findings in the text: underlines, marks in the gutter, and what they say to the pointer.
import { Decoration, EditorView, GutterMarker, RangeSet, StateEffect, StateField, gutter, hoverTooltip } from "../../vendor/codemirror.js";

const GRAVITY = ["suggestion", "warning", "security", "error"];
const UNDERLINES = { error: "error", security: "warning", warning: "warning", suggestion: "info" };
const STATUSES = { error: "error", security: "warning", warning: "warning", suggestion: "info" };

const setMarks = StateEffect.define();

// Something to underline: a point gets the character beside it.
function visible(doc, from, to) {
  const end = Math.min(to, doc.length);
  const start = Math.min(from, end);
  if (start < end) return [start, end];
  const line = doc.lineAt(start);
  return start < line.to ? [start, start + 1] : [Math.max(line.from, start - 1), start];
}

const marks = StateField.define({
  create: () => ({ ranges: Decoration.none, findings: [] }),
  update(value, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) return build(transaction.state.doc, effect.value);
    }
    return transaction.docChanged ? { ...value, ranges: value.ranges.map(transaction.changes) } : value;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.ranges),
});

function build(doc, findings) {
  const ranges = [];
  for (const finding of findings) {
    for (const [from, to] of finding.ranges) {
      const [start, end] = visible(doc, from, to);
      if (start < end) ranges.push(Decoration.mark({ class: `cm-lintRange cm-lintRange-${UNDERLINES[finding.type]}`, finding }).range(start, end));
    }
  }
  return { ranges: Decoration.set(ranges, true), findings };
}

class Mark extends GutterMarker {
  constructor(type, icon) {
    super();
    this.type = type;
    this.icon = icon;
  }

  eq(other) {
    return other.type === this.type;
  }

  toDOM() {
    const mark = document.createElement("span");
    mark.className = `status-${STATUSES[this.type]}`;
    mark.append(this.icon.cloneNode(true));
    return mark;
  }
}

// The gravest finding of each line. `icons` are SVG elements by type, `choose` is told of a click.
function marksGutter(icons, choose) {
  return gutter({
    class: "cm-gutter-lint",
    markers(view) {
      const lines = new Map();
      view.state.field(marks).ranges.between(0, view.state.doc.length, (from, to, { spec }) => {
        const line = view.state.doc.lineAt(from).from;
        const type = spec.finding.type;
        if (GRAVITY.indexOf(type) > GRAVITY.indexOf(lines.get(line) ?? "")) lines.set(line, type);
      });
      const sorted = [...lines].sort(([first], [second]) => first - second);
      return RangeSet.of(sorted.map(([at, type]) => new Mark(type, icons[type]).range(at)));
    },
    lineMarkerChange: (update) => update.startState.field(marks) !== update.state.field(marks),
    domEventHandlers: {
      mousedown(view, line) {
        const finding = findingsIn(view.state, line.from, line.to)[0];
        if (finding) choose(finding);
        return Boolean(finding);
      },
    },
  });
}

function findingsIn(state, from, to) {
  const found = new Set();
  state.field(marks).ranges.between(from, to, (start, end, { spec }) => { found.add(spec.finding); });
  return [...found].sort((first, second) => GRAVITY.indexOf(second.type) - GRAVITY.indexOf(first.type));
}

const tips = hoverTooltip((view, position) => {
  const findings = findingsIn(view.state, position, position);
  if (!findings.length) return null;
  return {
    pos: position,
    create() {
      const dom = document.createElement("div");
      dom.className = "editor-tip";
      for (const { title, message } of findings) {
        const entry = dom.appendChild(document.createElement("p"));
        entry.append(Object.assign(document.createElement("strong"), { textContent: title }), ` ${message}`);
      }
      return { dom };
    },
  };
});

export function findingMarks(icons, choose) {
  return [marks, marksGutter(icons, choose), tips];
}

export function showMarks(view, findings) {
  view.dispatch({ effects: setMarks.of(findings) });
}

// Where a finding is by now: its first place, moved with what was typed since.
export function placeOf(state, finding) {
  let place = null;
  state.field(marks).ranges.between(0, state.doc.length, (from, to, { spec }) => {
    if (spec.finding !== finding || place) return undefined;
    place = { from, to };
    return false;
  });
  return place;
}

// The first place of a finding behind a position, and from the beginning where there is none.
export function nextPlace(state, position) {
  let first = null;
  let next = null;
  state.field(marks).ranges.between(0, state.doc.length, (from, to) => {
    first ??= { from, to };
    if (from > position) next ??= { from, to };
  });
  return next ?? first;
}
