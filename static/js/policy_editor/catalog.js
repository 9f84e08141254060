// What the server knows: services, actions, resources, keys, principals. Each question is asked once.
export class Catalog {
  constructor(urls) {
    this.urls = urls;
    this.answers = new Map();
  }

  ask(name, parameters = []) {
    const query = new URLSearchParams(parameters).toString();
    const url = `${this.urls[name]}?${query}`;
    if (!this.answers.has(url)) {
      const answer = fetch(url, { headers: { Accept: "application/json" }, redirect: "error" }).then((response) => {
        if (!response.ok) throw new Error(`${url} answered ${response.status}`);
        return response.json();
      });
      // What could not be read is asked again the next time.
      answer.catch(() => this.answers.delete(url));
      this.answers.set(url, answer);
    }
    return this.answers.get(url);
  }

  language() {
    return this.ask("language");
  }

  actions(service) {
    return this.ask("actions", [["service", service.toLowerCase()]]);
  }

  resources(actions) {
    return this.ask("resources", asParameters(actions));
  }

  keys(actions) {
    return this.ask("keys", asParameters(actions));
  }

  principals(kind, text = "") {
    return this.ask("principals", [["kind", kind], ["q", text.slice(0, 64)]]);
  }
}

function asParameters(actions) {
  return [...new Set(actions)].sort().slice(0, 50).map((action) => ["action", action]);
}
