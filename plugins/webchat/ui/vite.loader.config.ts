import { defineConfig } from "vite";

/** The loader: one classic script with a stable name, beside the frame's files. */
export default defineConfig({
  build: {
    target: "es2022",
    emptyOutDir: false,
    outDir: "dist",
    lib: { entry: "src/loader/main.ts", formats: ["iife"], name: "patchbayLoader", fileName: () => "loader.js" },
  },
});
