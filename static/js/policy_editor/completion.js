// Type-ahead: what may stand at the cursor, from the catalogue and from this account.
import { pickedCompletion, snippet, startCompletion } from "../../vendor/codemirror.js";
import { contextAt, parse } from "./json.js";
import { actionsOf } from "./policy.js";

const ELEMENTS = {
  Version: '"2012-10-17"', Id: '""', Statement: "[]",
  Sid: '""', Effect: '"Allow"', Principal: "{}", NotPrincipal: "{}", Action: "[]", NotAction: "[]", Resource: "[]", NotResource: "[]", Condition: "{}",
};
const PARTNERS = [["Action", "NotAction"], ["Resource", "NotResource"], ["Principal", "NotPrincipal"]];
const STATEMENT_ELEMENTS = {
  identity: ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"],
  trust: ["Sid", "Effect", "Principal", "Action", "Condition"],
  resource: ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
};
const TRUST_ACTIONS = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "SetContext", "SetSourceIdentity", "TagSession"];
const PRINCIPAL_KINDS = { identity: [], trust: ["AWS", "Service", "Federated"], resource: ["AWS", "Service", "Federated", "CanonicalUser"] };
const QUALIFIERS = ["ForAllValues:", "ForAnyValue:"];

// Puts a whole string in the place of the one at the cursor; a name gets its colon and the value's skeleton.
function applyString(value, { isKey = false, skeleton = "", again = false } = {}) {
  return (view, completion, from) => {
    const text = view.state.doc;
    const { string } = contextAt(text.toString(), view.state.selection.main.head);
    const start = string ? string.from - 1 : from;
    const end = string ? string.to + (string.isClosed ? 1 : 0) : view.state.selection.main.head;
    const literal = JSON.stringify(value);
    const hasColon = /^\s*:/.test(text.sliceString(end, end + 100));
    const insert = isKey && !hasColon ? `${literal}: ${skeleton}` : literal;
    // Into the skeleton's brackets or quotes, or into the string that goes on.
    const inside = isKey && !hasColon ? /["[{](?=["\]}]$)/.test(insert) : again;
    view.dispatch({
      changes: { from: start, to: end, insert },
      selection: { anchor: start + insert.length - (inside ? 1 : 0) },
      annotations: pickedCompletion.of(completion),
      userEvent: "input.complete",
    });
    if (again) startCompletion(view);
  };
}

// An ARN with fields to fill in, one after the other by Tab.
function applyTemplate(template) {
  const fields = template.replaceAll(/\$\{(\w+)\}/g, (_, name) => `#{${name}}`);
  return (view, completion) => {
    const { string } = contextAt(view.state.doc.toString(), view.state.selection.main.head);
    const head = view.state.selection.main.head;
    const [from, to] = string ? [string.from, string.to] : [head, head];
    snippet(string ? fields : `"${fields}"`)(view, completion, from, to);
  };
}

function option(value, more = {}) {
  return { label: value, ...more };
}

