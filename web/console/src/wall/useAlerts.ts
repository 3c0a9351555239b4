import { computed, ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import { AlertsApi } from "@patchbay/client/api";
import type { Alert } from "@patchbay/client/types";
import { api } from "@/api";
import { useLive } from "@/live/live";
import { keys } from "@/query/keys";
import { useWorkspace } from "@/session/workspace";
import { spanText } from "@/ui/span";
import { notifyFailed } from "@/ui/notices";

/** Alerts go without telling: they are asked for so often, in milliseconds. */
const POLL_MS = 5_000;

/** The alerts that stand, with what to call those whom they are about. */
export function useAlerts(nameOf: (alert: Alert) => string) {
  const { id } = useWorkspace();
  const { t, locale } = useI18n();
  const { onNotified } = useLive();
  const client = useQueryClient();
  const source = new AlertsApi(api, id);
  const key = keys.alerts(id);
  const { data, refetch } = useQuery({ queryKey: key, queryFn: () => source.standing(), refetchInterval: POLL_MS });
  onNotified((told) => told?.kind === "alert_raised" && void refetch());

  const alerts = computed(() => data.value ?? []);
  const sentence = (alert: Alert) => t(`wall.alerts.of.${alert.rule}`, { name: nameOf(alert), limit: alert.rule === "wait" || alert.rule === "away" ? spanText(alert.limit, locale.value) : alert.limit });

  /** What is read out: those that were raised since the page is open. */
  const said = ref("");
  watch(data, (now, before) => {
    const fresh = before && now?.filter((alert) => !before.some((one) => one.id === alert.id));
    if (fresh?.length) said.value = fresh.map(sentence).join(t("common.listSeparator"));
  });

  async function acknowledge(alert: Alert): Promise<void> {
    try {
      const now = await source.acknowledge(alert.id);
      client.setQueryData<Alert[]>(key, (held) => held?.map((one) => (one.id === now.id ? now : one)));
    } catch (error) {
      notifyFailed(error);
      void refetch(); // it may be over meanwhile
    }
  }

  return { alerts, said, sentence, acknowledge };
}
