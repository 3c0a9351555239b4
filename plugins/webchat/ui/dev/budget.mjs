/** Weighs what a visitor downloads, gzip as a server sends it, and fails over the budget. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const LIMITS = { loader: 3 * 1024, frame: 45 * 1024 };

const files = (await readdir(DIST, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.replaceAll("//", "/"));
const total = { loader: 0, frame: 0 };
let language = 0; // a visitor loads one
for (const file of files.sort()) {
  const name = file.slice(DIST.length);
  const weight = gzipSync(await readFile(file), { level: 9 }).length;
  if (/^assets\/[a-z]{2}(-[A-Z]{2})?-/.test(name)) language = Math.max(language, weight);
  else total[name === "loader.js" ? "loader" : "frame"] += weight;
  console.log(`${String(weight).padStart(7)} B gzip  ${name}`);
}
total.frame += language;
if (!total.loader || !total.frame || !language) throw new Error("dist is incomplete: run npm run build first");
const over = Object.keys(LIMITS).filter((part) => total[part] > LIMITS[part]);
console.log(`widget budget: loader ${total.loader} of ${LIMITS.loader} B, frame ${total.frame} of ${LIMITS.frame} B gzip: ${over.length ? `over: ${over.join(", ")}` : "holds"}`);
process.exitCode = over.length ? 1 : 0;
