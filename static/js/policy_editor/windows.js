// The windows of the statement panel: Add principal, Add resource, Add condition.
import { actionsOf } from "./policy.js";

const PLACEHOLDER = /(?<!\$)\{[^}]*\}/g;

// A dialog outside of the page's form, so that its fields are not sent and Enter means its own button.
class Window {
  constructor(name, part) {
    this.opener = document.activeElement;
    this.dialog = part(name);
    this.find = (field) => this.dialog.querySelector(`[data-${field}]`);
    this.dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.dialog.addEventListener("close", () => {
      this.dialog.remove();
      this.opener?.focus();
    });
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.dialog.querySelector("select, input").focus();
  }

  refuse(field, message) {
    const control = this.find(field);
    const error = this.find(`${field}-error`);
    error.hidden = false;
    error.querySelector("span").textContent = message;
    control.setAttribute("aria-invalid", "true");
    control.focus();
  }

  accept(field) {
    this.find(field).removeAttribute("aria-invalid");
    this.find(`${field}-error`).hidden = true;
  }

  // The trimmed value of a field, or null with the reason below it.
  valueOf(field, what) {
    const value = this.find(field).value.trim();
    const open = value.match(PLACEHOLDER);
    if (value && !open) return value;
    this.refuse(field, open ? `Replace ${open.join(" and ")}.` : `Enter ${what}.`);
    return null;
  }
}

function fill(list, values) {
  list.replaceChildren(...values.map((value) => new Option(value, value)));
}

export class PrincipalWindow extends Window {
  constructor({ part, catalog, add }) {
    super("principal", part);
    this.catalog = catalog;
    this.add = add;
    this.services = [...this.find("options").children].map((each) => each.value);
    this.find("type").addEventListener("change", () => this.choose());
    this.find("arn").addEventListener("input", () => {
      this.accept("arn");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.suggest(), 150);
    });
    this.choose();
  }

  get type() {
    return this.find("type").selectedOptions[0];
  }

  choose() {
    const { kind, template, listed } = this.type.dataset;
    const isEveryone = template === "*";
    const arn = this.find("arn");
    this.accept("arn");
    arn.value = isEveryone ? "*" : "";
    arn.readOnly = isEveryone;
    this.find("arn-template").textContent = template;
    this.find("arn-help").textContent = this.type.dataset.help;
    this.find("kept").hidden = !(listed === "user" || listed === "role");
    this.find("kept-kind").textContent = listed === "role" ? "role" : "user";
    this.find("refusal").hidden = true;
    fill(this.find("options"), kind === "Service" ? this.services : []);
    this.suggest();
  }

  async suggest() {
    const { listed } = this.type.dataset;
    if (!listed) return;
    const typed = this.find("arn").value.split("/").at(-1);
    const text = typed.includes(":") ? "" : typed;
    const { principals, refusal } = await this.catalog.principals(listed, text).catch(() => ({ principals: [] }));
    if (this.type.dataset.listed !== listed) return;
    fill(this.find("options"), principals);
    this.find("refusal").hidden = !refusal;
    this.find("refusal").textContent = refusal ?? "";
  }

  submit() {
    const value = this.valueOf("arn", "an ARN");
    if (value === null) return;
    this.add(this.type.dataset.kind, value);
    this.dialog.close();
  }
}

export class ResourceWindow extends Window {
  constructor({ part, catalog, statement, add }) {
    super("resource", part);
    this.catalog = catalog;
    this.add = add;
    this.actions = actionsOf(statement);
    this.find("resource-service").addEventListener("change", () => this.chooseService());
    this.find("resource-type").addEventListener("change", () => this.chooseType());
    this.find("arn").addEventListener("input", () => this.accept("arn"));
    this.load();
  }

  async load() {
    const [{ services }, { resources }] = await Promise.all([this.catalog.language(), this.catalog.resources(this.actions)]);
    const names = new Map(services);
    this.resources = grouped(resources);
    const own = [...new Set(this.actions.map((action) => action.split(":")[0].toLowerCase()))].filter((prefix) => names.has(prefix));
    const offered = own.length ? own : services.map(([prefix]) => prefix);
    this.find("resource-service").replaceChildren(
      ...offered.map((prefix) => new Option(names.get(prefix), prefix)).sort((first, second) => first.text.localeCompare(second.text)));
    await this.chooseService();
  }

  async chooseService() {
    const service = this.find("resource-service").value;
    const types = this.resources.get(service)
      ?? (await this.catalog.actions(service)).resources.map(([kind, arn]) => [service, kind, arn.replace("${Partition}", "aws")]);
    this.find("resource-type").replaceChildren(
      ...types.map(([, kind, arn]) => new Option(kind, arn.replaceAll(/\$\{(\w+)\}/g, "{$1}"))), new Option("All resources", "*"));
    this.chooseType();
  }

  chooseType() {
    const template = this.find("resource-type").value;
    this.accept("arn");
    this.find("arn").value = template;
    this.find("arn-template").textContent = template;
  }

  submit() {
    const value = this.valueOf("arn", "an ARN, or * for all resources");
    if (value === null) return;
    this.add(value);
    this.dialog.close();
  }
}

function grouped(resources) {
  const groups = new Map();
  for (const row of resources) groups.set(row[0], [...(groups.get(row[0]) ?? []), row]);
  return groups;
}

export class ConditionWindow extends Window {
  constructor({ part, catalog, statement, add }) {
    super("condition", part);
    this.catalog = catalog;
    this.add = add;
    this.find("key").addEventListener("input", () => {
      this.accept("key");
      this.offerOperators();
    });
    this.find("values").addEventListener("input", () => this.accept("values"));
    this.find("operator").addEventListener("change", () => this.chooseOperator());
    this.load(actionsOf(statement));
  }

  async load(actions) {
    const [{ keys }, { operators }] = await Promise.all([this.catalog.keys(actions), this.catalog.language()]);
    this.keys = new Map(keys.map((row) => [row[0].toLowerCase(), row]));
    this.operators = operators;
    fill(this.find("keys"), keys.map(([name]) => name.replace(/\$\{\w+\}|<\w+>/, "{TagKey}")));
    this.offerOperators();
  }

  offerOperators() {
    const name = this.find("key").value.trim().toLowerCase();
    const family = name.includes("/") ? [...this.keys.keys()].find((key) => key.startsWith(`${name.split("/")[0]}/`)) : null;
    const [, type, isMany, description] = this.keys.get(name) ?? this.keys.get(family) ?? [];
    const offered = this.operators[type] ?? [...new Set(Object.values(this.operators).flat())];
    const before = this.find("operator").value;
    fill(this.find("operator"), offered);
    if (offered.includes(before)) this.find("operator").value = before;
    this.find("qualifier").value = isMany ? this.find("qualifier").value || "ForAnyValue:" : "";
    this.find("description").textContent = description ? `${description}.` : "";
    this.chooseOperator();
  }

  chooseOperator() {
    const isNull = this.find("operator").value === "Null";
    this.find("if-exists").disabled = isNull;
    if (isNull) this.find("if-exists").checked = false;
  }

  submit() {
    const key = this.valueOf("key", "a condition key");
    if (key === null) return;
    const values = this.find("values").value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!values.length) {
      this.refuse("values", "Enter at least one value.");
      return;
    }
    const operator = this.find("operator").value;
    this.add(this.find("qualifier").value + operator + (this.find("if-exists").checked ? "IfExists" : ""), key, values);
    this.dialog.close();
  }
}
