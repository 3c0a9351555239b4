import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import { ApiError } from "@patchbay/client/api";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { notifyDone, notifyFailed } from "@/ui/notices";
import { Offers, type Offer } from "./offers";

/** How often an accept is sent again that no answer came to, in milliseconds. It may have counted; asking again tells. */
const AGAIN_MS = 1_000;
const TRIES = 30;
const OVER = "conversation.offer_over";
/** How long after the ring a card may stand before it is asked whether it does, and how often. */
const OVERDUE_MS = 15_000;
/** The longest pause between two tries to fetch what rings. */
const PAUSE_MS = 30_000;

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** What rings for this member, and the ways to answer. */
export function useOffers(rang: (offer: Offer) => void) {
  const { t } = useI18n();
  const { api, memberID } = useWorkspace();
  const live = useLive();
  const router = useRouter();
  const offers = new Offers(memberID);
  const all: ShallowRef<Offer[]> = shallowRef([]);
  const busy = shallowRef<ReadonlySet<string>>(new Set());
  let alive = true;
  let round = 0;
  let asking = false;
  onScopeDispose(() => (alive = false));

  function show(): void {
    const before = new Set(all.value.map(({ conversation }) => `${conversation.id} ${conversation.offer_until}`));
    all.value = offers.all;
    for (const offer of all.value) if (!before.has(`${offer.conversation.id} ${offer.conversation.offer_until}`)) rang(offer);
  }

  /** Asks what rings until it is answered, or asked anew. */
  async function fetchAll(): Promise<void> {
    const mine = ++round;
    asking = true;
    for (let tries = 0; alive && mine === round; tries++) {
      offers.ask();
      try {
        const { items } = await api.views.query({ filter: { field: "offered", op: "is", value: "me" }, limit: 50 });
        if (mine !== round) return;
        offers.adopt(items);
        asking = false;
        return show();
      } catch {
        await wait(Math.min(AGAIN_MS * 2 ** tries, PAUSE_MS));
      }
    }
  }

  // Whatever was missed while there was no connection is asked for when there is one.
  watch(() => live.status.value.state, (state) => state === "ready" && void fetchAll(), { immediate: true });

  // A card whose end was missed does not stand for ever.
  const timer = setInterval(() => !asking && offers.overdue(Date.now(), OVERDUE_MS) && void fetchAll(), OVERDUE_MS);
  onScopeDispose(() => clearInterval(timer));

  live.onEvent((event) => {
    const ending = offers.take(event, Date.now());
    const answering = busy.value.has(event.conversation?.id ?? String(event.data?.["id"] ?? "")); // the answer says how it ended
    if (ending && !answering) notifyDone(t(`offers.${ending}`));
    show();
  });

  function answered(id: string): void {
    offers.drop(id);
    show();
  }

  /** Says why an answer did not count. */
  function failed(id: string, error: unknown): void {
    if (!(error instanceof ApiError) || (error.code !== OVER && error.status !== 404)) return notifyFailed(error);
    answered(id);
    const code = error.fields?.[0]?.code;
    notifyDone(t(code === "done" || code === "waiting" ? "offers.withdrawn" : "offers.next"));
  }

  async function once(id: string, doing: () => Promise<void>): Promise<void> {
    if (busy.value.has(id)) return;
    busy.value = new Set([...busy.value, id]);
    try {
      await doing();
    } catch (error) {
      failed(id, error);
    } finally {
      busy.value = new Set([...busy.value].filter((one) => one !== id));
    }
  }

  /** Tries until the server answers: to accept what one has already is no error. */
  async function surely(id: string) {
    for (let tries = 1; ; tries++) {
      try {
        return await api.accept(id);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 0 || tries >= TRIES || !alive) throw error;
        await wait(AGAIN_MS);
      }
    }
  }

  const accept = ({ conversation: { id } }: Offer) =>
    once(id, async () => {
      live.cache.takeConversation(await surely(id));
      answered(id);
      if (alive) await router.push({ name: "conversations", params: { view: "mine", id } });
    });

  const reject = ({ conversation: { id } }: Offer) =>
    once(id, async () => {
      await api.reject(id);
      answered(id);
    });

  return { all, busy, accept, reject };
}
