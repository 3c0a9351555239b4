package conversation

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/lru"
	"github.com/patchbay-im/patchbay/core/media"
)

// What becomes of an edit or a recall whose message is not here: it is asked to
// come again for a while, since two things that a far side tells may overtake
// each other, and then refused.
const (
	codeTargetEarly = "target_early"
	codeTarget      = "target"
	targetPatience  = 2 * time.Minute
	targetAgain     = 2 * time.Second
	maxAwaited      = 10_000
)

// codeNotTheirs is the code of a change of what somebody else wrote.
const codeNotTheirs = "not_theirs"

// awaited remembers since when edits and recalls wait for their message.
type awaited struct {
	mu    sync.Mutex
	since *lru.Map[string, time.Time]
}

// early reports whether an item may still wait at a time.
func (a *awaited) early(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since == nil {
		a.since = lru.New[string, time.Time](maxAwaited)
	}
	since, known := a.since.Get(key)
	if !known {
		a.since.Put(key, now)
		return true
	}
	if now.Sub(since) < targetPatience {
		return true
	}
	a.since.Remove(key)
	return false
}

// receiveRevision takes an edit or a recall of a message, of the customer's by
// the customer, and of ours as an echo.
func (s *Service) receiveRevision(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	said := brought(in)
	said.leave(slices.DeleteFunc(slices.Clone(in.Content.Files), func(f channel.File) bool { return f.ID == "" && f.Fetch == "" }))
	said.brought = s.named(said.brought, s.Now())
	switch {
	case !nameable(in.External):
		return rejected("external_id", "an edit and a recall need an id of their own: 1 to 512 bytes of UTF-8 without control characters"), nil
	case in.Kind == channel.KindEdit && !said.says() && len(said.brought) == 0:
		return rejected("empty", "an edit needs text, HTML, a file, a place or the name of what it is; what says nothing any more is a recall"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	r := revision{in: in, inbox: *inbox, said: said, kind: InboundEdit, by: scope.Actor}
	if in.Kind == channel.KindRecall {
		r.kind = InboundRecall
	}
	var out channel.Result
	err = s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		out, err = s.revise(ctx, tx, r)
		return err
	})
	if err == nil && out.Outcome == channel.OutcomeAccepted {
		s.toFetch(&said)
	}
	return refusedOr(out, err)
}

// revision is an edit or a recall after its checks.
type revision struct {
	in    channel.Inbound
	inbox channel.Inbox
	said  Written
	kind  InboundKind
	by    identity.Actor // of an echo: the plugin
}

func (s *Service) revise(ctx context.Context, tx Tx, r revision) (channel.Result, error) {
	known, err := tx.Inbound(ctx, r.inbox.ID, r.kind, r.in.External)
	if err != nil || known != nil {
		return channel.Result{Outcome: channel.OutcomeDuplicate}, err
	}
	d, err := meant(ctx, tx, r.inbox.ID, r.in)
	if err != nil {
		return channel.Result{}, err
	}
	if d == nil {
		if s.awaited.early(string(r.inbox.ID)+"/"+string(r.kind)+"/"+r.in.External, s.Now()) {
			return channel.Result{Outcome: channel.OutcomeRetry, Code: codeTargetEarly, Detail: "the message that it is about is not here yet", RetryAfter: targetAgain}, nil
		}
		return rejected(codeTarget, "no message of this inbox has this id"), nil
	}
	c, err := tx.Conversation(ctx, d.Conversation)
	if err != nil {
		return channel.Result{}, err
	}
	m, err := tx.Message(ctx, c.ID, d.Seq)
	if err != nil {
		return channel.Result{}, err
	}
	t, theirs, err := s.turnOf(ctx, tx, r, c, m)
	if err != nil {
		return channel.Result{}, err
	}
	if !theirs {
		return rejected(codeNotTheirs, "only its sender changes a message; one of the company's is changed by an echo"), nil
	}
	out := channel.Result{Outcome: channel.OutcomeAccepted}
	seq := m.Seq
	if m.RecalledAt.IsZero() {
		if seq, err = s.revised(ctx, tx, t, c, *m, r); err != nil {
			return channel.Result{}, err
		}
	} else {
		out.Outcome = channel.OutcomeDuplicate // it says nothing any more, whatever it would say
	}
	return out, tx.Remember(ctx, r.inbox.ID, Dedup{Kind: r.kind, External: r.in.External, Conversation: c.ID, Seq: seq})
}

