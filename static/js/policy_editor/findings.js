// Findings while somebody types: asked at each pause, shown as marks in the text and in the panel of four tabs.
import { placeOf, showMarks } from "./marks.js";

// With the way to the server and back this stays below the 150 ms in which an answer feels immediate.
const PAUSE = 80;

export class Findings {
  constructor({ panel, url, token, parameters }) {
    this.panel = panel;
    this.url = url;
    this.token = token;
    this.parameters = parameters;
    this.body = panel.querySelector("[data-findings]");
    this.tabs = [...panel.querySelectorAll("[role=tab]")];
    this.icons = Object.fromEntries(this.tabs.map((tab) => [tab.dataset.tab, tab.querySelector("svg")]));
    this.findings = [];
    this.hasChosen = false;
    this.listen();
  }

  listen() {
    this.panel.addEventListener("click", (event) => {
      const tab = event.target.closest("[role=tab]");
      if (tab) this.choose(tab.dataset.tab);
      const finding = this.findings.find(({ row }) => row.contains(event.target));
      if (finding && event.target.closest("[data-go]")) this.goTo(finding);
      const fix = event.target.closest("[data-edits]");
      if (finding && fix) this.fix(JSON.parse(fix.dataset.edits));
    });
    this.panel.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1 };
      const now = this.tabs.indexOf(event.target);
      const next = { Home: 0, End: this.tabs.length - 1 }[event.key] ?? (now + steps[event.key] + this.tabs.length) % this.tabs.length;
      if (Number.isNaN(next) || now < 0) return;
      event.preventDefault();
      this.choose(this.tabs[next].dataset.tab);
      this.tabs[next].focus();
    });
  }

  choose(name) {
    this.hasChosen = true;
    this.select(name);
  }

  select(name) {
    for (const tab of this.tabs) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    const chosen = this.tabs.find((tab) => tab.dataset.tab === name);
    this.body.setAttribute("aria-labelledby", chosen.id);
    for (const section of this.body.querySelectorAll("[data-tab]")) section.hidden = section.dataset.tab !== name;
  }

  get chosen() {
    return this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.tab;
  }

  // A mark in the text leads to its row.
  reveal(finding) {
    this.choose(finding.type);
    finding.row.querySelector("[data-go]").focus();
  }

  attach(view) {
    this.view = view;
    this.ask();
  }

  schedule() {
    this.panel.setAttribute("aria-busy", "true");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  stop() {
    clearTimeout(this.timer);
    this.isStopped = true;
  }

  // One question at a time: what was typed meanwhile is asked when the answer is there, which is then void.
  async ask() {
    if (this.isAsking) {
      this.isStale = true;
      return;
    }
    this.isAsking = true;
    this.isStale = false;
    const { doc } = this.view.state;
    const html = await this.read(doc.toString());
    this.isAsking = false;
    if (this.isStopped) return;
    if (this.isStale || this.view.state.doc !== doc) this.ask();
    else this.show(html, doc);
  }

  async read(text) {
    const body = new URLSearchParams({ document: text, ...this.parameters });
    try {
      const response = await fetch(this.url, { method: "POST", body, headers: { "X-CSRFToken": this.token }, redirect: "error" });
      return response.ok ? await response.text() : null;
    } catch {
      return null;
    }
  }

  show(html, doc) {
    this.panel.removeAttribute("aria-busy");
    this.panel.querySelector("[data-findings-failed]").hidden = html !== null;
    if (html === null) return;
    const focused = this.body.contains(document.activeElement) && !document.activeElement.matches("[role=tabpanel]");
    this.body.innerHTML = html;
    this.judged = doc;
    this.findings = [...this.body.querySelectorAll("[data-ranges]")].map((row) => ({
      row,
      type: row.closest("[data-tab]").dataset.tab,
      ranges: JSON.parse(row.dataset.ranges),
      title: row.querySelector("strong").textContent,
      message: row.querySelector("p").firstChild.textContent.trim(),
    }));
    this.count();
    if (!this.hasChosen) this.select(["error", "security", "warning", "suggestion"].find((name) => this.number(name)) ?? "error");
    else this.select(this.chosen);
    if (focused) this.body.focus();
    showMarks(this.view, this.findings);
  }

  number(name) {
    return Number(this.body.querySelector(`[data-tab="${name}"]`)?.dataset.count ?? 0);
  }

  count() {
    const words = [];
    for (const tab of this.tabs) {
      const number = this.number(tab.dataset.tab);
      tab.querySelector(".counter").textContent = `(${number})`;
      tab.querySelector("svg").classList.toggle("muted", !number);
      if (number) words.push(`${number} ${number === 1 ? tab.dataset.one : tab.dataset.many}`);
    }
    const summary = words.join(", ") || "No findings";
    const live = document.getElementById("live");
    if (live && this.summary !== undefined && this.summary !== summary) live.textContent = summary;
    this.summary = summary;
  }

  goTo(finding) {
    const place = placeOf(this.view.state, finding);
    if (!place) return;
    this.view.dispatch({ selection: { anchor: place.from, head: place.to }, scrollIntoView: true });
    this.view.focus();
  }

  // The edits are about the text that was judged; a newer one gets its own in a moment.
  fix(edits) {
    if (this.view.state.doc !== this.judged) return;
    this.view.dispatch({
      changes: edits.map(([from, to, insert]) => ({ from, to, insert })),
      scrollIntoView: true,
      userEvent: "input.fix",
    });
    this.body.focus();
  }
}
