package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// beyond is a workspace with one of each thing within the reach of a member and
// one of each beyond it.
type beyond struct {
	*site
	limited, owner string // cookies
	base           string
	theirs, mine   map[string]string // places
}

// secret is in everything that is beyond reach, and nowhere else.
const secret = "Quixotism"

// newBeyond makes the member, who holds every permission for what their team
// has.
func newBeyond(t *testing.T) *beyond {
	t.Helper()
	s := newSite(t, nil)
	b := &beyond{site: s, owner: s.signIn(s.Owner), base: "/api/v1/workspaces/" + string(s.WS)}
	m := s.Member(s.WS, "limited@example.com", "Limited", 5)
	name, all, reach := "Limited", identity.Permissions(), identity.ReachTeam
	role, err := s.identity.Roles.Create(t.Context(), identity.SystemScope(s.WS), identity.RolePatch{Name: &name, Permissions: &all, Reach: &reach})
	s.OK(err)
	s.change(m, func(m *identity.Member) { m.Role = role.ID })
	ours, others := s.Team(s.WS, "Ours", m.ID), s.team(s.WS, "Others")
	b.limited = s.signIn(m)

	far := s.Receive(s.NewInbox(s.WS, false), "far", "f1", secret)
	s.Change(far.ID, func(c *conversation.Conversation) error { c.Route(s.Turn(s.Owner), others); return nil })
	near := s.Receive(s.Inbox, "near", "n1", "hello")
	s.Change(near.ID, func(c *conversation.Conversation) error { c.Route(s.Turn(s.Owner), ours); return nil })
	b.theirs, b.mine = b.things(far, secret), b.things(near, "hello")
	return b
}

func (b *beyond) tomorrow() string { return b.now().Add(24 * time.Hour).UTC().Format(time.RFC3339) }

// things makes what hangs on a conversation and its contact, as the owner.
func (b *beyond) things(c conversation.Conversation, word string) map[string]string {
	b.Helper()
	out := map[string]string{"conversation": string(c.ID), "contact": string(c.Contact), "type": "tty_none", "role": "rol_none"}
	_, err := b.fake.Contacts.Update(b.Context(), b.WS, c.Contact, func(p *contact.Contact) ([]event.Event, error) {
		p.Name, p.Email = word+" Person", strings.ToLower(word)+"@example.com"
		return nil, nil
	})
	b.OK(err)
	id := func(path, body string) string {
		b.Helper()
		a := b.ask(http.MethodPost, b.base+path, body, "Cookie", b.owner)
		var made struct{ ID string }
		if a.StatusCode >= 300 {
			b.Fatalf("%s: %d %s", path, a.StatusCode, a.text)
		}
		_ = json.Unmarshal([]byte(a.text), &made)
		return made.ID
	}
	talk := "/conversations/" + out["conversation"]
	out["note"] = id("/contacts/"+out["contact"]+"/notes", `{"text":"`+word+`"}`)
	out["scheduled"] = id(talk+"/scheduled", `{"client_msg_id":"s","text":"`+word+`","send_at":"`+b.tomorrow()+`"}`)
	id(talk+"/messages", `{"client_msg_id":"x","kind":"text","text":"`+word+`"}`)
	out["ticket"] = id("/tickets", `{"title":"`+word+`","conversation_id":"`+out["conversation"]+`"}`)
	team := b.Get(c.ID).Team
	b.workTicket(out["ticket"], func(turn ticket.Turn, k *ticket.Ticket) error {
		return k.Assign(turn, ticket.Destination{Team: &team})
	})
	return out
}

// TestListsWithinReach: no list, count, search, export or feed tells of what is
// beyond reach. The table of routes says which there are.
func TestListsWithinReach(t *testing.T) {
	b := newBeyond(t)
	x := search.NewIndexer(b.index, searchtest.NewSource(b.tickets), func(context.Context) ([]string, error) { return nil, nil }, time.Now, slog.New(slog.DiscardHandler))
	b.OK(x.CatchUp(t.Context(), b.WS))
	questions := map[string][]string{
		"/search": {"?q=" + secret, "?q=Person", "?type=tickets&q=" + secret, "?type=tickets&q=T-1"}, "/contacts": {"", "?q=" + secret, "?sort=seen", "?sort=name"},
		"/tickets":        {"", "?q=" + secret, "?sort=due", "?sort=priority", "?filter=" + url.QueryEscape(`{"field":"title","op":"contains","value":"`+secret+`"}`)},
		"/tickets/export": {"?format=csv"}, "/events": {"?after=0&limit=200"},
		"/conversations": {"", "?view=all", "?contact=" + b.theirs["contact"], "?sort=waiting_asc", "?sort=priority_desc"},
	}
	shown := 0
	for _, r := range b.Routes() {
		tail, ok := strings.CutPrefix(r.Path, "/api/v1/workspaces/{workspace}/")
		if !ok || !membersOnly(r.Access, r.Path) || r.Method != http.MethodGet || strings.Contains(tail, "{") || strings.HasPrefix(tail, "audit") || tail == "imports" {
			continue
		}
		asks := questions["/"+tail]
		if asks == nil {
			asks = []string{""}
		}
		for _, q := range asks {
			a, all := b.ask(http.MethodGet, b.base+"/"+tail+q, "", "Cookie", b.limited), b.ask(http.MethodGet, b.base+"/"+tail+q, "", "Cookie", b.owner)
			if a.StatusCode != all.StatusCode && all.StatusCode < 300 {
				t.Errorf("%s%s answers %d %s", tail, q, a.StatusCode, a.text)
			}
			if b.tells(all) {
				shown++
			}
			if b.tells(a) {
				t.Errorf("%s%s tells of what is beyond reach: %s", tail, q, a.text)
			}
		}
	}
	if shown < 12 {
		t.Errorf("only %d lists tell the owner", shown)
	}
	a := b.ask(http.MethodPost, b.base+"/conversations/query", `{"sort":"created_desc"}`, "Cookie", b.limited)
	if a.StatusCode != http.StatusOK || b.tells(a) || !strings.Contains(a.text, b.mine["conversation"]) {
		t.Errorf("a query answers %d %s", a.StatusCode, a.text)
	}
	for path, want := range map[string]string{"/conversations/counts?views=all": `"all":1}`, "/tickets/counts": `"open":1`} {
		if a := b.ask(http.MethodGet, b.base+path, "", "Cookie", b.limited); !strings.Contains(a.text, want) && !strings.Contains(a.text, `"new":1`) {
			t.Errorf("%s answers %s", path, a.text)
		}
	}
}

// tells reports whether an answer has anything of what is beyond reach.
func (b *beyond) tells(a answer) bool {
	if strings.Contains(strings.ToLower(a.text), strings.ToLower(secret)) {
		return true
	}
	for _, name := range []string{"conversation", "contact", "ticket", "note", "scheduled"} {
		if strings.Contains(a.text, b.theirs[name]) {
			return true
		}
	}
	return false
}
