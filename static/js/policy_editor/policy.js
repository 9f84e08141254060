// A policy document as the panel sees it: statements with their elements.
import { parse } from "./json.js";

export function member(object, name) {
  return object?.type === "object" ? (object.members.findLast((each) => each.key.value === name) ?? null) : null;
}

// The strings of a node that is one or a list of them, each with its node.
export function strings(node) {
  const nodes = node?.type === "array" ? node.items : node ? [node] : [];
  return nodes.filter((each) => each.type === "string");
}

// The element of two that a statement has: Action or NotAction.
export function element(statement, name) {
  return member(statement.node, name) ?? member(statement.node, `Not${name}`);
}

export function actionsOf(statement) {
  return strings(element(statement, "Action")?.value).map((each) => each.value);
}

// Conditions one by one: operator, key, their members.
export function conditionsOf(statement) {
  const block = member(statement.node, "Condition")?.value;
  if (block?.type !== "object") return [];
  return block.members.flatMap((operator) =>
    operator.value.type === "object" ? operator.value.members.map((key) => ({ block, operator, key })) : []);
}

// Principals one by one: kind, value and where they stand.
export function principalsOf(statement) {
  const found = element(statement, "Principal");
  if (!found) return [];
  if (found.value.type === "string") return [{ kind: "AWS", node: found.value, holder: null, element: found }];
  if (found.value.type !== "object") return [];
  return found.value.members.flatMap((kind) =>
    strings(kind.value).map((node) => ({ kind: kind.key.value, node, holder: kind, element: found })));
}

export function read(text) {
  const root = parse(text);
  const list = member(root, "Statement")?.value;
  const nodes = list?.type === "array" ? list.items : list ? [list] : [];
  const statements = nodes
    .filter((node) => node.type === "object")
    .map((node) => ({ node, from: node.from, to: node.to, index: nodes.indexOf(node), sid: member(node, "Sid")?.value.value ?? "" }));
  return { root, list, statements, isValid: root !== null };
}

// The statement that a position is in; the one before it between two of them.
export function statementAt(policy, position) {
  return policy.statements.findLast((each) => each.from <= position) ?? policy.statements[0] ?? null;
}
