// JSON with places. `parse` reads a whole text; `contextAt` tells where in a text, broken or not, a position is.

// A string's end, behind its closing quote; that of the line where it is not closed.
function stringEnd(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return { end: at + 1, isClosed: true };
    else if (text[at] === "\n") return { end: at, isClosed: false };
  }
  return { end: text.length, isClosed: false };
}

function unquoted(literal) {
  try {
    return JSON.parse(literal);
  } catch {
    return literal.replace(/^"|"$/g, "");
  }
}

// Nodes have `type` (object, array, string, other), `from` and `to`; objects have `members`, arrays `items`. null where
// the text is not JSON.
export function parse(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let at = 0;
  const skip = () => { while (" \t\r\n".includes(text[at]) && at < text.length) at += 1; };
  const string = () => {
    const from = at;
    at = stringEnd(text, at).end;
    return { type: "string", from, to: at, value: JSON.parse(text.slice(from, at)) };
  };
  const value = () => {
    skip();
    const from = at;
    if (text[at] === '"') return string();
    if (text[at] === "{" || text[at] === "[") {
      const isObject = text[at] === "{";
      const children = [];
      at += 1;
      for (skip(); !"]}".includes(text[at]); skip()) {
        if (text[at] === ",") at += 1;
        skip();
        if (!isObject) children.push(value());
        else {
          const key = string();
          skip();
          at += 1;
          const held = value();
          children.push({ key, value: held, from: key.from, to: held.to });
        }
      }
      at += 1;
      return isObject
        ? { type: "object", from, to: at, members: children }
        : { type: "array", from, to: at, items: children };
    }
    while (at < text.length && !",]} \t\r\n".includes(text[at])) at += 1;
    return { type: "other", from, to: at, value: JSON.parse(text.slice(from, at)) };
  };
  return value();
}

// Where a position is: `path` of names and indices, `isKey` where a name is written, `string` the one around the
// position ({from, to} without quotes, `isClosed`), `keys` and `values` of the surrounding object or list, and
// `statement`, the extent of the statement around it.
export function contextAt(text, position) {
  const stack = [];
  let string = null;
  let found = null;
  const top = () => stack.at(-1);
  const capture = () => {
    const frame = top();
    const path = stack.map((each) => (each.kind === "array" ? each.index : each.key));
    const isKey = frame?.kind === "object" && frame.expectsKey;
    if (isKey) path.pop();
    const depth = stack[1]?.kind === "array" ? 2 : 1;
    const statement = stack[0]?.key === "Statement" && stack[depth]?.kind === "object" ? stack[depth] : null;
    found = { path, isKey, string, frame, statement };
  };
  let at = 0;
  while (at < text.length) {
    if (!found && at >= position) capture();
    const char = text[at];
    const frame = top();
    if (char === '"') {
      const { end, isClosed } = stringEnd(text, at);
      const isHere = !found && position > at && (position < end || (!isClosed && position === end));
      const name = unquoted(text.slice(at, end));
      if (isHere) {
        string = { from: at + 1, to: isClosed ? end - 1 : end, isClosed };
        capture();
      } else if (frame?.kind === "object" && frame.expectsKey) {
        frame.keys.push(name);
      } else {
        frame?.values.push(name);
      }
      if (frame?.kind === "object" && frame.expectsKey) frame.key = name;
      at = end;
      continue;
    }
    if (char === "{" || char === "[") {
      stack.push({ kind: char === "{" ? "object" : "array", from: at, to: text.length, key: null, index: 0, expectsKey: char === "{", keys: [], values: [] });
    } else if (char === "}" || char === "]") {
      const closed = stack.pop();
      if (closed) closed.to = at + 1;
    } else if (char === ":" && frame) frame.expectsKey = false;
    else if (char === "," && frame) {
      frame.index += 1;
      frame.expectsKey = frame.kind === "object";
    }
    at += 1;
  }
  if (!found) capture();
  return {
    path: found.path,
    isKey: Boolean(found.isKey),
    string: found.string,
    keys: found.frame?.keys ?? [],
    values: found.frame?.values ?? [],
    statement: found.statement && { from: found.statement.from, to: found.statement.to },
  };
}
