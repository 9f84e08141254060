// The panel beside the text: edits the statement that the cursor is in.
import { ActionChooser } from "./actions.js";
import * as changes from "./changes.js";
import { conditionsOf, element, member, principalsOf, strings } from "./policy.js";
import { currentStatement, policyField } from "./view.js";
import { ConditionWindow, PrincipalWindow, ResourceWindow } from "./windows.js";

function shortPrincipal({ kind, node }) {
  return `${kind}: ${node.value.replace(/^arn:[^:]*:(iam|sts)::/, "").replace(/^\d{12}:(?=(user|role)\/)/, "")}`;
}

function valuesOf(node) {
  return (node.type === "array" ? node.items : [node]).map((each) => String(each.value)).join(", ");
}

export class Panel {
  constructor({ element: panel, part, catalog, policyType, frame }) {
    this.element = panel;
    this.part = part;
    this.catalog = catalog;
    this.policyType = policyType;
    this.frame = frame;
    this.find = (name) => panel.querySelector(`[data-${name}]`);
    this.chooser = new ActionChooser({ root: panel, part, catalog, fixed: policyType === "trust" ? "sts" : "", toggle: (...given) => this.toggleAction(...given) });
    panel.addEventListener("click", (event) => this.click(event));
    // The form around the editor is not what Enter in these fields means.
    panel.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
  }

  attach(view) {
    this.view = view;
    this.follow(view.state);
  }

  get text() {
    return this.view.state.doc.toString();
  }

  get statement() {
    return currentStatement(this.view.state);
  }

  follow(state) {
    const policy = state.field(policyField);
    const statement = currentStatement(state);
    this.find("broken").hidden = policy.isValid;
    this.find("none").hidden = !policy.isValid || statement !== null;
    this.find("statement").hidden = statement === null;
    if (!statement) return;
    this.find("title").textContent = statement.sid || `Statement ${statement.index + 1}`;
    this.chooser.show(statement);
    this.showTokens("principals", principalsOf(statement).map((each) => [shortPrincipal(each), () => this.removePrincipal(each)]));
    const resources = element(statement, "Resource");
    this.showTokens("resources", strings(resources?.value).map((node) =>
      [node.value === "*" ? "All resources (*)" : node.value, () => this.change(changes.removeString(resources.value, node))]));
    this.showTokens("conditions", conditionsOf(statement).map((each) =>
      [`${each.key.key.value} ${each.operator.key.value} ${valuesOf(each.key.value)}`, () => this.removeCondition(each)]));
  }

  showTokens(name, tokens) {
    const list = this.find(name);
    if (!list) return;
    const labels = JSON.stringify(tokens.map(([label]) => label));
    list.hidden = !tokens.length;
    this.removals = { ...this.removals, [name]: tokens.map(([, remove]) => remove) };
    if (list.dataset.labels === labels) return;
    list.dataset.labels = labels;
    list.replaceChildren(...tokens.map(([label]) => {
      const token = this.part("token");
      token.querySelector("span").textContent = label;
      token.querySelector("button").setAttribute("aria-label", `Remove ${label}`);
      return token;
    }));
  }

  click(event) {
    const token = event.target.closest(".token button");
    if (token) {
      const list = token.closest("ul");
      const [name] = ["principals", "resources", "conditions"].filter((each) => this.find(each) === list);
      const section = list.closest("section");
      this.removals[name][[...list.children].indexOf(token.closest("li"))]();
      section.querySelector("[data-add]").focus();
      return;
    }
    const add = event.target.closest("[data-add]");
    if (add) this.open(add.dataset.add);
    else if (event.target.closest("[data-remove]")) this.removeStatement();
  }

  open(name) {
    const { part, catalog, statement } = this;
    const windows = {
      principal: () => new PrincipalWindow({ part, catalog, add: (kind, value) => this.addPrincipal(kind, value) }),
      resource: () => new ResourceWindow({ part, catalog, statement, add: (arn) => this.addString("Resource", arn) }),
      condition: () => new ConditionWindow({ part, catalog, statement, add: (...given) => this.addCondition(...given) }),
    };
    windows[name]().open();
  }

  // One step of undo each.
  change(change) {
    this.view.dispatch({ changes: change, userEvent: "input.panel" });
  }

  toggleAction(action, isOn) {
    if (isOn) {
      this.addString("Action", action);
      return;
    }
    const found = element(this.statement, "Action");
    const node = strings(found?.value).find((each) => each.value.toLowerCase() === action.toLowerCase());
    if (node) this.change(changes.removeString(found.value, node));
  }

  addString(name, value) {
    const { statement, text } = this;
    const found = element(statement, name);
    if (!found) this.change(changes.addMember(text, statement.node, name, value));
    else if (!strings(found.value).some((node) => node.value === value)) this.change(changes.addItem(text, found.value, value, statement.node));
  }

  addPrincipal(kind, value) {
    const { statement, text } = this;
    const found = element(statement, "Principal");
    if (!found) {
      this.change(changes.addMember(text, statement.node, "Principal", { [kind]: value }));
    } else if (found.value.type !== "object") {
      const insert = `{${changes.quoted(kind)}: ${changes.quoted(value)}}`;
      this.change({ from: found.value.from, to: found.value.to, insert });
    } else {
      const held = member(found.value, kind);
      if (!held) this.change(changes.addMember(text, found.value, kind, value));
      else if (!strings(held.value).some((node) => node.value === value)) this.change(changes.addItem(text, held.value, value, statement.node));
    }
  }

  removePrincipal({ node, holder, element: found }) {
    if (!holder) this.change({ from: found.value.from, to: found.value.to, insert: "{}" });
    else if (holder.value.type === "array" && holder.value.items.length > 1) this.change(changes.remove(holder.value, node));
    else if (found.value.members.length > 1) this.change(changes.remove(found.value, holder));
    else this.change({ from: found.value.from, to: found.value.to, insert: "{}" });
  }

  addCondition(operator, key, values) {
    const { statement, text } = this;
    const value = values.length === 1 ? values[0] : values;
    const block = member(statement.node, "Condition")?.value;
    const keys = member(block, operator)?.value;
    const held = member(keys, key)?.value;
    if (block?.type !== "object") this.change(changes.addMember(text, statement.node, "Condition", { [operator]: { [key]: value } }));
    else if (keys?.type !== "object") this.change(changes.addMember(text, block, operator, { [key]: value }));
    else if (!held) this.change(changes.addMember(text, keys, key, value));
    else for (const each of values) this.addConditionValue(operator, key, each);
  }

  addConditionValue(operator, key, value) {
    const held = member(member(member(this.statement.node, "Condition").value, operator).value, key).value;
    if (!strings(held).some((node) => node.value === value)) this.change(changes.addItem(this.text, held, value, this.statement.node));
  }

  removeCondition({ block, operator, key }) {
    if (operator.value.members.length > 1) this.change(changes.remove(operator.value, key));
    else if (block.members.length > 1) this.change(changes.remove(block, operator));
    else this.change(changes.remove(this.statement.node, member(this.statement.node, "Condition")));
  }

  removeStatement() {
    const { list } = this.view.state.field(policyField);
    const { node } = this.statement;
    this.change(list.type === "array" ? changes.remove(list, node) : { from: list.from, to: list.to, insert: "[]" });
    this.view.focus();
  }
}
