import { ApiError, type CallbackReach, type PublicQuote } from "@patchbay/client/visitor";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Chat } from "../chat";
import type { Host } from "../host";
import type { Language } from "../i18n";
import type { Memory } from "../memory";
import type { PageSide } from "../page";
import { preChatOf } from "../questions";
import { initialState, ratingOf, stageOf, type ChatState } from "../state";
import { isResolved, transcript, type MessageRow } from "../transcript";
import { Composer, composing } from "./Composer";
import { Consent } from "./Consent";
import { LanguageContext, useLanguage } from "./context";
import { Header } from "./Header";
import { Menu } from "./Menu";
import { ConnectionBanner, Refused, ResolvedNotice } from "./Notices";
import { CallBack, Offline, Questions } from "./Stages";
import { Rating } from "./Rating";
import { Transcript } from "./Transcript";
import { Noted, Waiting } from "./Waiting";
import { useDress } from "./dress";
import { save } from "./save";

interface Props {
  chat: Chat;
  host: Host;
  memory: Memory;
  page: PageSide;
  /** The language to begin with. */
  language: Language;
}

/** The whole chat. */
export function App(props: Props) {
  const state = useChat(props.chat);
  const dress = useDress(props.host, props.memory, state.settings, props.page, props.language);
  useEscape(props.host);
  return (
    <LanguageContext.Provider value={dress.language}>
      <Screen {...props} state={state} offered={dress.offered} choose={dress.choose} />
    </LanguageContext.Provider>
  );
}

function Screen({ chat, host, memory, page, state, offered, choose }: Props & { state: ChatState } & Pick<ReturnType<typeof useDress>, "offered" | "choose">) {
  const { t } = useLanguage();
  const { phase, settings, changes } = state;
  const title = settings.title || t("title");
  useEffect(() => void (document.title = title), [title]);
  const download = settings.transcript && changes.some(({ message }) => message) ? () => chat.transcript().then((file) => save(file, `${title}.html`)) : undefined;
  return (
    <main class="chat">
      <Header title={title} phase={phase} onClose={host.embedded ? host.close : undefined}>
        <Menu offered={offered} onLanguage={choose} onTranscript={download} />
      </Header>
      {phase === "refused" ? (
        <Refused detail={state.signIn ? t("refused.signin") : state.refusal} onRetry={() => chat.retry()} />
      ) : (
        <>
          <ConnectionBanner phase={phase} onRetry={() => chat.retry()} />
          {settings.page_views === "consent" && <Consent key={`c${state.person}`} page={page} />}
          <Stage key={state.person} chat={chat} host={host} memory={memory} page={page} state={state} />
        </>
      )}
    </main>
  );
}

function Stage({ chat, host, memory, page, state }: Omit<Props, "language"> & { state: ChatState }) {
  switch (stageOf(state)) {
    case "questions":
      return <Questions form={state.settings.pre_chat!} onSend={(answers) => chat.preChat(preChatOf(answers))} />;
    case "offline":
      return <Offline text={state.settings.offline?.text} opens={state.opensAt} onSend={({ name = "", email = "", message = "" }) => chat.leave({ name, email, message })} />;
    case "left":
      return <Left ticket={state.ticket} />;
    case "wait":
      return <div class="transcript" aria-busy="true" />;
    default:
      return <Talk chat={chat} host={host} memory={memory} page={page} state={state} />;
  }
}

function Left({ ticket }: Pick<ChatState, "ticket">) {
  const { t } = useLanguage();
  return (
    <div class="form" role="status" data-testid="widget-left">
      <p>{t("offline.thanks")}</p>
      {ticket && (
        <p>
          {t("offline.ticket", { number: ticket.number })}{" "}
          <a href={ticket.url} target="_blank" rel="noopener" data-testid="widget-ticket">
            {t("offline.follow")}
          </a>
        </p>
      )}
    </div>
  );
}

function Talk({ chat, host, memory, page, state }: Omit<Props, "language"> & { state: ChatState }) {
  const { t } = useLanguage();
  const focus = useFocus(host);
  const [quote, setQuote] = useState<PublicQuote>();
  const { phase, settings, changes, unsent, queue, read } = state;
  const connected = phase === "live" || phase === "polling";
  const known = settings !== initialState.settings; // nobody is greeted by us, and then by the company
  const rows = useMemo(() => transcript(changes, unsent, connected, read), [changes, unsent, connected, read]);
  const resolved = useMemo(() => isResolved(changes), [changes]);
  const rating = useMemo(() => ratingOf(changes), [changes]);
  const joined = useMemo(() => changes.findLast(({ type }) => type === "agent_joined")?.seq, [changes]);
  const [reach, setReach] = useState<CallbackReach>();
  useEffect(() => setReach(undefined), [joined]); // somebody is there: the form has no use any more
  if (reach)
    return (
      <CallBack
        ask={reach}
        consent={state.answered ? undefined : settings.pre_chat?.consent_text}
        onBack={() => setReach(undefined)}
        onSend={(wish) =>
          chat.callBack(wish).then(
            () => setReach(undefined),
            (error: unknown) => {
              if (!(error instanceof ApiError) || error.code !== "visitor.not_waiting") throw error;
              setReach(undefined);
            },
          )
        }
      />
    );
  return (
    <>
      <Transcript
        greeting={known ? settings.greeting || t("greeting") : ""}
        rows={rows}
        typing={[...state.typing]}
        synced={state.synced}
        onResend={(id) => chat.resend(id)}
        onDiscard={(id) => chat.discard(id)}
        onQuote={(row) => setQuote(quoteOf(row))}
      >
        {rating && (rating.score === undefined || resolved) && <Rating key={rating.asked} score={rating.score} onRate={(score, comment) => chat.rate(score, comment)} />}
      </Transcript>
      {queue && <Waiting queue={queue} onCallBack={() => setReach(queue.callback)} onLeave={() => chat.leaveQueue()} />}
      {resolved && state.noted !== undefined && <Noted number={state.noted} />}
      {resolved && <ResolvedNotice />}
      <Composer
        draft={memory.draft}
        focus={focus}
        words={page.words}
        files={chat.files}
        pending={state.files}
        takesFiles={settings.attachments === true}
        quote={quote}
        onUnquote={() => setQuote(undefined)}
        onDraft={memory.keepDraft}
        onSend={(text, attachments) => {
          chat.send(text, attachments, quote);
          setQuote(undefined);
        }}
        onTyping={(on) => chat.typing(on)}
      />
    </>
  );
}

/** A message as it is quoted: at most 140 characters of it, or the name of its file. */
function quoteOf({ id, side, name, text, attachments }: MessageRow): PublicQuote {
  const words = text || attachments[0]?.name || "";
  const cut = [...words].slice(0, 140).join("");
  return { id: id!, sender: { kind: side, ...(name && { name }) }, text: cut };
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
      if (event.key === "Escape" && !event.defaultPrevented && !composing(event)) host.close();
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [host]);
}
