// Members' consoles without their looks, in Node: bundles desk.ts and opens many of them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import WebSocket from "ws";

export { WebSocket };

const root = resolve(import.meta.dirname, "..");

/** Opens a socket as a browser with this session would. */
function connect(url, cookie) {
  const socket = new WebSocket(url, { headers: { cookie, origin: new URL(url.replace(/^ws/, "http")).origin } });
  socket.on("error", () => {}); // the close that follows says it
  return socket;
}

/** The class of a desk, with `connect` filled in. */
export async function deskClass() {
  const out = await mkdtemp(join(tmpdir(), "patchbay-desk-"));
  try {
    await build({
      root,
      configFile: false,
      logLevel: "error",
      resolve: { alias: { "@": join(root, "src") } },
      ssr: { noExternal: true },
      build: { ssr: join(root, "dev/desk.ts"), outDir: out, emptyOutDir: false, rollupOptions: { output: { entryFileNames: "desk.mjs" } } },
    });
    const { Desk } = await import(pathToFileURL(join(out, "desk.mjs")).href);
    return class extends Desk {
      constructor(options) {
        super({ ...options, connect });
      }
    };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
