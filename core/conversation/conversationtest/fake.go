// Package conversationtest is the conformance suite of the conversation ports
// and an in-memory fake that passes it.
package conversationtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/catalog/catalogtest"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/media/mediatest"
	"github.com/patchbay-im/patchbay/core/queue/queuetest"
	"github.com/patchbay-im/patchbay/core/quote"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/team/teamtest"
)

// Fake keeps conversations in memory, among the fakes of its neighbours. It
// implements Store, Reader, ReadMarks, VisitorStore and WritingStore of conversation. It is
// safe for concurrent use.
type Fake struct {
	Identities *identitytest.Fake
	Contacts   *contacttest.Fake
	Media      *mediatest.Fake
	Inboxes    *channeltest.Fake
	Teams      *teamtest.Fake
	Queues     *queuetest.Fake
	Calendars  *calendartest.Fake
	Catalog    *catalogtest.Fake
	Feed       *eventtest.Feed // of contacts, inboxes and conversations

	writing sync.Mutex // held by a transaction

	mu       sync.Mutex
	spaces   map[identity.WorkspaceID]*space // replaced, never changed, by a commit
	marks    map[mark]uint64
	visitors map[conversation.VisitorID]conversation.Visitor
	tokens   map[tokenKey]conversation.TokenUse
	policies map[channel.InboxID]policy
	joined   map[conversation.ID][][]uint64 // messages that leave as one, by seq
}

// policy is the kept answer of an inbox and the configuration it was for.
type policy struct {
	revision uint64
	answer   channel.SessionAnswer
}

type mark struct {
	workspace identity.WorkspaceID
	member    identity.MemberID
	id        conversation.ID
}

// space is the conversations of a workspace.
type space struct {
	conversations map[conversation.ID]conversation.Conversation
	changes       map[conversation.ID][]conversation.Change // by seq - 1; messages without their text
	messages      map[conversation.ID]map[uint64]conversation.Message
	html          map[place]string
	versions      map[place][]conversation.Version
	dedup         map[dedupKey]conversation.Dedup
	numbers       uint64 // given
	deadlines     map[conversation.ID]map[uint64]time.Time
	drafts        map[draftKey]conversation.Draft
	whispers      map[conversation.WhisperID]conversation.Whisper
	scheduled     map[conversation.ScheduledID]conversation.Scheduled
	bots          map[conversation.ID]conversation.BotTalk
	findings      map[conversation.FindingID]conversation.Finding
	attendances   map[conversation.ID]conversation.Attendance
	acknowledged  map[customerKey]time.Time
	early         []conversation.Early
}

// customerKey is a customer as an inbox knows them.
type customerKey struct {
	inbox    channel.InboxID
	external string
}

// place is a message.
type place struct {
	id  conversation.ID
	seq uint64
}

type dedupKey struct {
	inbox    channel.InboxID
	kind     conversation.InboundKind
	external string
}

// NewFake returns an empty Fake with empty neighbours.
func NewFake() *Fake {
	feed, identities := eventtest.NewFeed(), identitytest.NewFake()
	inboxes := channeltest.NewFake(feed, func(id identity.WorkspaceID) bool {
		_, err := identities.Workspace(context.Background(), id)
		return err == nil
	})
	f := &Fake{
		Identities: identities, Contacts: contacttest.NewFake(feed), Media: mediatest.NewFake(), Feed: feed, Inboxes: inboxes,
		Teams:  teamtest.NewFake(neighbours{identities, inboxes}, feed),
		spaces: make(map[identity.WorkspaceID]*space), marks: make(map[mark]uint64),
		visitors: make(map[conversation.VisitorID]conversation.Visitor),
		tokens:   make(map[tokenKey]conversation.TokenUse),
		policies: make(map[channel.InboxID]policy),
	}
	f.Calendars = calendartest.NewFake(feed)
	f.Queues = queuetest.NewFake(keepers{f}, feed)
	f.Catalog = catalogtest.NewFake(keepers{f}, feed)
	f.Contacts.Talks = f.talks
	return f
}

// talks lists who holds the conversations of a contact.
func (f *Fake) talks(workspace identity.WorkspaceID, who contact.ID) []identity.Holding {
	var out []identity.Holding
	for _, c := range f.space(workspace).conversations {
		if c = f.join(context.Background(), c); c.Contact == who {
			out = append(out, c.Held())
		}
	}
	return out
}

// keepers implements catalogtest.Known.
type keepers struct{ *Fake }

func (k keepers) HasMember(w identity.WorkspaceID, m identity.MemberID) bool {
	return neighbours{k.Identities, k.Inboxes}.HasMember(w, m)
}

func (k keepers) HasTeam(w identity.WorkspaceID, id team.ID) bool {
	_, err := k.Teams.Team(context.Background(), w, id)
	return err == nil
}

func (k keepers) Carries(w identity.WorkspaceID, id catalog.LabelID) bool {
	ids, err := k.Referring(context.Background(), w, conversation.Reference{Label: id}, 1)
	return err == nil && len(ids) > 0
}

