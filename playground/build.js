// Bundles the playground into dist/, which the program embeds when it is compiled: the page, its script and style, and
// the editor's workers, each under a name that changes with its content, and compressed.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const dist = new URL("dist/", import.meta.url);
const served = "/graphql/playground/";

const common = {
  bundle: true,
  minify: true,
  outdir: dist.pathname,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: served,
  target: "es2022",
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
};

/** The folders of the packages of which something is bundled. */
const packages = new Set();

/** The names under which these entry points are served. */
async function bundle(options) {
  const { metafile } = await build({ ...common, ...options });
  for (const input of Object.keys(metafile.inputs)) {
    const [folder] = input.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/) ?? [];
    if (folder) packages.add(folder);
  }
  const outputs = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint);
  return Object.fromEntries(outputs.map(([path, output]) => [basename(output.entryPoint), {
    script: served + basename(path),
    style: output.cssBundle && served + basename(output.cssBundle),
  }]));
}

await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (name !== "README.md") await rm(new URL(name, dist));
}

const workers = await bundle({
  entryPoints: [
    "monaco-editor/esm/vs/editor/editor.worker.js",
    "monaco-editor/esm/vs/language/json/json.worker.js",
    "monaco-graphql/esm/graphql.worker.js",
  ],
  format: "iife",
});

const { "playground.jsx": { script, style } } = await bundle({
  entryPoints: ["src/playground.jsx"],
  format: "esm",
  jsx: "automatic",
  loader: { ".ttf": "file" },
  define: {
    "process.env.NODE_ENV": '"production"',
    WORKERS: JSON.stringify({
      editor: workers["editor.worker.js"].script,
      json: workers["json.worker.js"].script,
      graphql: workers["graphql.worker.js"].script,
    }),
  },
});

const page = await readFile(new URL("src/index.html", import.meta.url), "utf8");
await writeFile(new URL("index.html", dist), page.replace("SCRIPT", script).replace("STYLE", style));

// The notices that the licences of the packages ask for.
const notices = [];
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, "utf8")));
  notices.push([`${name} ${version} (${license})`, ...texts].join("\n\n"));
}
await writeFile(new URL("licenses.txt", dist), notices.join(`\n\n${"=".repeat(80)}\n`));

let size = 0;
for (const name of await readdir(dist)) {
  if (name === "README.md") continue;
  const file = new URL(name, dist);
  const compressed = gzipSync(await readFile(file), { level: 9 });
  size += compressed.length;
  await writeFile(new URL(`${name}.gz`, dist), compressed);
  await rm(file);
}
console.log(`the playground: ${Math.round(size / 1024)} KiB, compressed`);