export function completer({ catalog, policyType, servicePrincipals }) {
  const plain = (values, options = {}) => values.map((value) => option(value, { apply: applyString(value), ...options }));

  function elements(names, keys, section) {
    const free = names.filter((name) => !keys.includes(name) && !PARTNERS.some((pair) => pair.includes(name) && pair.some((each) => keys.includes(each))));
    return free.map((name) => option(name, { detail: section, apply: applyString(name, { isKey: true, skeleton: ELEMENTS[name] }) }));
  }

  async function actions(typed, values) {
    if (policyType === "trust") {
      return { options: plain(TRUST_ACTIONS.map((name) => `sts:${name}`).filter((name) => !values.includes(name))), valid: /^[\w:*]*$/ };
    }
    const [service, name] = typed.split(":");
    if (name === undefined) {
      const { services } = await catalog.language();
      const options = services.map(([prefix, label]) => option(`${prefix}:`, { detail: label, apply: applyString(`${prefix}:`, { again: true }) }));
      return { options: [...options, ...plain(["*"], { detail: "All actions of all services" })], valid: /^[\w*-]*$/ };
    }
    const { actions: found } = await catalog.actions(service);
    const written = name.replaceAll("*", "");
    const families = [...new Set(found.map(([each]) => /^[A-Z][a-z]+/.exec(each)?.[0]).filter(Boolean))];
    const wide = [`${service}:*`, ...families.map((family) => `${service}:${family}*`)];
    return {
      options: [
        ...found.map(([each, level, description]) => option(`${service}:${each}`, { detail: level, info: description, boost: 1, apply: applyString(`${service}:${each}`) })),
        ...wide.filter((each) => !values.includes(each)).map((each) => option(each, { detail: "Wildcard", boost: written ? -1 : 0, apply: applyString(each) })),
      ],
      valid: new RegExp(`^${service.replace(/[^\w-]/g, "")}:[\\w*]*$`, "i"),
    };
  }

  async function resources(statementActions) {
    const { resources: found } = await catalog.resources(statementActions);
    return {
      options: [
        ...found.map(([service, kind, arn]) => option(arn, { detail: `${service} ${kind}`, apply: applyTemplate(arn) })),
        ...plain(["*"], { detail: "All resources" }),
      ],
      valid: /^[^"]*$/,
    };
  }

  async function variables(statementActions) {
    const { keys } = await catalog.keys(statementActions);
    const names = keys.filter(([name, , isMany]) => name.startsWith("aws:") && !isMany).map(([name]) => name.replace("${TagKey}", "tag-key"));
    return names.map((name) => option(`\${${name}}`, { detail: "Variable", apply: `\${${name}}` }));
  }

  async function operators(keys) {
    const { operators: byType } = await catalog.language();
    const names = [...new Set(Object.values(byType).flat())];
    const all = [...names, ...names.filter((name) => name !== "Null").flatMap((name) => [`${name}IfExists`, ...QUALIFIERS.map((qualifier) => qualifier + name)])];
    return all.filter((name) => !keys.includes(name))
      .map((name) => option(name, { boost: /[:]|IfExists/.test(name) ? -1 : 0, apply: applyString(name, { isKey: true, skeleton: "{}" }) }));
  }

  async function conditionKeys(operator, statementActions, keys) {
    const [{ keys: found }, { operators: byType }] = await Promise.all([catalog.keys(statementActions), catalog.language()]);
    const base = operator.replace(/^.*:/, "").replace(/IfExists$/, "");
    const fits = (type) => byType[type]?.includes(base);
    return found.filter(([name]) => !keys.includes(name)).map(([name, type, isMany, description]) => option(name, {
      detail: isMany ? `${type}, several values` : type,
      info: description,
      boost: fits(type) ? 1 : -20,
      apply: name.includes("${") ? applyTemplate(name) : applyString(name, { isKey: true, skeleton: '""' }),
    }));
  }

  async function principals(kind) {
    if (kind === "Service") return plain(servicePrincipals);
    if (kind !== "AWS") return [];
    const [users, roles] = await Promise.all([catalog.principals("user"), catalog.principals("role")]);
    const root = `arn:aws:iam::${users.account}:root`;
    return [
      ...plain([root], { detail: "This account" }),
      ...plain(users.principals, { detail: "User" }),
      ...plain(roles.principals, { detail: "Role" }),
    ];
  }

  async function values(key) {
    const { keys } = await catalog.keys([]);
    const known = keys.find(([name]) => name.toLowerCase() === key.toLowerCase());
    if (known?.[1] === "Bool") return plain(["true", "false"]);
    return key.toLowerCase() === "aws:principalarn" ? principals("AWS") : [];
  }

  async function inStatement(path, where, typed, statementActions) {
    const [name, second, third] = path;
    if (!path.length) return where.isKey ? { options: elements(STATEMENT_ELEMENTS[policyType], where.keys, "Element") } : null;
    if (name === "Effect") return { options: plain(["Allow", "Deny"]) };
    if (name === "Action" || name === "NotAction") return actions(typed, where.values);
    if (name === "Resource" || name === "NotResource") return resources(statementActions);
    if (name === "Principal" || name === "NotPrincipal") {
      if (where.isKey) return { options: PRINCIPAL_KINDS[policyType].filter((kind) => !where.keys.includes(kind)).map((kind) => option(kind, { apply: applyString(kind, { isKey: true, skeleton: '""' }) })) };
      return { options: second ? await principals(second) : [], valid: /^[^"]*$/ };
    }
    if (name !== "Condition") return null;
    if (path.length === 1) return where.isKey ? { options: await operators(where.keys), valid: /^[\w:]*$/ } : null;
    if (path.length === 2 && where.isKey) return { options: await conditionKeys(second, statementActions, where.keys), valid: /^[^"]*$/ };
    return third ? { options: await values(third), valid: /^[^"]*$/ } : null;
  }

  function statementActionsAt(text, where) {
    if (!where.statement) return [];
    const own = text.slice(where.statement.from, where.statement.to);
    const node = parse(own);
    if (node) return actionsOf({ node });
    const written = /"(?:Not)?Action"\s*:\s*(\[[^\]]*\]?|"[^"]*")/.exec(own)?.[1] ?? "";
    return [...written.matchAll(/"([^"\n]*)"/g)].map(([, action]) => action);
  }

  return async (context) => {
    const text = context.state.doc.toString();
    const where = contextAt(text, context.pos);
    if (!where.string && !context.explicit) return null;
    const typed = where.string ? text.slice(where.string.from, context.pos) : "";
    const from = where.string ? where.string.from : context.pos;
    const statementActions = statementActionsAt(text, where);
    try {
      const variable = /\$\{[^}]*$/.exec(typed);
      if (variable && !where.isKey) return { from: from + variable.index, options: await variables(statementActions), validFor: /^\$\{[^"}]*$/ };
      const [first, ...rest] = where.path;
      let found = null;
      if (first === undefined) found = where.isKey ? { options: elements(["Version", "Id", "Statement"], where.keys, "Element") } : null;
      else if (first === "Version") found = { options: plain(["2012-10-17", "2008-10-17"]) };
      else if (first === "Statement") found = await inStatement(typeof rest[0] === "number" ? rest.slice(1) : rest, where, typed, statementActions);
      return found?.options.length ? { from, options: found.options, validFor: found.valid ?? /^\w*$/ } : null;
    } catch {
      // Without the catalogue there is nothing to offer; typing goes on.
      return null;
    }
  };
}
