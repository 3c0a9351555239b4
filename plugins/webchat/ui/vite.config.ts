import { defineConfig } from "vitest/config";

/** The frame: a page with hashed files. Paths are relative, the folder is served under /w/<inbox>/. */
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: "frame.html" },
  },
  test: { include: ["test/**/*.test.ts"] },
});
