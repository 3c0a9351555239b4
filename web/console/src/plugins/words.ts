import { useI18n } from "vue-i18n";
import type { Connection, Extension } from "@patchbay/client/api";
import { locale } from "@/i18n";
import { localized } from "@/i18n/format";

/** The words of plugins. What this console does not know yet shows as the server names it. */
export function usePluginWords() {
  const { t, te } = useI18n();
  const word = (group: string, name: string) => (te(`plugins.${group}.${name.replaceAll(/[.:]/g, "_")}`, "en") ? t(`plugins.${group}.${name.replaceAll(/[.:]/g, "_")}`) : name);
  return {
    nameOf: (plugin: Extension) => localized(plugin.name, locale.value) || plugin.id,
    kinds: (plugin: Extension) => plugin.kinds.map((kind) => word("kinds", kind)).join(t("common.listSeparator")),
    measure: (measure: string) => word("isolations", measure),
    scope: (scope: string) => word("scopes", scope),
    /** What an ill connection wants. */
    advice: ({ health, enabled, sign_ins }: Connection) => {
      if (!enabled) return t("plugins.health.off");
      if (sign_ins.some((one) => one.state !== "ok")) return t("plugins.health.signIn");
      return health.detail || t(`plugins.health.${health.state}`);
    },
  };
}

/** What somebody has to look at: the worse, the earlier in a list. */
export function concern(plugin: Extension): number {
  if (plugin.state === "failed" || plugin.state === "quarantined") return 3;
  if (plugin.missing.length > 0 || plugin.state === "backoff" || plugin.license?.barred || plugin.license?.state === "grace") return 2;
  return plugin.offered_version && !plugin.pinned_version ? 1 : 0;
}

/** The state as it is shown: a plugin without a process is neither running nor not. */
export const shownState = (plugin: Extension) => (!plugin.enabled ? "disabled" : !plugin.process ? "files" : plugin.state);
