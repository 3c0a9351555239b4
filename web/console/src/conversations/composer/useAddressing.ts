import { computed, nextTick, ref, type Ref } from "vue";
import { entriesOf, emptyTimeline } from "@patchbay/client/member";
import type { Addressed, Contact, Conversation, Inbox } from "@patchbay/client/types";
import { useTimeline } from "@/query/queries";
import { answerAll, answerTo, askedIn, faultOf, ownOf, peopleIn, sameAddressed } from "./addresses";

interface Sources {
  conversation: () => Conversation;
  /** Whether what is written is addressed at all. */
  able: Ref<boolean>;
  /** What was said of the addresses; undefined: as the channel would. */
  draft: { envelope?: Addressed };
  inboxes: Ref<readonly Inbox[] | undefined>;
  contact: Ref<Contact | undefined>;
  /** Where one goes on writing. */
  area: Ref<HTMLTextAreaElement | undefined>;
}

export type Addressing = ReturnType<typeof useAddressing>;

/** To whom an answer goes, and under which subject. What nobody touched is left to the server, which does the same. */
export function useAddressing({ conversation, able, draft, inboxes, contact, area }: Sources) {
  const { data } = useTimeline(() => conversation().id);
  const open = ref(false);
  /** As it was when the fields were opened. */
  let before: Addressed | undefined;

  const messages = computed(() => (able.value ? entriesOf(data.value ?? emptyTimeline).flatMap((entry) => (entry.kind === "message" ? [entry.message] : [])) : []));
  const own = computed(() => ownOf(inboxes.value ?? []));
  const asked = computed(() => askedIn(messages.value));
  const alone = computed<Addressed>(() => (asked.value || !contact.value?.email ? answerTo(asked.value) : { to: [{ address: contact.value.email, name: contact.value.name }] }));
  const everybody = computed(() => answerAll(asked.value, own.value));
  const shown = computed(() => draft.envelope ?? alone.value);
  const whom = (envelope: Addressed): Addressed => ({ to: envelope.to, cc: envelope.cc });

  function set(next: Addressed): void {
    draft.envelope = sameAddressed(next, alone.value) ? undefined : next;
  }

  const all = computed({
    get: () => sameAddressed(whom(shown.value), whom(everybody.value)),
    set: (wanted) => set({ ...shown.value, cc: undefined, ...whom(wanted ? everybody.value : alone.value) }),
  });

  function start(): void {
    if (!able.value || open.value) return;
    before = draft.envelope && (JSON.parse(JSON.stringify(draft.envelope)) as Addressed);
    open.value = true;
  }

  function fold(): void {
    open.value = false;
    void nextTick(() => area.value?.focus());
  }

  return {
    able,
    /** The fields stand there. */
    open,
    shown,
    set,
    all,
    /** Whether others than the author were written to. */
    shared: computed(() => (everybody.value.cc ?? []).length > 0),
    /** Why it cannot be sent; what is left to the server cannot be wrong. */
    fault: computed(() => (able.value && draft.envelope ? faultOf(draft.envelope) : undefined)),
    people: computed(() => peopleIn(messages.value, own.value)),
    start,
    fold,
    /** As if the fields had not been opened; the text stays. */
    undo: () => {
      draft.envelope = before;
      fold();
    },
    outgoing: () => (able.value ? draft.envelope : undefined),
  };
}
