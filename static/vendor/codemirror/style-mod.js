// Stands in for style-mod's mounting: CodeMirror's rules go into adopted style sheets, which a strict CSP allows, and
// into the layer `vendor`, so that static/css/ has the last word.
import { StyleModule as Original } from "./node_modules/style-mod/src/style-mod.js";

const mounted = new WeakMap();

export class StyleModule extends Original {
  static mount(root, modules) {
    let known = mounted.get(root);
    if (!known) mounted.set(root, (known = []));
    const list = Array.isArray(modules) ? modules : [modules];
    const missing = list.filter((module) => !known.includes(module));
    if (!missing.length) return;
    known.push(...missing);
    const sheets = missing.map((module) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`@layer vendor {\n${module.getRules()}\n}`);
      return sheet;
    });
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
  }
}
