import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type UserConfig } from "vite";

const server = process.env["PATCHBAY_SERVER"] ?? "http://127.0.0.1:8080";
const mocked = process.env["PATCHBAY_MOCK"] === "1";

export default defineConfig(async (): Promise<UserConfig> => ({
  // `npm run mock`: the console against a server in memory, for work on its looks.
  plugins: [vue(), mocked ? (await import("./dev/mock.ts")).mockServer() : undefined],
  define: {
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // The content security policy has no room for inlined scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    // One style sheet: a part that is fetched later never waits for, or goes without, its looks.
    cssCodeSplit: false,
    manifest: "manifest.json",
  },
  worker: { format: "es" },
  server: {
    proxy: mocked ? undefined : { "/api": { target: server, ws: true, changeOrigin: true }, "/w": server, "/demo": server },
  },
}));
