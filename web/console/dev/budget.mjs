// The first load of the console: the code a browser fetches before the list of conversations shows.
// Fails the build over the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250 * 1024;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
const first = ["index.html", "src/shell/Shell.vue", "src/conversations/ConversationsPage.vue"];

const files = new Set();
function take(name) {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the manifest does not know ${name}`);
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const imported of chunk.imports ?? []) take(imported);
}
first.forEach(take);

const size = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
console.log(`console first load: ${kilobytes(size)} gzip in ${files.size} files, budget ${kilobytes(BUDGET)}`);
if (size > BUDGET) process.exit(1);
