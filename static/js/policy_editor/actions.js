// Choosing actions: a service, its actions by access level, each a check box that edits the text.
import { actionsOf } from "./policy.js";

const LEVELS = ["List", "Read", "Tagging", "Write", "Permissions management"];

function covers(pattern, action) {
  if (!/[*?]/.test(pattern)) return false;
  const expression = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "i").test(action);
}

function setBox(box, isOn, coveredBy) {
  box.checked = isOn || Boolean(coveredBy);
  box.disabled = Boolean(coveredBy);
  box.closest("label").title = coveredBy ? `Covered by ${coveredBy}` : "";
}

export class ActionChooser {
  // `fixed` is the one service of a trust policy; `toggle(action, isOn)` edits the text.
  constructor({ root, part, catalog, fixed, toggle }) {
    this.part = part;
    this.catalog = catalog;
    this.fixed = fixed;
    this.toggle = toggle;
    this.select = root.querySelector("[data-service]");
    this.chooser = root.querySelector("[data-chooser]");
    this.filter = root.querySelector("[data-filter]");
    this.all = root.querySelector("[data-all]");
    this.levels = root.querySelector("[data-levels]");
    this.nothing = root.querySelector("[data-no-actions]");
    this.chosen = [];
    this.select?.addEventListener("change", () => this.load(this.select.value));
    this.filter.addEventListener("input", () => this.draw());
    root.addEventListener("change", (event) => {
      if (event.target === this.all) this.toggle(`${this.service}:*`, this.all.checked);
      else if (event.target.dataset.action) this.toggle(event.target.dataset.action, event.target.checked);
    });
  }

  show(statement) {
    this.chosen = actionsOf(statement);
    const services = [...new Set(this.chosen.map((action) => action.split(":")[0].toLowerCase()).filter((name) => /^[\w-]+$/.test(name)))];
    const isOther = statement.index !== this.index || (!this.service && services.length);
    this.index = statement.index;
    if (this.select) this.offerServices(services);
    if (this.fixed) {
      if (this.service !== this.fixed) this.load(this.fixed);
    } else if (isOther && !services.includes(this.service)) this.load(services[0] ?? "");
    this.mark();
  }

  async offerServices(own) {
    const { services } = await this.catalog.language().catch(() => ({ services: [] }));
    const names = new Map(services);
    const numbers = own.map((prefix) => this.chosen.filter((action) => action.toLowerCase().startsWith(`${prefix}:`)).length);
    const labels = own.map((prefix, index) => `${names.get(prefix) ?? prefix} (${numbers[index]} ${numbers[index] === 1 ? "action" : "actions"} chosen)`);
    const known = JSON.stringify(labels) + services.length;
    if (this.offered !== known) {
      this.offered = known;
      const groups = [["In this statement", own.map((prefix, index) => new Option(labels[index], prefix))],
        ["All services", services.filter(([prefix]) => !own.includes(prefix)).sort((first, second) => first[1].localeCompare(second[1])).map(([prefix, name]) => new Option(`${name} (${prefix})`, prefix))]];
      this.select.replaceChildren(new Option("Choose a service…", ""), ...groups.filter(([, options]) => options.length).map(([label, options]) => {
        const group = document.createElement("optgroup");
        group.label = label;
        group.append(...options);
        return group;
      }));
    }
    this.select.value = this.service ?? "";
  }

  async load(service) {
    this.service = service;
    this.filter.value = "";
    if (this.select) this.select.value = service;
    this.chooser.hidden = !service;
    if (!service) return;
    const { actions } = await this.catalog.actions(service).catch(() => ({ actions: [] }));
    if (this.service !== service) return;
    this.actions = actions;
    this.all.nextElementSibling.textContent = `All actions (${service}:*)`;
    this.draw();
  }

  draw() {
    const wanted = this.filter.value.trim().toLowerCase();
    const found = (this.actions ?? []).filter(([name]) => name.toLowerCase().includes(wanted));
    this.nothing.hidden = found.length > 0 || !this.actions;
    const open = new Set([...this.levels.querySelectorAll("details[open]")].map((details) => details.dataset.level));
    this.levels.replaceChildren(...LEVELS.map((level) => {
      const own = found.filter(([, each]) => each === level);
      if (!own.length) return null;
      const group = this.part("level");
      group.dataset.level = level;
      group.querySelector("[data-name]").textContent = level;
      const fill = () => {
        const choices = group.querySelector(".choices");
        if (choices.children.length) return;
        choices.append(...own.map(([name, , description]) => {
          const choice = this.part("choice");
          choice.querySelector("span").textContent = name;
          Object.assign(choice.querySelector("input").dataset, { action: `${this.service}:${name}` });
          choice.querySelector("span").title = description;
          return choice;
        }));
        this.mark();
      };
      group.addEventListener("toggle", () => group.open && fill());
      group.open = Boolean(wanted) || open.has(level) || own.some(([name]) => this.chosen.some((action) => action.toLowerCase() === `${this.service}:${name}`.toLowerCase()));
      if (group.open) fill();
      return group;
    }).filter(Boolean));
    this.mark();
  }

  // What is in the text, and what a wildcard of the text covers.
  mark() {
    if (!this.service || !this.actions) return;
    const exact = new Set(this.chosen.map((action) => action.toLowerCase()));
    const wide = this.chosen.filter((action) => /[*?]/.test(action));
    const coverOf = (action) => (exact.has(action.toLowerCase()) ? "" : (wide.find((pattern) => covers(pattern, action)) ?? ""));
    setBox(this.all, exact.has(`${this.service}:*`), wide.find((pattern) => /^\*(:\*)?$/.test(pattern)) ?? "");
    for (const box of this.levels.querySelectorAll("[data-action]")) setBox(box, exact.has(box.dataset.action.toLowerCase()), coverOf(box.dataset.action));
    for (const group of this.levels.children) {
      const own = this.actions.filter(([, level]) => level === group.dataset.level).map(([name]) => `${this.service}:${name}`);
      const on = own.filter((action) => exact.has(action.toLowerCase()) || coverOf(action)).length;
      group.querySelector(".counter").textContent = `(${on} of ${own.length})`;
    }
  }
}
