import type { WidgetSettings } from "@patchbay/client/types";
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import { localeOf } from "../../locale";
import type { Chat } from "../chat";
import type { Host } from "../host";
import { languageOf, type Language } from "../i18n";
import type { Memory } from "../memory";
import { initialState, type ChatState } from "../state";
import { applyColor, lookOf } from "../theme";
import { isResolved, transcript } from "../transcript";
import { Composer, composing } from "./Composer";
import { LanguageContext, useLanguage } from "./context";
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
  const state = useChat(chat);
  const language = useDress(host, memory, state.settings);
  useEscape(host);
  return (
    <LanguageContext.Provider value={language}>
      <Screen chat={chat} host={host} memory={memory} state={state} />
    </LanguageContext.Provider>
  );
}

function Screen({ chat, host, memory, state }: Props & { state: ChatState }) {
  const { t } = useLanguage();
  const focus = useFocus(host);
  const { phase, settings, changes, unsent, queue } = state;
  const connected = phase === "live" || phase === "polling";
  const rows = useMemo(() => transcript(changes, unsent, connected), [changes, unsent, connected]);
  const resolved = useMemo(() => isResolved(changes), [changes]);
  const title = settings.title || t("title");
  useEffect(() => void (document.title = title), [title]);

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

/**
 * Colour and language as the inbox has them; before its settings arrive, as they were last time.
 * The launcher is told.
 */
function useDress(host: Host, memory: Memory, settings: WidgetSettings): Language {
  const known = settings !== initialState.settings;
  const look = useMemo(() => (known ? lookOf(settings) : memory.look), [settings]);
  const language = useMemo(() => languageOf(localeOf(look.locale ?? host.page.locale)), [look]);
  useLayoutEffect(() => {
    applyColor(look.color, document.documentElement);
    document.documentElement.lang = language.locale;
    if (known) host.look(look);
  }, [look]);
  return language;
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
