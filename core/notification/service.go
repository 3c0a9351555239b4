package notification

import (
	"context"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Hydrator finds what feed entries are about; a conversation.Reader can.
type Hydrator interface {
	Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error)
}

// News is what a member's sockets are told.
type News struct {
	Member  identity.MemberID
	Created *Notification // nil = some were read
	Unread  int
}

// Announcer tells a member's sockets, on every node. It must not block; what
// it loses, a client finds at its next connection.
type Announcer interface {
	Notified(ctx context.Context, w identity.WorkspaceID, news News)
}

// Reaches tells what members reach.
type Reaches interface {
	// ReachOf returns what a member reaches of what a permission is for; nothing
	// for one who does not hold it, is suspended, or is not there.
	ReachOf(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, toRead identity.Permission) (identity.Reach, error)
}

// Tickets finds what feed entries say of tickets; a ticket.Reader can.
type Tickets interface {
	HydrateTickets(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error)
	Get(ctx context.Context, w identity.WorkspaceID, id ticket.ID) (ticket.Ticket, error)
}

// Conversations tells which conversations a reach covers; a conversation.Reader does.
type Conversations interface {
	Reached(ctx context.Context, w identity.WorkspaceID, within identity.Reach, ids []conversation.ID) (map[conversation.ID]bool, error)
}

// Deps is what the service stands on.
type Deps struct {
	Reaches       Reaches
	Conversations Conversations
	Tickets       Tickets
	Store         Store
	Inbox         Inbox
	Hydrator      Hydrator
	Announcer     Announcer
	Now           func() time.Time
	Log           *slog.Logger
	// Followed reports whether somebody follows the notifications of a
	// workspace, so that its feed is to have them; nil = never.
	Followed func(w identity.WorkspaceID) bool
}

// Service makes notifications and holds the use cases of those who get them.
//
// Concurrency: safe for concurrent use; there are no goroutines.
type Service struct {
	Deps
	ids id.Source
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d, ids: id.NewSource(d.Now)} }

// Start returns the feed number after which the events of a workspace are to
// be observed.
func (s *Service) Start(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	return s.Store.Cursor(ctx, w)
}

// lag bounds how many events without consequence are looked at again after a crash.
const lag = 200

// Observe implements event.Observer. The same events may come again.
func (s *Service) Observe(ctx context.Context, events []event.Event) error {
	w := identity.WorkspaceID(events[0].Workspace)
	list, revised, err := s.drafts(ctx, w, events)
	if err != nil {
		return err
	}
	for _, m := range revised { // the same twice does no harm
		if err := s.Store.Retell(ctx, w, m.Conversation, m.Seq, preview(m)); err != nil {
			return err
		}
	}
	last := events[len(events)-1].Feed
	if len(list) == 0 && last/lag == (events[0].Feed-1)/lag {
		return nil
	}
	return s.record(ctx, w, last, list)
}

// drafts returns the notifications that events make, the oldest first, and the
// messages that say something else since.
func (s *Service) drafts(ctx context.Context, w identity.WorkspaceID, events []event.Event) ([]Notification, []conversation.Message, error) {
	var about []event.Event
	for _, e := range events {
		if concerns(e) {
			about = append(about, e)
		}
	}
	if len(about) == 0 {
		return nil, nil, nil
	}
	made, err := s.Store.Mark(ctx, w, s.Now().Add(-event.MarkSpan))
	if err != nil {
		return nil, nil, err
	}
	var f found
	if f.changes, f.conversations, err = s.Hydrator.Hydrate(ctx, w, about); err != nil {
		return nil, nil, err
	}
	if f.work, f.tickets, err = s.Tickets.HydrateTickets(ctx, w, about); err != nil {
		return nil, nil, err
	}
	var revised []conversation.Message
	for _, ch := range f.changes {
		if ch.Type.Revises() && ch.Message != nil {
			revised = append(revised, *ch.Message)
		}
	}
	list := draftAll(about, f)
	for i := range list {
		list[i].Made = made
	}
	return list, revised, nil
}

