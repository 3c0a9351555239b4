import { useEffect, useMemo, useState } from "preact/hooks";
import type { Chat } from "../chat";
import type { Host } from "../host";
import type { Memory } from "../memory";
import { isResolved, transcript } from "../transcript";
import { Composer, composing } from "./Composer";
import { useLanguage } from "./context";
import { Header } from "./Header";
import { ConnectionBanner, QueueNotice, Refused, ResolvedNotice } from "./Notices";
import { Transcript } from "./Transcript";

interface Props {
  chat: Chat;
  host: Host;
  memory: Memory;
}

/** The whole chat. */
export function App({ chat, host, memory }: Props) {
  const { t } = useLanguage();
  const state = useChat(chat);
  const focus = useFocus(host);
  const { phase, settings, changes, unsent, queue } = state;
  const connected = phase === "live" || phase === "polling";
  const rows = useMemo(() => transcript(changes, unsent, connected), [changes, unsent, connected]);
  const resolved = useMemo(() => isResolved(changes), [changes]);
  const title = settings.title || t("title");

  useEffect(() => void (document.title = title), [title]);
  useEscape(host);

  return (
    <main class="chat">
      <Header title={title} phase={phase} onClose={host.embedded ? host.close : undefined} />
      {phase === "refused" ? (
        <Refused detail={state.refusal} onRetry={() => chat.retry()} />
      ) : (
        <>
          <ConnectionBanner phase={phase} onRetry={() => chat.retry()} />
          <Transcript
            greeting={settings.greeting || t("greeting")}
            rows={rows}
            typing={[...state.typing]}
            synced={state.synced}
            onResend={(id) => chat.resend(id)}
            onDiscard={(id) => chat.discard(id)}
          />
          {queue && <QueueNotice queue={queue} />}
          {resolved && <ResolvedNotice />}
          <Composer
            draft={memory.draft}
            focus={focus}
            onDraft={memory.keepDraft}
            onSend={(text) => chat.send(text)}
            onTyping={(on) => chat.typing(on)}
          />
        </>
      )}
    </main>
  );
}

function useChat(chat: Chat) {
  const [state, setState] = useState(chat.state);
  useEffect(() => {
    setState(chat.state);
    return chat.subscribe(() => setState(chat.state));
  }, [chat]);
  return state;
}

/** Counts the times the visitor opened the chat: each wants the cursor in the composer. */
function useFocus(host: Host): number {
  const [count, setCount] = useState(0);
  useEffect(() => host.watch((open, focus) => open && focus && setCount((n) => n + 1)), [host]);
  return count;
}

/** Escape leaves, unless it only cancels what an input method composes. */
function useEscape(host: Host): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !composing(event)) host.close();
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [host]);
}
