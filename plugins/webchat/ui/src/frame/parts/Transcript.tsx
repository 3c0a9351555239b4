import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { MessageRow, Row } from "../transcript";
import { useLanguage } from "./context";
import { DownIcon } from "./icons";
import { Message } from "./Message";

interface Props {
  /** Empty until it is known. */
  greeting: string;
  rows: Row[];
  /** Names of who is typing; "" for someone unnamed. */
  typing: string[];
  /** Whether the history is complete: before that nothing is announced. */
  synced: boolean;
  onResend: (id: string) => void;
  onDiscard: (id: string) => void;
  onQuote?: (row: MessageRow) => void;
  /** Stands after the last row. */
  children?: ComponentChildren;
}

/** How far from the end still counts as being there, in pixels. */
const NEAR = 60;

/** The conversation. It stays at its end unless one reads further up. */
export function Transcript({ greeting, rows, typing, synced, onResend, onDiscard, onQuote, children }: Props) {
  const { t } = useLanguage();
  const { scroller, atEnd, toEnd, onScroll } = useEnd(rows);
  return (
    <div class="transcript">
      <div class="scroll" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label={t("log")} aria-live={synced ? "polite" : "off"}>
        {greeting && (
          <div class="greeting" dir="auto">
            {greeting}
          </div>
        )}
        {rows.map((row) =>
          row.kind === "message" ? (
            <Message key={row.key} row={row} onResend={onResend} onDiscard={onDiscard} onQuote={onQuote} />
          ) : (
            <Divider key={row.key} row={row} />
          ),
        )}
        {children}
        <Typing names={typing} />
      </div>
      {!atEnd && (
        <button type="button" class="latest" onClick={toEnd}>
          <DownIcon />
          {t("latest")}
        </button>
      )}
    </div>
  );
}

function Divider({ row }: { row: Exclude<Row, { kind: "message" }> }) {
  const { t, day } = useLanguage();
  if (row.kind === "day") return <div class="day">{day(row.at, new Date())}</div>;
  return <div class="event">{t(row.event, { name: row.name || t("agent") })}</div>;
}

/** Its height is reserved, so that nothing jumps when someone starts to type. */
function Typing({ names }: { names: string[] }) {
  const { t } = useLanguage();
  const name = names[0];
  return (
    <div class="typing" aria-live="off">
      {name !== undefined && (
        <>
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {name ? t("typing", { name }) : t("typing.someone")}
        </>
      )}
    </div>
  );
}

/** Keeps a scroller at its end while it is there, and goes there when the visitor adds something. */
function useEnd(rows: Row[]) {
  const scroller = useRef<HTMLDivElement>(null);
  const held = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const newest = rows.at(-1);
  const own = newest?.kind === "message" && newest.side === "visitor" ? newest.key : undefined;
  const toEnd = () => {
    const element = scroller.current;
    if (!element) return;
    held.current = true;
    setAtEnd(true);
    element.scrollTop = element.scrollHeight;
  };
  const onScroll = () => {
    const element = scroller.current!;
    held.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    setAtEnd(held.current);
  };
  useLayoutEffect(() => {
    if (held.current) toEnd();
  }, [rows]);
  useLayoutEffect(() => {
    if (own) toEnd();
  }, [own]);
  useEffect(() => {
    const observer = new ResizeObserver(() => held.current && toEnd());
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  return { scroller, atEnd, toEnd, onScroll };
}