// record stores what members want to be told, and tells their sockets.
func (s *Service) record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []Notification) error {
	wanted, err := s.wanted(ctx, w, list)
	if err != nil {
		return err
	}
	stored, err := s.Store.Record(ctx, w, upTo, wanted, s.teller(w))
	if err != nil {
		return err
	}
	for _, n := range stored {
		s.announce(ctx, w, n.Member, &n)
	}
	return nil
}

// wanted leaves out what members chose not to be told, and what they do not
// reach, and gives ids.
func (s *Service) wanted(ctx context.Context, w identity.WorkspaceID, list []Notification) ([]Notification, error) {
	chosen := make(map[identity.MemberID]Preferences)
	var out []Notification
	for _, n := range list {
		p, known := chosen[n.Member]
		if !known {
			var err error
			if p, err = s.preferences(ctx, w, n.Member); err != nil {
				return nil, err
			}
			chosen[n.Member] = p
		}
		if !p.Rules[n.Kind].InApp {
			continue
		}
		seen, err := s.sees(ctx, w, n)
		if err != nil {
			return nil, err
		}
		if seen {
			n.ID = ID(s.ids.New("ntf"))
			out = append(out, n)
		}
	}
	return out, nil
}

// sees reports whether a member reaches what a notification is about.
func (s *Service) sees(ctx context.Context, w identity.WorkspaceID, n Notification) (bool, error) {
	if n.Ticket != nil {
		return s.seesTicket(ctx, w, n)
	}
	if n.Conversation == "" {
		return true, nil
	}
	within, err := s.Reaches.ReachOf(ctx, w, n.Member, identity.ConversationRead)
	if err != nil || within.All() {
		return err == nil, err
	}
	found, err := s.Conversations.Reached(ctx, w, within, []conversation.ID{n.Conversation})
	return found[n.Conversation], err
}

// Told is a notification, and how its member wants to be told.
type Told struct {
	Notification Notification
	As           Preferences
}

// Fresh returns a notification that is unread and in sight of its member; ok is
// false for any other.
func (s *Service) Fresh(ctx context.Context, w identity.WorkspaceID, id ID) (told Told, ok bool, err error) {
	found, err := s.Store.Named(ctx, w, []ID{id})
	if err != nil {
		return Told{}, false, err
	}
	n, there := found[id]
	if !there || !n.ReadAt.IsZero() {
		return Told{}, false, nil
	}
	if ok, err = s.sees(ctx, w, n); err != nil || !ok {
		return Told{}, false, err
	}
	p, err := s.preferences(ctx, w, n.Member)
	return Told{n, p}, err == nil && p.Rules[n.Kind].InApp, err
}

func (s *Service) seesTicket(ctx context.Context, w identity.WorkspaceID, n Notification) (bool, error) {
	within, err := s.Reaches.ReachOf(ctx, w, n.Member, identity.TicketRead)
	if err != nil || within.All() {
		return err == nil, err
	}
	t, err := s.Tickets.Get(ctx, w, n.Ticket.ID)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil && within.Covers(t.Holding()), err
}

func (s *Service) preferences(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) (Preferences, error) {
	p, err := s.Inbox.Preferences(ctx, w, m)
	if err != nil || p == nil {
		return Default(), err
	}
	return p.complete(), nil
}

// announce tells a member's sockets. What fails is logged: it is stored.
func (s *Service) announce(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, created *Notification) {
	of := Sight{Member: m} // who reads neither has other news
	var err error
	if of.Conversations, err = s.Reaches.ReachOf(ctx, w, m, identity.ConversationRead); err == nil {
		of.Tickets, err = s.Reaches.ReachOf(ctx, w, m, identity.TicketRead)
	}
	unread := 0
	if err == nil {
		unread, err = s.Inbox.Unread(ctx, w, of)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a notification could not be announced", "member", string(m), "error", err)
		return
	}
	s.Announcer.Notified(ctx, w, News{Member: m, Created: created, Unread: unread})
}

