import { computed } from "vue";
import { useI18n } from "vue-i18n";
import type { Need, QueueWarning } from "@patchbay/client/types";
import { useSkills } from "@/query/desk";
import { useMembers } from "@/query/queries";

/** What is said of queues by name. */
export function useQueueWords() {
  const { t } = useI18n();
  const { data: skills } = useSkills();
  const { data: members } = useMembers();
  const names = computed(() => new Map((skills.value ?? []).map((skill) => [skill.id, skill.name])));
  const skillName = (id: string) => names.value.get(id) ?? t("queues.goneSkill");
  const needText = (need: Need) => t("queues.need", { skill: skillName(need.skill_id), level: need.level });
  const warningText = (warning: QueueWarning) => {
    const name = members.value?.find((one) => one.id === warning.nearest_id)?.name;
    return [t(`queues.warnings.${warning.code}`), name && t("queues.nearest", { name })].filter(Boolean).join(" ");
  };
  return { skills, skillName, needText, warningText };
}
