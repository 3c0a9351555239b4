// One rule set for the console, the client, the widget and the browser tests.
// It looks for mistakes; layout is left to the author's editor.
import vue from "eslint-plugin-vue";
import tseslint from "typescript-eslint";
import vueParser from "vue-eslint-parser";

// Text from a customer is never markup: nothing may be parsed as HTML.
const markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({
  property,
  message: "Use text nodes: what a customer wrote must never become markup.",
}));

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "**/screenshots/**", "web/client/src/api/schema.ts"] },
  ...tseslint.configs.recommended,
  ...vue.configs["flat/essential"],
  {
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-properties": ["error", ...markup, { property: "write", object: "document" }],
      "no-restricted-syntax": ["error", { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: markup[0].message }],
      "no-var": "error",
      "prefer-const": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    ignores: ["**/*.config.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // A promise nobody waits for hides its failure.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ["**/*.vue"],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser } },
    rules: {
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/component-api-style": ["error", ["script-setup"]],
      // One word can be the right name: Composer.
      "vue/multi-word-component-names": "off",
      "vue/no-v-html": "error",
    },
  },
  {
    // Programs and tests speak on the terminal.
    files: ["web/e2e/**", "**/dev/**", "**/test/**", "**/*.test.ts", "**/*.config.*"],
    rules: { "no-console": "off" },
  },
);
