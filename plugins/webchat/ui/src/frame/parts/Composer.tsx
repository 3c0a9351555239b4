import type { Attachment, PublicQuote } from "@patchbay/client/visitor";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { FILE_LIMIT, type Files, type PendingFile } from "../files";
import { cleaned, lengthOf, TEXT_LIMIT } from "../text";
import { useLanguage } from "./context";
import { CameraIcon, ClipIcon, CloseIcon, SendIcon } from "./icons";
import { PendingFiles } from "./PendingFiles";

interface Props {
  /** The text an earlier visit left unsent. */
  draft: string;
  /** Counts up when the chat was opened by the visitor: the cursor belongs here. */
  focus: number;
  /** Words the page put here; each new object replaces what is written. */
  words?: { text: string };
  files: Files;
  pending: readonly PendingFile[];
  /** Whether files are taken at all. */
  takesFiles: boolean;
  quote?: PublicQuote;
  onUnquote: () => void;
  onDraft: (text: string) => void;
  onSend: (text: string, attachments: Attachment[]) => void;
  onTyping: (on: boolean) => void;
}

/** The counter shows from here. */
const COUNT_FROM = TEXT_LIMIT - 400;

/** Where one writes. Enter sends, unless it only confirms what an input method composed. */
export function Composer(props: Props) {
  const { draft, focus, words, files, pending, takesFiles, quote, onDraft, onSend, onTyping } = props;
  const { t } = useLanguage();
  const [text, setText] = useState(draft);
  const [tooMany, setTooMany] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const ready = cleaned(text);
  const length = lengthOf(ready);
  const settled = pending.every(({ progress }) => progress.phase === "done");
  const sendable = settled && length <= TEXT_LIMIT && (length > 0 || pending.length > 0);

  useLayoutEffect(() => grow(area.current!), [text]);
  useEffect(() => {
    if (focus || quote) area.current!.focus();
  }, [focus, quote]);
  useEffect(() => {
    if (words) write(words.text);
  }, [words]);

  const write = (value: string) => {
    setText(value);
    onDraft(value);
    onTyping(value.trim() !== "");
  };
  const add = (list: readonly File[]) => setTooMany(list.length > 0 && files.add(list) > 0);
  const submit = () => {
    if (!sendable) return;
    onSend(ready, files.take());
    setTooMany(false);
    write("");
    area.current!.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onDragOver={(event) => {
        if (takesFiles) event.preventDefault();
      }}
      onDrop={(event) => {
        const dropped = event.dataTransfer?.files;
        if (!takesFiles || !dropped?.length) return;
        event.preventDefault();
        add([...dropped]);
      }}
    >
      {quote && <Quoting quote={quote} onUnquote={props.onUnquote} />}
      <PendingFiles files={files} pending={pending} />
      {tooMany && <p role="alert">{t("files.many", { n: FILE_LIMIT })}</p>}
      <div class="field">
        {takesFiles && <Pick onPick={add} />}
        <textarea
          ref={area}
          rows={1}
          value={text}
          dir="auto"
          placeholder={t("write.placeholder")}
          aria-label={t("write")}
          aria-describedby="write-hint"
          aria-invalid={length > TEXT_LIMIT}
          enterkeyhint="send"
          data-testid="widget-input"
          onInput={(event) => write(event.currentTarget.value)}
          onBlur={() => onTyping(false)}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (!takesFiles || pasted.length === 0) return;
            event.preventDefault();
            add(pasted);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
            event.preventDefault();
            submit();
          }}
        />
        <button type="submit" class="send" aria-label={t("send")} aria-disabled={!sendable} data-testid="widget-send">
          <SendIcon />
        </button>
      </div>
      <p id="write-hint" class="aside">
        {t("write.hint")}
      </p>
      <p class={`count${length > TEXT_LIMIT ? " over" : ""}`} role="status">
        {length >= COUNT_FROM && (length > TEXT_LIMIT ? t("over", { n: length - TEXT_LIMIT }) : t("left", { n: TEXT_LIMIT - length }))}
      </p>
    </form>
  );
}

function Quoting({ quote, onUnquote }: { quote: PublicQuote; onUnquote: () => void }) {
  const { t } = useLanguage();
  const name = quote.sender.kind === "visitor" ? t("you") : quote.sender.name || t("agent");
  return (
    <div class="quoting" data-testid="widget-quoting">
      <span>
        <b>{t("quote.of", { name })}</b>
        <span dir="auto">{quote.text}</span>
      </span>
      <button type="button" class="round small" aria-label={t("quote.remove")} onClick={onUnquote}>
        <CloseIcon />
      </button>
    </div>
  );
}

/** Files from the device, and on a device that one holds, its camera. */
function Pick({ onPick }: { onPick: (files: File[]) => void }) {
  const { t } = useLanguage();
  const file = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const taken = (event: { currentTarget: HTMLInputElement }) => {
    onPick([...(event.currentTarget.files ?? [])]);
    event.currentTarget.value = ""; // the same file may be chosen again
  };
  return (
    <>
      <input ref={file} type="file" multiple hidden data-testid="widget-file-input" onChange={taken} />
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden onChange={taken} />
      <button type="button" class="round" aria-label={t("attach")} data-testid="widget-attach" onClick={() => file.current!.click()}>
        <ClipIcon />
      </button>
      {matchMedia("(pointer: coarse)").matches && (
        <button type="button" class="round" aria-label={t("camera")} data-testid="widget-camera" onClick={() => camera.current!.click()}>
          <CameraIcon />
        </button>
      )}
    </>
  );
}

/** Whether a key belongs to an input method. Safari reports the closing Enter only by its code 229. */
export const composing = (event: { isComposing: boolean; keyCode: number }): boolean => event.isComposing || event.keyCode === 229;

/** As tall as the text; the style sheet says where that ends. */
function grow(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