// meant finds the message that an edit or a recall is about, whoever sent it.
func meant(ctx context.Context, tx Tx, inbox channel.InboxID, in channel.Inbound) (*Dedup, error) {
	d, err := sentAs(ctx, tx, inbox, in)
	if err != nil || d != nil || !nameable(in.Target) {
		return d, err
	}
	return tx.Inbound(ctx, inbox, InboundMessage, in.Target)
}

// turnOf says who changes the message, and whether it is theirs to change. A far
// side that vouches for its users need not say who did.
func (s *Service) turnOf(ctx context.Context, tx Tx, r revision, c *Conversation, m *Message) (t Turn, theirs bool, err error) {
	t = Turn{At: s.Now(), IDs: s.ids}
	if m.Sender.Kind != identity.ActorContact {
		t.Actor = r.by
		t.Actor.Name = cut(clean(r.in.Sender.Name), contact.MaxName)
		return t, r.in.Echo && m.Kind == Text, nil
	}
	t.Actor = m.Sender
	switch {
	case r.in.Member != nil && m.Member != nil && r.in.Member.External != m.Member.External:
		return t, false, nil
	case r.in.Echo || r.in.Trust.Verdict == channel.Failed:
		return t, false, nil
	case r.in.Sender.External == "":
		return t, r.in.Trust.Proven(), nil
	}
	who, err := tx.Contacts().ByIdentity(ctx, string(r.inbox.ID), knownAs(r.in.Sender, r.in.Trust))
	if err != nil || who == nil {
		return t, false, err
	}
	return t, string(who.ID) == m.Sender.ID || who.ID == c.Contact, nil
}

// revised changes the message, and returns the seq of the change; the message's
// where it says the same as before.
func (s *Service) revised(ctx context.Context, tx Tx, t Turn, c *Conversation, m Message, r revision) (uint64, error) {
	if r.kind == InboundRecall {
		return c.Recall(t, m).Seq, tx.Save(ctx, c)
	}
	place := media.Place{Conversation: string(c.ID), Seq: m.Seq}
	files := m.Attachments
	known, err := tx.Media().Named(ctx, place)
	if err != nil {
		return 0, err
	}
	if len(r.said.brought) > 0 && !r.said.names(known) {
		if err := tx.Media().Retire(ctx, place); err != nil {
			return 0, err
		}
		if files, err = tx.Media().Bring(ctx, media.Uploader{Kind: media.ByPlugin, ID: string(r.inbox.ID)}, r.said.brought, place); err != nil {
			return 0, err
		}
	} else if m.same(r.said) {
		return m.Seq, nil
	}
	return c.Edit(t, m, r.said, files).Seq, tx.Save(ctx, c)
}

// names reports whether a message's files are those that it has already, named
// by the same references: what is edited of a photograph is its caption.
func (w *Written) names(known []string) bool {
	return slices.EqualFunc(w.brought, known, func(b media.Brought, reference string) bool {
		return b.Fetch.Reference != "" && b.Fetch.Reference == reference
	})
}

// same reports whether a message says already what an edit without files says.
func (m *Message) same(w Written) bool {
	return m.Text == w.Text && !m.HTML && w.HTML == "" && m.Quoted == w.Carried.Quoted &&
		reflect.DeepEqual(m.Location, w.Carried.Location) && reflect.DeepEqual(m.Unsupported, w.Carried.Unsupported) &&
		(w.Carried.Envelope == nil || reflect.DeepEqual(m.Envelope, w.Carried.Envelope))
}

// Versions returns what a message said before it was edited or taken back, the
// oldest first.
func (s *Service) Versions(ctx context.Context, scope identity.Scope, id ID, message MessageID) ([]Version, error) {
	if _, err := s.Message(ctx, scope, id, message); err != nil {
		return nil, err
	}
	return s.Reader.Versions(ctx, scope.Workspace, id, message)
}
