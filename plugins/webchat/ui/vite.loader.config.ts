import { defineConfig } from "vite";

/**
 * What a customer's page loads, under stable names beside the frame's files: the loader, a classic
 * script, and the panel, a module that the loader imports when it is first needed.
 */
export default defineConfig(({ mode }) => ({
  build: {
    target: "es2022",
    emptyOutDir: false,
    outDir: "dist",
    lib:
      mode === "panel"
        ? { entry: "src/loader/panel.ts", formats: ["es"], fileName: () => "panel.js" }
        : { entry: "src/loader/main.ts", formats: ["iife"], name: "patchbayLoader", fileName: () => "loader.js" },
  },
}));
