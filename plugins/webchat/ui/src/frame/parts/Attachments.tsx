import type { Attachment } from "@patchbay/client/visitor";
import { sizeOf } from "../files";
import { useLanguage } from "./context";
import { FileIcon } from "./icons";

/** The longest side of a picture among messages, in pixels. */
const SIDE = 240;

/** The files of a message: pictures and recordings in place, the rest to be downloaded. */
export function Attachments({ files }: { files: readonly Attachment[] }) {
  return (
    <div class="attachments">
      {files.map((file) => (
        <One key={file.id} file={file} />
      ))}
    </div>
  );
}

function One({ file }: { file: Attachment }) {
  const { t, locale } = useLanguage();
  const { name, kind, url, preview_url: preview, width = SIDE, height = SIDE } = file;
  if (kind === "image" && preview) {
    const scale = Math.min(1, SIDE / Math.max(width, height));
    return (
      <a class="picture" href={url} download={name} target="_blank" rel="noopener" data-testid="widget-picture">
        <img src={preview} alt={t("picture", { name })} width={Math.round(width * scale)} height={Math.round(height * scale)} loading="lazy" />
      </a>
    );
  }
  if (kind === "audio") return <audio controls preload="metadata" src={file.playable_url ?? url} aria-label={t("sound", { name })} data-testid="widget-audio" />;
  return (
    <a class="file" href={url} download={name} title={t("download", { name, size: sizeOf(file.size, locale) })} data-testid="widget-file">
      <FileIcon />
      <span class="file-name">
        <bdi>{name}</bdi>
        <small>{sizeOf(file.size, locale)}</small>
      </span>
    </a>
  );
}
