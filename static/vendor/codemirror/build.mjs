// Writes ../codemirror.js and ../codemirror-LICENSE.txt. `make vendor` runs it on a copy of this folder with the packages
// of package-lock.json: build.mjs <where the two files go>.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const target = process.argv[2];
const result = await build({
  entryPoints: ["bundle.js"],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  alias: { "style-mod": "./style-mod.js" },
  banner: { js: "/* CodeMirror 6 and what it needs, MIT; see codemirror-LICENSE.txt. Made by `make vendor`. */" },
  outfile: join(target, "codemirror.js"),
});

const folders = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
  if (found) folders.add(found[0]);
}
const notices = [...folders].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no license file in ${dirname(folder)}`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
writeFileSync(join(target, "codemirror-LICENSE.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
