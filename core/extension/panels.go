package extension

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/lru"
)

// Bounds of cards that are kept.
const (
	maxCards = 2000
	maxFresh = 5 * time.Minute
)

// PanelDeps is what PanelService needs.
type PanelDeps struct {
	Panels     Panels
	Connected  Connected
	Allowances Allowances
	Circle     Circle
	// Name returns what colleagues call a member.
	Name  func(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (string, error)
	Audit Recorder
	Key   []byte // of frame tokens
	Now   func() time.Time
}

// PanelService shows members what plugins have to show them. It is safe for
// concurrent use.
type PanelService struct {
	PanelDeps
	mu    sync.Mutex
	cards *lru.Map[string, shownCard]
}

// shownCard is a card that may still be shown.
type shownCard struct {
	card  Card
	until time.Time
}

// NewPanelService returns a PanelService.
func NewPanelService(d PanelDeps) *PanelService {
	return &PanelService{PanelDeps: d, cards: lru.New[string, shownCard](maxCards)}
}

// Ask names a panel and how it is looked at.
type Ask struct {
	Connection ConnectionID
	Panel      string
	Subject    Subject // without the contact, which is found out
	Locale     string
	Theme      string
}

// Shown is a panel that a member may see.
type Shown struct {
	Connection Connection
	Panel      Panel
}

// List returns the panels of a slot ("" = of every slot that is about nothing,
// or about what is named) that the member may see.
func (s *PanelService) List(ctx context.Context, scope identity.Scope, slot Slot, of Subject) ([]Shown, error) {
	if of != (Subject{}) {
		if _, err := s.Circle.Subject(ctx, scope, of.Conversation, of.Ticket); err != nil {
			return nil, err
		}
	}
	all, err := s.Connected.AllInUse(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	panels := s.Panels.Panels()
	out := []Shown{}
	for _, c := range all {
		for _, p := range panels {
			if p.Plugin != c.Plugin || slot != "" && p.Slot != slot || slot == "" && p.Slot.fits(of) != nil || !scope.May(p.Slot.need()) {
				continue
			}
			out = append(out, Shown{Connection: c, Panel: p})
		}
	}
	return out, nil
}

// seat is a panel with a member before it, who may be there.
type seat struct {
	connection Connection
	panel      Panel
	view       PanelView
	may        func(scope string) bool // of the plugin in this workspace
}

// find returns a connection in use and a panel of its plugin.
func (s *PanelService) find(ctx context.Context, scope identity.Scope, a Ask) (Connection, Panel, error) {
	c, err := s.Connected.InUse(ctx, scope.Workspace, a.Connection)
	if err != nil {
		return Connection{}, Panel{}, err
	}
	panels := s.Panels.Panels()
	at := slices.IndexFunc(panels, func(p Panel) bool { return p.Plugin == c.Plugin && p.Name == a.Panel })
	if at < 0 {
		return Connection{}, Panel{}, errs.Absent()
	}
	return c, panels[at], nil
}

// take checks that the member may see the panel and all that it is about, and
// says what its plugin is told of them.
func (s *PanelService) take(ctx context.Context, scope identity.Scope, a Ask) (seat, error) {
	c, p, err := s.find(ctx, scope, a)
	if err != nil {
		return seat{}, err
	}
	if err := scope.Require(p.Slot.need()); err != nil {
		return seat{}, err
	}
	if err := p.Slot.fits(a.Subject); err != nil {
		return seat{}, err
	}
	subject := Subject{}
	if a.Subject != subject {
		if subject, err = s.Circle.Subject(ctx, scope, a.Subject.Conversation, a.Subject.Ticket); err != nil {
			return seat{}, err
		}
	}
	allowed, err := s.Allowances.Allowed(ctx, scope.Workspace, c.Plugin)
	if err != nil {
		return seat{}, err
	}
	out := seat{connection: c, panel: p, may: func(x string) bool { return slices.Contains(allowed, x) }}
	out.view = PanelView{
		Panel: p.Name, Slot: p.Slot, Subject: subject.cutTo(out.may), Member: scope.Member(), Locale: a.Locale, Theme: a.Theme,
		May: rights(scope, p.Slot),
	}
	if out.may(scopeMembers) && scope.Member() != "" {
		out.view.MemberName, err = s.Name(ctx, scope.Workspace, scope.Member())
	}
	return out, err
}

// rights are what the member may do where the panel stands.
func rights(scope identity.Scope, slot Slot) []string {
	out := []string{"read"}
	if scope.May(slot.write()) {
		out = append(out, "write")
	}
	if scope.May(identity.PluginManage) {
		out = append(out, "manage")
	}
	return out
}

// wantCard refuses a panel that is a page.
func (s seat) wantCard() error {
	if s.panel.Page != "" {
		return errs.New(errs.Conflict, "panel.is_page", "The panel is a page, not a card: ask for its frame.")
	}
	return nil
}

// key names a card: whatever its plugin is told is in it.
func (s seat) key() string {
	v := s.view
	return strings.Join(append([]string{
		string(s.connection.Workspace), string(s.connection.ID), strconv.FormatUint(s.connection.Revision, 10), v.Panel, v.Subject.Conversation, v.Subject.Ticket,
		v.Subject.Contact, string(v.Member), v.MemberName, v.Locale, v.Theme,
	}, v.May...), "\x00")
}

// Render returns the card of a panel: one that is still fresh, or what its
// plugin says now.
func (s *PanelService) Render(ctx context.Context, scope identity.Scope, a Ask) (Card, error) {
	seat, err := s.take(ctx, scope, a)
	if err == nil {
		err = seat.wantCard()
	}
	if err != nil {
		return Card{}, err
	}
	key, now := seat.key(), s.Now()
	s.mu.Lock()
	k, ok := s.cards.Get(key)
	s.mu.Unlock()
	if ok && now.Before(k.until) {
		return Card{JSON: k.card.JSON, Fresh: k.until.Sub(now)}, nil
	}
	card, err := s.Panels.Render(ctx, seat.connection, seat.view)
	if err != nil {
		return Card{}, err
	}
	if card.Fresh = min(card.Fresh, maxFresh); card.Fresh > 0 {
		s.mu.Lock()
		s.cards.Put(key, shownCard{card, now.Add(card.Fresh)})
		s.mu.Unlock()
	}
	return card, nil
}

// Act tells a plugin that a member pressed a button of its card. What is done in
// the settings is written to the audit log.
func (s *PanelService) Act(ctx context.Context, scope identity.Scope, a Ask, press PanelAction) (Pressed, error) {
	seat, err := s.take(ctx, scope, a)
	if err == nil {
		err = seat.wantCard()
	}
	if err != nil {
		return Pressed{}, err
	}
	out, err := s.Panels.Act(ctx, seat.connection, seat.view, press)
	if err != nil {
		return Pressed{}, err
	}
	s.mu.Lock()
	s.cards.Remove(seat.key())
	s.mu.Unlock()
	if seat.panel.Slot != SlotComposer && seat.panel.Slot != SlotConversation {
		out.InsertText = ""
	}
	if seat.panel.Slot == SlotSettings {
		return out, s.Audit.Keep(ctx, scope, s.record(ctx, scope, "panel.acted", seat).Say(map[string]string{"panel": seat.panel.Name, "action": press.Action}))
	}
	return out, nil
}

func (s *PanelService) record(ctx context.Context, scope identity.Scope, action string, x seat) *event.Record {
	return identity.Record(ctx, scope, action, event.Party{Kind: "connection", ID: string(x.connection.ID), Name: x.connection.Name})
}

// Frame is a page, ready to be shown.
type Frame struct {
	Plugin  PluginID
	Page    string
	Token   string
	Expires time.Time
}

// Open lets a member into a page: its token says who looks at what, for ten
// minutes, and is good in this session alone.
func (s *PanelService) Open(ctx context.Context, scope identity.Scope, a Ask) (Frame, error) {
	seat, err := s.take(ctx, scope, a)
	if err != nil {
		return Frame{}, err
	}
	if seat.panel.Page == "" {
		return Frame{}, errs.New(errs.Conflict, "panel.is_card", "The panel is a card, not a page: ask for it to be rendered.")
	}
	until := s.Now().Add(frameLife).Truncate(time.Second)
	t := ticketOf(ctx, scope, a, until)
	return Frame{Plugin: seat.panel.Plugin, Page: seat.panel.Page, Token: t.sign(s.Key), Expires: until}, nil
}

// Call brings what a page asks to its plugin, as far as the token reaches. The
// member, the connection and the subject are looked at anew each time.
func (s *PanelService) Call(ctx context.Context, scope identity.Scope, a Ask, token, method string, params json.RawMessage) (json.RawMessage, error) {
	if _, _, err := s.find(ctx, scope, a); err != nil {
		return nil, err
	}
	t, err := readTicket(s.Key, token)
	if err != nil {
		return nil, err
	}
	want := ticketOf(ctx, scope, a, t.Until)
	want.Conversation, want.Ticket, want.Locale, want.Theme = t.Conversation, t.Ticket, t.Locale, t.Theme
	if t != want || !s.Now().Before(t.Until) {
		return nil, badTicket()
	}
	a.Subject, a.Locale, a.Theme = Subject{Conversation: t.Conversation, Ticket: t.Ticket}, t.Locale, t.Theme
	seat, err := s.take(ctx, scope, a)
	if err != nil {
		return nil, err
	}
	if seat.panel.Page == "" {
		return nil, badTicket()
	}
	return s.Panels.Call(ctx, seat.connection, seat.view, method, params)
}