// Waiting is a customer who waits while nobody who could answer is available.
type Waiting struct {
	Conversation conversation.ID
	Since        time.Time           // in the queue
	Tell         []identity.MemberID // who could answer, were they here
}

// Unattended tells members of a customer who waits, once for each time that
// the customer came to wait.
func (s *Service) Unattended(ctx context.Context, w identity.WorkspaceID, waits Waiting) error {
	list := make([]Notification, 0, len(waits.Tell))
	for _, m := range waits.Tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: Unattended, Conversation: waits.Conversation, At: s.Now().UTC().Truncate(time.Millisecond),
			Source: "unattended:" + string(waits.Conversation) + ":" + waits.Since.UTC().Format(time.RFC3339Nano),
			Actor:  identity.Actor{Kind: identity.ActorSystem},
		})
	}
	return s.record(ctx, w, 0, list)
}

// WebhookDisabled tells members that a webhook was turned off, once for an
// episode, which has a name. host is where it sent to.
func (s *Service) WebhookDisabled(ctx context.Context, w identity.WorkspaceID, episode, host string, tell []identity.MemberID) error {
	list := make([]Notification, 0, len(tell))
	for _, m := range tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: WebhookDisabled, Source: "webhook:" + episode, Text: host,
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: identity.Actor{Kind: identity.ActorSystem},
		})
	}
	return s.record(ctx, w, 0, list)
}

// PluginChanged tells members what became of a plugin, once for an episode,
// which has a name. reason is a sentence.
func (s *Service) PluginChanged(ctx context.Context, w identity.WorkspaceID, episode string, p Plugin, reason string, tell []identity.MemberID) error {
	list := make([]Notification, 0, len(tell))
	for _, m := range tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: PluginState, Source: "plugin:" + episode, Plugin: &p, Text: preview(conversation.Message{Text: reason}),
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: identity.Actor{Kind: identity.ActorSystem},
		})
	}
	return s.record(ctx, w, 0, list)
}

// AccountTurned tells members what became of an account, once for an episode,
// which has a name. detail is what its plugin says.
func (s *Service) AccountTurned(ctx context.Context, w identity.WorkspaceID, episode string, a Account, detail string, tell []identity.MemberID) error {
	list := make([]Notification, 0, len(tell))
	for _, m := range tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: AccountHealth, Source: "account:" + episode, Account: &a, Text: preview(conversation.Message{Text: detail}),
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: identity.Actor{Kind: identity.ActorSystem},
		})
	}
	return s.record(ctx, w, 0, list)
}

// AlertRaised tells members of an alert, once.
func (s *Service) AlertRaised(ctx context.Context, w identity.WorkspaceID, a Raised, tell []identity.MemberID) error {
	list := make([]Notification, 0, len(tell))
	for _, m := range tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: AlertRaised, Source: "alert:" + a.ID, Raised: &a,
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: identity.Actor{Kind: identity.ActorSystem},
		})
	}
	return s.record(ctx, w, 0, list)
}

// Alert is something that an analyzer noticed, and who is to know.
type Alert struct {
	Finding conversation.Finding
	Tell    []identity.MemberID
}

// Found tells members of a finding, once, as far as they reach its conversation.
func (s *Service) Found(ctx context.Context, w identity.WorkspaceID, a Alert) error {
	list := make([]Notification, 0, len(a.Tell))
	f := a.Finding
	for _, m := range a.Tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: RiskFound, Source: "finding:" + string(f.ID), Conversation: f.Conversation, Seq: f.Seq, Text: f.Title["en"],
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: identity.Actor{Kind: identity.ActorPlugin, ID: f.Connection, Name: f.Analyzer},
		})
	}
	return s.record(ctx, w, 0, list)
}

// Question is a use of a tool that waits for somebody to agree, and who is to
// know.
type Question struct {
	ID           string // of the use
	Conversation conversation.ID
	Text         string // what would be done
	By           identity.Actor
	Tell         []identity.MemberID
}

