import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The service worker: one file with a name that stays, beside the console. */
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  publicDir: false,
  json: { stringify: false },
  build: {
    target: "es2022",
    emptyOutDir: false,
    lib: { entry: fileURLToPath(new URL("./src/worker/worker.ts", import.meta.url)), formats: ["iife"], name: "worker", fileName: () => "service-worker.js" },
  },
});