// neighbours implements teamtest.Known.
type neighbours struct {
	identities *identitytest.Fake
	inboxes    *channeltest.Fake
}

func (n neighbours) HasMember(w identity.WorkspaceID, m identity.MemberID) bool {
	_, err := n.identities.Member(context.Background(), w, m)
	return err == nil
}

func (n neighbours) HasInbox(w identity.WorkspaceID, inbox string) bool {
	i, err := n.inboxes.Inbox(context.Background(), channel.InboxID(inbox))
	return err == nil && i.Workspace == w
}

func newSpace() *space {
	return &space{
		conversations: make(map[conversation.ID]conversation.Conversation),
		changes:       make(map[conversation.ID][]conversation.Change),
		messages:      make(map[conversation.ID]map[uint64]conversation.Message),
		html:          make(map[place]string),
		versions:      make(map[place][]conversation.Version),
		dedup:         make(map[dedupKey]conversation.Dedup),
		drafts:        make(map[draftKey]conversation.Draft),
		whispers:      make(map[conversation.WhisperID]conversation.Whisper),
		attendances:   make(map[conversation.ID]conversation.Attendance),
		scheduled:     make(map[conversation.ScheduledID]conversation.Scheduled),
		bots:          make(map[conversation.ID]conversation.BotTalk),
		findings:      make(map[conversation.FindingID]conversation.Finding),
		acknowledged:  make(map[customerKey]time.Time),
		deadlines:     make(map[conversation.ID]map[uint64]time.Time),
	}
}

// clone copies what a transaction may change.
func (s *space) clone() *space {
	c := &space{
		conversations: maps.Clone(s.conversations), changes: maps.Clone(s.changes),
		messages: make(map[conversation.ID]map[uint64]conversation.Message, len(s.messages)), dedup: maps.Clone(s.dedup),
		drafts: maps.Clone(s.drafts), whispers: maps.Clone(s.whispers), attendances: maps.Clone(s.attendances), scheduled: maps.Clone(s.scheduled), bots: maps.Clone(s.bots), findings: maps.Clone(s.findings),
		numbers: s.numbers, html: maps.Clone(s.html), acknowledged: maps.Clone(s.acknowledged), early: slices.Clone(s.early), versions: maps.Clone(s.versions),
	}
	for id, changes := range s.changes {
		c.changes[id] = slices.Clip(changes)
	}
	c.deadlines = make(map[conversation.ID]map[uint64]time.Time, len(s.deadlines))
	for id, deadlines := range s.deadlines {
		c.deadlines[id] = maps.Clone(deadlines)
	}
	for id, messages := range s.messages {
		c.messages[id] = maps.Clone(messages)
	}
	return c
}

// space returns the committed conversations of a workspace.
func (f *Fake) space(workspace identity.WorkspaceID) *space {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.spaces[workspace]; s != nil {
		return s
	}
	return newSpace()
}

