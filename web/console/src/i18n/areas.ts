/**
 * Parts of the console whose texts are fetched with the part: `locales/<area>.<locale>.json`.
 * The values are the folders that may use them.
 */
export const areas = {
  auth: ["auth", "account"],
  account: ["account", "settings"],
  settings: ["settings", "start", "account", "access"],
  start: ["start"],
  begin: ["begin"],
  lists: ["conversations/list", "search", "tickets/filter", "webhooks", "rules", "routing"],
  people: ["people"],
  notices: ["notifications"],
  offers: ["offers"],
  tickets: ["tickets"],
  audit: ["audit"],
  access: ["access", "settings"],
  developers: ["developers"],
  sandbox: ["sandbox"],
  operations: ["operations"],
  webhooks: ["webhooks"],
  system: ["system"],
  forms: ["forms"],
  plugins: ["plugins"],
  templates: ["templates"],
  prepared: ["prepared"],
  licenses: ["plugins"],
  hooks: ["conversations/message", "plugins"],
  rules: ["rules", "routing"],
  hours: ["hours"],
  queues: ["queues"],
  needs: ["queues"],
  policy: ["policy"],
  routing: ["routing"],
  requests: ["requests"],
  wall: ["wall"],
  supervise: ["conversations/supervise"],
  panels: ["cards", "frames", "panels"],
} as const;
export type Area = keyof typeof areas;

