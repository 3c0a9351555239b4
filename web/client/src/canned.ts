/** What the variables of a canned reply stand for. */
export interface CannedContext {
  contact: { name?: string; attributes?: Record<string, unknown> };
  agent: { name: string };
  workspace: { name: string };
  inbox: { name: string };
  conversation: { number?: number };
}

const VARIABLE = /\{\{\s*([a-z_]+(?:\.[A-Za-z0-9_-]+)+)\s*\}\}/g;

/**
 * Fills in the variables of a canned reply. One that is unknown, or that has no value here, stays
 * visible, so that nobody sends half a sentence unseen.
 */
export function expandCanned(text: string, context: CannedContext): string {
  return text.replace(VARIABLE, (whole, path: string) => valueOf(path, context) || whole);
}

/** The variables a text would leave open. */
export function openVariables(text: string, context: CannedContext): string[] {
  return [...text.matchAll(VARIABLE)].filter((match) => !valueOf(match[1]!, context)).map((match) => match[0]);
}

function valueOf(path: string, { contact, agent, workspace, inbox, conversation }: CannedContext): string {
  const attribute = path.match(/^contact\.attributes\.(.+)$/)?.[1];
  if (attribute !== undefined) return shown(Object.hasOwn(contact.attributes ?? {}, attribute) ? contact.attributes?.[attribute] : undefined);
  switch (path) {
    case "contact.name":
      return contact.name?.trim() ?? "";
    case "contact.first_name":
      return firstName(contact.name ?? "");
    case "agent.name":
      return agent.name;
    case "workspace.name":
      return workspace.name;
    case "inbox.name":
      return inbox.name;
    case "conversation.number":
      return shown(conversation.number);
    default:
      return "";
  }
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The first word of a name; a Chinese, Japanese or Korean name without spaces is used whole. */
function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? "";
}
