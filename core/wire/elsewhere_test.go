package wire_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/wire"
)

func elsewhere(t *testing.T, n notification.Notification) json.RawMessage {
	t.Helper()
	n.ID, n.Member, n.At = "ntf_1", "mem_1", at
	about := wire.About{
		Member: identity.Member{Name: "«name»", Email: "«email»"}, Link: "«link»",
		Inbox: &wire.Named{ID: "inb_1", Name: "«inbox»"}, Team: &wire.Named{ID: "tea_1", Name: "«team»"},
	}
	c := conversations()["ordered"]
	c.Last.Text, c.ContactName, c.AssigneeName = "«last»", "«customer»", "«assignee»"
	about.Conversation = &c
	if n.Ticket != nil {
		k := work()
		k.Title, k.Description, k.ContactName = "«title now»", "«description»", "«customer of it»"
		about.Ticket, about.Conversation = &k, nil
	}
	raw, err := json.Marshal(wire.ElsewhereOf(n, about))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestElsewhereIsCut: what was written, and who somebody is, is told with the
// scope for it alone.
func TestElsewhereIsCut(t *testing.T) {
	byCustomer := notification.Notification{Kind: notification.Reply, Conversation: "cnv_1", Seq: 4, Text: "«said»", Actor: identity.Actor{Kind: identity.ActorContact, ID: "con_1", Name: "«who»"}}
	byColleague := notification.Notification{
		Kind: notification.TicketMention, Text: "«comment»", Ticket: &notification.Ticket{ID: "tkt_1", Number: 7, Title: "«title»"},
		Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_2", Name: "«colleague»"},
	}
	always := []string{"link", "inbox", "team"}
	for name, tt := range map[string]struct {
		of     notification.Notification
		scopes []string
		more   []string
	}{
		"conversation, nothing":   {byCustomer, nil, nil},
		"conversation, texts":     {byCustomer, []string{"conversations:read"}, []string{"said", "last"}},
		"conversation, customers": {byCustomer, []string{"contacts:read.pii"}, []string{"who", "customer"}},
		"conversation, members":   {byCustomer, []string{"members:read"}, []string{"name", "assignee"}},
		"conversation, addresses": {byCustomer, []string{"members:read.pii"}, []string{"email"}},
		"conversation, tickets":   {byCustomer, []string{"tickets:read"}, nil},
		"ticket, nothing":         {byColleague, nil, nil},
		"ticket, talks":           {byColleague, []string{"conversations:read"}, nil},
		"ticket, tickets":         {byColleague, []string{"tickets:read"}, []string{"comment", "title", "title now", "description"}},
		"ticket, members":         {byColleague, []string{"members:read"}, []string{"name", "colleague"}},
	} {
		t.Run(name, func(t *testing.T) {
			cut, err := wire.NewCutter().Cut(elsewhere(t, tt.of), func(scope string) bool { return slices.Contains(tt.scopes, scope) })
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, m := range regexp.MustCompile(`«([^»]+)»`).FindAllSubmatch(cut, -1) {
				if word := string(m[1]); !slices.Contains(told, word) {
					told = append(told, word)
				}
			}
			want := append(slices.Clone(always), tt.more...)
			if tt.of.Ticket != nil && slices.Contains(tt.scopes, "members:read") {
				told = slices.DeleteFunc(told, func(w string) bool { return w == "assignee" })
			}
			slices.Sort(told)
			slices.Sort(want)
			if !slices.Equal(told, want) {
				t.Errorf("told %q, want %q in %s", told, want, cut)
			}
		})
	}
}

// TestElsewhereWhole: with every scope nothing is cut, and so is what was read.
func TestElsewhereWhole(t *testing.T) {
	all := func(string) bool { return true }
	n := notification.Notification{Kind: notification.ImportDone, Import: &notification.Import{ID: "imp_1", Created: 3}, Actor: identity.Actor{Kind: identity.ActorSystem}}
	read, err := json.Marshal(wire.ReadElsewhere(notification.ReadData{Member: "mem_1", IDs: []notification.ID{"ntf_1"}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []json.RawMessage{elsewhere(t, n), read} {
		cut, err := wire.NewCutter().Cut(raw, all)
		if err != nil {
			t.Fatal(err)
		}
		var whole, left any
		if json.Unmarshal(raw, &whole) != nil || json.Unmarshal(cut, &left) != nil {
			t.Fatal("no JSON")
		}
		a, _ := json.Marshal(whole)
		b, _ := json.Marshal(left)
		if string(a) != string(b) {
			t.Errorf("\n%s\n%s", a, b)
		}
	}
	if want := `{"notification":{"member":{"id":"mem_1"},"ids":["ntf_1"]}}`; string(read) != want {
		t.Errorf("%s, want %s", read, want)
	}
}