// Within implements conversation.Store.
func (f *Fake) Within(ctx context.Context, workspace identity.WorkspaceID, fn func(ctx context.Context, tx conversation.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return errs.Wrap(err, errs.Unavailable, "storage.timeout", "The storage did not answer in time. Try again.")
	}
	if _, err := f.Identities.Workspace(ctx, workspace); err != nil {
		return err
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	tx := &fakeTx{fake: f, workspace: workspace, space: f.space(workspace).clone()}
	var commit, commitMedia func()
	tx.contacts, commit = f.Contacts.Begin(workspace)
	tx.media, commitMedia = f.Media.Begin(workspace)
	if err := fn(ctx, tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return tx.failed
	}
	commit()
	commitMedia()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spaces[workspace] = tx.space
	maps.Copy(f.visitors, tx.visitors)
	maps.Copy(f.tokens, tx.tokens)
	f.Feed.Append(tx.events...)
	return nil
}

// join fills in what is read from the neighbours.
func (f *Fake) join(ctx context.Context, c conversation.Conversation) conversation.Conversation {
	if who := f.Contacts.ByExternal(c.Workspace, string(c.Inbox), c.Recipient); who != "" {
		c.Contact = who
	}
	if who, ok := f.Contacts.Named(c.Workspace, c.Contact); ok {
		c.ContactName, c.Group = who.Name, who.Group
	}
	c.AssigneeName = ""
	if m, err := f.Identities.Member(ctx, c.Workspace, c.Assignee); err == nil {
		c.AssigneeName = m.Name
	}
	if i, err := f.Inboxes.Inbox(ctx, c.Inbox); err == nil {
		c.Plugin, c.Live = i.Plugin, i.Live
	}
	return c
}

// change returns a change with its message as it is now.
func (s *space) change(id conversation.ID, seq uint64) conversation.Change {
	ch := s.changes[id][seq-1]
	if ch.Message != nil {
		m := s.messages[id][ch.Message.Seq]
		ch.Message = &m
	}
	ch.Data = slices.Clone(ch.Data)
	return ch
}

// fakeTx is one transaction, on a copy.
type fakeTx struct {
	fake      *Fake
	workspace identity.WorkspaceID
	space     *space
	contacts  contact.Tx
	media     media.Tx
	events    []event.Event
	failed    error
	visitors  map[conversation.VisitorID]conversation.Visitor
	tokens    map[tokenKey]conversation.TokenUse
}

// fail remembers the first failure: nothing commits after it.
func (t *fakeTx) fail(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// Conversation implements conversation.Tx.
func (t *fakeTx) Conversation(ctx context.Context, id conversation.ID) (*conversation.Conversation, error) {
	c, ok := t.space.conversations[id]
	if !ok {
		return nil, errs.Absent()
	}
	c = t.fake.join(ctx, c)
	return c.Loaded(), nil
}

// Current implements conversation.Tx.
func (t *fakeTx) Current(ctx context.Context, inbox channel.InboxID, key string) (*conversation.Conversation, error) {
	for id, c := range t.space.conversations {
		if c.Inbox == inbox && c.Key() == key {
			return t.Conversation(ctx, id)
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// Sent implements conversation.Tx.
func (t *fakeTx) Sent(_ context.Context, id conversation.ID, sender, clientID string) (*conversation.Change, error) {
	for seq, m := range t.space.messages[id] {
		by := m.Sender.ID == sender || sender == "" && m.Sender.Kind == identity.ActorContact
		if clientID != "" && by && m.ClientID == clientID {
			ch := t.space.change(id, seq)
			return &ch, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for nothing
}

// Expect implements conversation.Tx: everything is read already.
func (t *fakeTx) Expect(context.Context, conversation.Arriving) {}

// Inbound implements conversation.Tx.
func (t *fakeTx) Inbound(_ context.Context, inbox channel.InboxID, kind conversation.InboundKind, external string) (*conversation.Dedup, error) {
	d, ok := t.space.dedup[dedupKey{inbox, kind, external}]
	if !ok {
		return nil, nil //nolint:nilnil // the port says nil for new
	}
	return &d, nil
}

// Remember implements conversation.Tx.
func (t *fakeTx) Remember(_ context.Context, inbox channel.InboxID, d conversation.Dedup) error {
	k := dedupKey{inbox, d.Kind, d.External}
	if err := storable(d.External, d.Hash); err != nil {
		return t.fail(err)
	}
	if _, ok := t.space.dedup[k]; ok {
		return t.fail(conflict())
	}
	if _, ok := t.space.conversations[d.Conversation]; !ok {
		return t.fail(errs.Absent())
	}
	t.space.dedup[k] = d
	return nil
}

// OfDelivery implements conversation.InboundTx.
func (t *fakeTx) OfDelivery(_ context.Context, inbox channel.InboxID, delivery string) (*conversation.Dedup, error) {
	message, ok := strings.CutPrefix(delivery, "dlv_")
	for id, messages := range t.space.messages {
		for seq, m := range messages {
			if ok && string(m.ID) == "msg_"+message && m.Delivery != "" && t.space.conversations[id].Inbox == inbox {
				return &conversation.Dedup{Kind: conversation.InboundSent, External: delivery, Conversation: id, Seq: seq}, nil
			}
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// UnderWay implements conversation.InboundTx.
func (t *fakeTx) UnderWay(_ context.Context, id conversation.ID) (bool, error) {
	for _, m := range t.space.messages[id] {
		if m.Delivery == conversation.DeliveryPending {
			return true, nil
		}
	}
	return false, nil
}

// Acknowledged implements conversation.AcknowledgementTx.
func (t *fakeTx) Acknowledged(_ context.Context, inbox channel.InboxID, external string, id conversation.ID, since time.Time) (time.Time, int, error) {
	n := 0
	for _, m := range t.space.messages[id] {
		if m.Sender.Kind == identity.ActorSystem && !m.CreatedAt.Before(since) {
			n++
		}
	}
	return t.space.acknowledged[customerKey{inbox, external}], n, nil
}

// Acknowledge implements conversation.AcknowledgementTx.
func (t *fakeTx) Acknowledge(_ context.Context, inbox channel.InboxID, external string, at time.Time) error {
	t.space.acknowledged[customerKey{inbox, external}] = at
	return nil
}

// TakesPart implements conversation.InboundTx.
func (t *fakeTx) TakesPart(_ context.Context, id conversation.ID, address string) (bool, error) {
	for _, m := range t.space.messages[id] {
		if slices.Contains(m.Parties(), address) {
			return true, nil
		}
	}
	return false, nil
}

// Said implements conversation.SaidTx.
func (t *fakeTx) Said(_ context.Context, id conversation.ID, limit int) ([]quote.Folded, error) {
	var out []quote.Folded
	messages := t.space.messages[id]
	for _, seq := range slices.Backward(slices.Sorted(maps.Keys(messages))) {
		m := messages[seq]
		if m.Kind == conversation.Note {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if m.Text+m.Quoted != "" {
			out = append(out, quote.Folded{New: m.Text, Rest: m.Quoted})
		}
	}
	return out, nil
}

// Contacts implements conversation.Tx.
func (t *fakeTx) Contacts() contact.Tx { return t.contacts }

// Media implements conversation.Tx.
func (t *fakeTx) Media() media.Tx { return t.media }

func conflict() error {
	return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
}