// Asked tells members of a question, once, as far as they reach its conversation.
func (s *Service) Asked(ctx context.Context, w identity.WorkspaceID, q Question) error {
	list := make([]Notification, 0, len(q.Tell))
	for _, m := range q.Tell {
		list = append(list, Notification{
			Workspace: w, Member: m, Kind: ApprovalAsked, Source: "approval:" + q.ID, Conversation: q.Conversation, Text: q.Text,
			At: s.Now().UTC().Truncate(time.Millisecond), Actor: q.By,
		})
	}
	return s.record(ctx, w, 0, list)
}

// Sweep forgets what is old, and what is too much.
func (s *Service) Sweep(ctx context.Context, w identity.WorkspaceID) (int, error) {
	return s.Store.Sweep(ctx, w, s.Now().Add(-KeepFor), Keep)
}

// own checks that the caller is a member, and returns who.
func own(scope identity.Scope) (identity.MemberID, error) {
	if err := scope.Require(identity.WorkspaceRead); err != nil {
		return "", err
	}
	if scope.Member() == "" {
		return "", errs.New(errs.Forbidden, "forbidden", "Only members have notifications.")
	}
	return scope.Member(), nil
}

// Within is what the actor sees, as ReachOf says it.
func Within(scope identity.Scope) Sight {
	of := Sight{Member: scope.Member()}
	if scope.May(identity.ConversationRead) {
		of.Conversations = scope.Reach()
	}
	if scope.May(identity.TicketRead) {
		of.Tickets = scope.Reach()
	}
	return of
}

// List returns the acting member's notifications, the newest first.
func (s *Service) List(ctx context.Context, scope identity.Scope, unread bool, p page.Request) (page.Page[Notification], error) {
	if _, err := own(scope); err != nil {
		return page.Page[Notification]{}, err
	}
	return s.Inbox.List(ctx, scope.Workspace, Within(scope), unread, p)
}

// Unread counts the acting member's.
func (s *Service) Unread(ctx context.Context, scope identity.Scope) (int, error) {
	if _, err := own(scope); err != nil {
		return 0, err
	}
	return s.Inbox.Unread(ctx, scope.Workspace, Within(scope))
}

// MaxRead bounds how many can be named at once.
const MaxRead = 200

// MarkRead marks notifications of the acting member read, or all of them, and
// returns how many are left unread.
func (s *Service) MarkRead(ctx context.Context, scope identity.Scope, ids []ID, all bool) (int, error) {
	m, err := own(scope)
	if err != nil {
		return 0, err
	}
	if all == (len(ids) > 0) || len(ids) > MaxRead {
		return 0, errs.New(errs.Invalid, "notification.read", "Name up to 200 notifications, or say all.").
			WithFields(errs.Field{Pointer: "/ids", Code: "range", Detail: "names 1 to 200 notifications, unless all is true"})
	}
	if all {
		ids = nil
	}
	at := s.Now()
	events, err := s.readBy(scope.Workspace, m, ids, at)
	if err == nil {
		err = s.Inbox.MarkRead(ctx, scope.Workspace, m, ids, at, events...)
	}
	if err != nil {
		return 0, err
	}
	unread, err := s.Inbox.Unread(ctx, scope.Workspace, Within(scope))
	if err == nil {
		s.Announcer.Notified(ctx, scope.Workspace, News{Member: m, Unread: unread})
	}
	return unread, err
}

// Preferences returns how the acting member wants to be told.
func (s *Service) Preferences(ctx context.Context, scope identity.Scope) (Preferences, error) {
	m, err := own(scope)
	if err != nil {
		return Preferences{}, err
	}
	return s.preferences(ctx, scope.Workspace, m)
}

// SetPreferences replaces how the acting member wants to be told. Kinds that
// are left out go back to the default.
func (s *Service) SetPreferences(ctx context.Context, scope identity.Scope, p Preferences) (Preferences, error) {
	m, err := own(scope)
	if err != nil {
		return Preferences{}, err
	}
	if err := p.check(); err != nil {
		return Preferences{}, err
	}
	p = p.complete()
	return p, s.Inbox.SavePreferences(ctx, scope.Workspace, m, p)
}
