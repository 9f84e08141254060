// Changes of a document that keep its author's layout: each returns {from, to, insert}.

export const quoted = (text) => JSON.stringify(text);

// What a level is indented by: that of the first line that is indented at all.
export function unitOf(text) {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "    ";
}

function lineIndent(text, at) {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", at - 1) + 1))[0];
}

function isOnOneLine(text, node) {
  return node.type !== "other" && !text.slice(node.from, node.to).includes("\n") && node.to - node.from > 2;
}

function flat(value) {
  if (Array.isArray(value)) return `[${value.map(flat).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([name, held]) => `${quoted(name)}: ${flat(held)}`).join(", ")}}`;
}

// JSON for a value that begins on a line with this indentation.
function written(text, value, indent, onOneLine) {
  if (onOneLine) return flat(value);
  return JSON.stringify(value, null, unitOf(text)).replaceAll("\n", `\n${indent}`);
}

export function addItem(text, node, value, holder) {
  const literal = quoted(value);
  const indent = lineIndent(text, node.from);
  const inner = indent + unitOf(text);
  if (node.type === "array" && node.items.length) {
    const last = node.items.at(-1);
    const before = node.items.at(-2);
    const gap = before ? text.slice(before.to, last.from) : `,${text.slice(node.from + 1, last.from) || " "}`;
    return { from: last.to, to: last.to, insert: gap + literal };
  }
  const old = node.type === "array" || (node.type === "string" && !node.value) ? [] : [text.slice(node.from, node.to)];
  const items = [...old, literal];
  const isFlat = !text.includes("\n") || (holder && isOnOneLine(text, holder));
  const insert = isFlat ? `[${items.join(", ")}]` : `[\n${items.map((item) => inner + item).join(",\n")}\n${indent}]`;
  return { from: node.from, to: node.to, insert };
}

export function addMember(text, object, name, value) {
  const last = object.members.at(-1);
  if (last) {
    const gap = text.slice(object.from + 1, object.members[0].from);
    const indent = /[ \t]*$/.exec(gap)[0];
    const insert = `,${gap || " "}${quoted(name)}: ${written(text, value, indent, !gap.includes("\n"))}`;
    return { from: last.to, to: last.to, insert };
  }
  const indent = lineIndent(text, object.from);
  const inner = indent + unitOf(text);
  const insert = text.includes("\n")
    ? `{\n${inner}${quoted(name)}: ${written(text, value, inner, false)}\n${indent}}`
    : `{${quoted(name)}: ${written(text, value, "", true)}}`;
  return { from: object.from, to: object.to, insert };
}

export function addStatement(text, policy, statement) {
  const { root, list } = policy;
  if (!list) return addMember(text, root, "Statement", [statement]);
  if (list.type === "array" && list.items.length) {
    const last = list.items.at(-1);
    const before = list.items.at(-2);
    const gap = before ? text.slice(before.to, last.from) : `,${text.slice(list.from + 1, last.from) || " "}`;
    const indent = /[ \t]*$/.exec(gap)[0];
    return { from: last.to, to: last.to, insert: gap + written(text, statement, indent, !gap.includes("\n")) };
  }
  const indent = lineIndent(text, list.from);
  const inner = indent + unitOf(text);
  const old = list.type === "array" ? "" : `${text.slice(list.from, list.to).replaceAll("\n", `\n${unitOf(text)}`)},\n${inner}`;
  const insert = `[\n${inner}${old}${written(text, statement, inner, false)}\n${indent}]`;
  return { from: list.from, to: list.to, insert };
}

// Takes a child out of an object or list with the comma that belongs to it.
export function remove(container, child) {
  const children = container.members ?? container.items;
  const at = children.indexOf(child);
  if (at > 0) return { from: children[at - 1].to, to: child.to, insert: "" };
  if (children.length > 1) return { from: child.from, to: children[1].from, insert: "" };
  return { from: container.from + 1, to: container.to - 1, insert: "" };
}

// Takes a string out of the element that holds it, alone or in a list.
export function removeString(value, node) {
  if (value.type === "array") return remove(value, node);
  return { from: value.from, to: value.to, insert: "[]" };
}

// The whole document anew: on several lines, or in as few characters as can be.
export function formatted(text, indent) {
  try {
    return JSON.stringify(JSON.parse(text), null, indent);
  } catch {
    return null;
  }
}
