import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { filterFields, readFilter } from "@patchbay/client/member";
import type { Webhook, WebhookAttempt, WebhookDelivery } from "@patchbay/client/types";
import { useChoices } from "@/conversations/list/choices";
import { describe } from "@/conversations/list/describe";
import { locale } from "@/i18n";
import { fullTime } from "@/i18n/format";
import { useAttributes } from "@/query/desk";

/** How an endpoint is doing: its health, or that somebody turned it off. */
export type Doing = Webhook["state"] | "off";
export const doing = (hook: Webhook): Doing => (hook.active ? hook.state : "off");

/** What events, failures and filters are called in the reader's language. */
export function useWebhookWords() {
  const { t, te } = useI18n();
  const { data: attributes } = useAttributes();
  const { fieldName, valueName } = useChoices();

  /** The fields that a webhook may ask about: nobody reads it, so nothing is unread. */
  const fields = computed(() => {
    const all = filterFields(attributes.value ?? []);
    all.delete("unread");
    for (const [name, { word: _, ...field }] of all) all.set(name, field);
    return all;
  });

  /** What an event is, in a few words; of one that is newer than this page its type. */
  function eventName(type: string): string {
    const key = `webhooks.events.${type.replaceAll(".", "_")}`;
    return te(key, "en") ? t(key) : type;
  }

  /** Why an attempt failed; "" when it did not. */
  function failure({ code, status, detail = "" }: Pick<WebhookAttempt, "code" | "status"> & { detail?: string }): string {
    if (!code) return "";
    return te(`webhooks.codes.${code}`, "en") ? t(`webhooks.codes.${code}`, { status: status ?? 0 }) : detail || code;
  }

  /** How an endpoint is doing, in a sentence. */
  function health(hook: Webhook): string {
    const state = doing(hook);
    if (state === "healthy" && !hook.last_success_at) return t("webhooks.health.fresh");
    const times = { since: hook.failing_since ? fullTime(hook.failing_since, locale.value) : "", success: hook.last_success_at ? fullTime(hook.last_success_at, locale.value) : "" };
    return t(`webhooks.health.${state}`, times);
  }

  /** When a delivery came to its end, or goes on. */
  function fate(delivery: WebhookDelivery): string {
    if (delivery.state === "pending") return delivery.next_at && delivery.attempts > 0 ? t("webhooks.nextAt", { at: fullTime(delivery.next_at, locale.value) }) : t("webhooks.turn");
    return delivery.settled_at ? fullTime(delivery.settled_at, locale.value) : "";
  }

  /** A filter as a line of text. */
  function filterText(filter: Webhook["filter"]): string {
    const node = readFilter(JSON.stringify(filter));
    return node ? describe(node, { t: (key, values) => t(key, values ?? {}), fields: fields.value, fieldName, valueName, time: (at) => fullTime(at, locale.value) }) : t("filter.unreadable");
  }

  return { fields, eventName, failure, health, fate, filterText };
}
