import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { cleaned, lengthOf, TEXT_LIMIT } from "../text";
import { useLanguage } from "./context";
import { SendIcon } from "./icons";

interface Props {
  /** The text an earlier visit left unsent. */
  draft: string;
  /** Counts up when the chat was opened by the visitor: the cursor belongs here. */
  focus: number;
  onDraft: (text: string) => void;
  onSend: (text: string) => void;
  onTyping: (on: boolean) => void;
}

/** The counter shows from here. */
const COUNT_FROM = TEXT_LIMIT - 400;

/** Where one writes. Enter sends, unless it only confirms what an input method composed. */
export function Composer({ draft, focus, onDraft, onSend, onTyping }: Props) {
  const { t } = useLanguage();
  const [text, setText] = useState(draft);
  const area = useRef<HTMLTextAreaElement>(null);
  const ready = cleaned(text);
  const length = lengthOf(ready);
  const sendable = length > 0 && length <= TEXT_LIMIT;

  useLayoutEffect(() => grow(area.current!), [text]);
  useEffect(() => {
    if (focus) area.current!.focus();
  }, [focus]);

  const write = (value: string) => {
    setText(value);
    onDraft(value);
    onTyping(value.trim() !== "");
  };
  const submit = () => {
    if (!sendable) return;
    onSend(ready);
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
    >
      <div class="field">
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

/** Whether a key belongs to an input method. Safari reports the closing Enter only by its code 229. */
export const composing = (event: { isComposing: boolean; keyCode: number }): boolean => event.isComposing || event.keyCode === 229;

/** As tall as the text; the style sheet says where that ends. */
function grow(area: HTMLTextAreaElement): void {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
