// Builds src/ into evenflow/reports/bundle/: one script, one style sheet. The first line of the
// script carries a digest of all sources, so that a test can tell whether it is up to date.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const out = new URL("../evenflow/reports/bundle/", here);
const names = ["package-lock.json", "build.mjs", "tsconfig.json"];
for (const name of readdirSync(new URL("src/", here)).sort()) names.push(`src/${name}`);
const hash = createHash("sha256");
for (const name of names.sort()) hash.update(`${name}\n`).update(readFileSync(new URL(name, here)));

mkdirSync(out, { recursive: true });
const shared = {
  absWorkingDir: new URL(".", here).pathname,
  bundle: true,
  minify: true,
  charset: "ascii",
  target: ["es2022"],
  legalComments: "none",
  logLevel: "info",
};
const notice =
  `/* evenflow web ${hash.digest("hex")} */\n` +
  "/* Lit: Copyright Google LLC, BSD-3-Clause. uPlot: Copyright (c) Leon Sorokin, MIT. See NOTICE. */";
await build({
  ...shared,
  entryPoints: ["src/index.ts"],
  outfile: new URL("evenflow.js", out).pathname,
  format: "iife",
  loader: { ".css": "text" },
  banner: { js: notice },
});
await build({ ...shared, entryPoints: ["src/page.css"], outfile: new URL("evenflow.css", out).pathname });

// What is bundled keeps its license with it.
const bundled = ["lit", "lit-html", "lit-element", "@lit/reactive-element", "uplot"];
const licenses = bundled.map((name) => {
  const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, here)));
  return `${name} ${version}\n\n${readFileSync(new URL(`node_modules/${name}/LICENSE`, here), "utf8").trim()}\n`;
});
writeFileSync(new URL("LICENSES.txt", out), licenses.join(`\n${"-".repeat(78)}\n\n`));
