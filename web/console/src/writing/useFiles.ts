import { ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { locale } from "@/i18n";
import { bytes } from "@/i18n/format";
import { MOST_FILES, refusalOf, type Abilities } from "./abilities";

/** Takes files that are picked, pasted or dropped; what cannot go says why. */
export function useFiles(abilities: Ref<Abilities>, uploads: { items: readonly unknown[]; add: (file: File) => void }) {
  const { t } = useI18n();
  const refused = ref<string[]>([]);
  /** Something that holds files is dragged over. */
  const over = ref(false);

  function take(files: readonly File[]): void {
    refused.value = [];
    for (const file of files) {
      const why = refusalOf(file, uploads.items.length, abilities.value);
      if (!why) uploads.add(file);
      else refused.value.push(t(`upload.refused.${why}`, { name: file.name, n: MOST_FILES, kinds: abilities.value.files.map((kind) => t(`attachment.kinds.${kind}`)).join(t("common.listSeparator")), size: bytes(abilities.value.fileLimit, locale.value) }));
    }
  }

  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const drag = {
    dragover: (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      // What the channel does not carry cannot be dropped here, and does not open in place of the page.
      over.value = abilities.value.files.length > 0;
      if (!over.value && event.dataTransfer) event.dataTransfer.dropEffect = "none";
    },
    dragleave: (event: DragEvent) => {
      if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) over.value = false;
    },
    drop: (event: DragEvent) => {
      over.value = false;
      if (!holdsFiles(event)) return;
      event.preventDefault();
      take([...(event.dataTransfer?.files ?? [])]);
    },
  };

  return { refused, over, take, drag };
}
