import { useState } from "preact/hooks";
import { refusalOf, sizeOf, type Files, type PendingFile } from "../files";
import { useLanguage } from "./context";
import { CloseIcon, FileIcon } from "./icons";

/** The files of the message being written, with how far each has come. */
export function PendingFiles({ files, pending }: { files: Files; pending: readonly PendingFile[] }) {
  const { t } = useLanguage();
  if (pending.length === 0) return null;
  return (
    <ul class="pending" aria-label={t("files")}>
      {pending.map((file) => (
        <li key={file.key} class={file.progress.phase} data-testid="widget-pending" data-phase={file.progress.phase}>
          <Preview picture={file.picture} />
          <span class="file-name">
            <bdi>{file.name}</bdi>
            <small role="status">
              <Progress file={file} />
            </small>
          </span>
          {file.progress.phase === "failed" && (
            <button type="button" class="link" onClick={() => files.retry(file.key)}>
              {t("file.retry")}
            </button>
          )}
          <button type="button" class="round small" aria-label={t("file.remove", { name: file.name })} onClick={() => files.remove(file.key)}>
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A picture, as long as it is one: what a file calls itself says nothing. */
function Preview({ picture }: { picture?: string }) {
  const [broken, setBroken] = useState(false);
  return picture && !broken ? <img src={picture} alt="" onError={() => setBroken(true)} /> : <FileIcon />;
}

function Progress({ file: { progress, size } }: { file: PendingFile }) {
  const { t, locale } = useLanguage();
  switch (progress.phase) {
    case "done":
      return <>{`${sizeOf(size, locale)}, ${t("file.done")}`}</>;
    case "failed":
      return <>{refusalOf(progress) || t("file.failed")}</>;
    case "waiting":
      return <>{t("file.waiting")}</>;
    default:
      return <>{t("file.sending", { percent: Math.floor((100 * progress.sent) / Math.max(1, size)) })}</>;
  }
}
