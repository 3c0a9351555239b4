package ticket_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// machine is a ticket to which things happen, and what must follow from them.
type machine struct {
	t       *ticket.Ticket
	other   *ticket.Ticket // to merge into
	changes []ticket.Change
	at      time.Time
	ids     id.Source
	of      ticket.Type
}

func (m *machine) turn(t *rapid.T) ticket.Turn {
	m.at = m.at.Add(time.Minute)
	who := rapid.SampledFrom([]identity.Actor{
		{Kind: identity.ActorMember, ID: "mem_1", Name: "Lin"},
		{Kind: identity.ActorMember, ID: "mem_2", Name: "Mo"},
		{Kind: identity.ActorContact, ID: "con_1", Name: "Alice"},
		{Kind: identity.ActorSystem},
	}).Draw(t, "who")
	return ticket.Turn{Actor: who, At: m.at, IDs: m.ids}
}

// did takes the result of something that was tried: what fails must leave the
// ticket as it was.
func (m *machine) did(t *rapid.T, before ticket.Ticket, err error) {
	if err != nil {
		if len(m.t.Unsaved().Changes) > 0 || m.t.Status != before.Status || m.t.Assignee != before.Assignee || m.t.LastSeq != before.LastSeq {
			t.Fatalf("%v left its traces", err)
		}
		if errs.KindOf(err) == errs.Internal {
			t.Fatal(err)
		}
	}
	if before.Status == ticket.Closed && before.MergedInto == "" && m.t.Status != ticket.Closed {
		t.Fatal("a closed ticket was opened")
	}
	m.changes = append(m.changes, m.t.Unsaved().Changes...)
	m.t.Saved()
	m.other.Saved()
}

func TestTicketMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		m := &machine{at: at, ids: id.NewSource(func() time.Time { return at }), of: ticket.Type{
			ID: "tty_1", Fields: []ticket.Field{{Key: "size", Name: "Size", Type: catalog.Number, Required: rapid.Bool().Draw(t, "required")}},
		}}
		begin := ticket.Turn{At: at, IDs: m.ids, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1"}}
		m.t = ticket.Start(begin, ticket.Ticket{Workspace: "wsp_1", Type: m.of.ID, Title: "x", Contact: "con_1"})
		m.other = ticket.Start(begin, ticket.Ticket{Workspace: "wsp_1", Type: m.of.ID, Title: "other"})
		m.did(t, *m.t, nil)
		step := func(fn func(ticket.Turn) error) {
			before := *m.t
			m.did(t, before, fn(m.turn(t)))
		}
		t.Repeat(map[string]func(*rapid.T){
			"comment": func(t *rapid.T) {
				public := rapid.Bool().Draw(t, "public")
				step(func(turn ticket.Turn) error {
					_, err := m.t.Comment(turn, ticket.Written{ClientID: m.ids.New("cli"), Text: "x", Public: public || turn.Actor.Kind == identity.ActorContact})
					return err
				})
			},
			"status": func(t *rapid.T) {
				to := rapid.SampledFrom(ticket.Statuses()[:4]).Draw(t, "to")
				step(func(turn ticket.Turn) error { return m.t.SetStatus(turn, to, m.of) })
			},
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "luck") == 0 {
					step(func(turn ticket.Turn) error { return m.t.SetStatus(turn, ticket.Closed, m.of) })
				}
			},
			"assign": func(t *rapid.T) {
				to := rapid.SampledFrom([]identity.Member{{}, {ID: "mem_1", Name: "Lin"}, {ID: "mem_2", Name: "Mo"}}).Draw(t, "to")
				step(func(turn ticket.Turn) error { return m.t.Assign(turn, ticket.Destination{Member: &to}) })
			},
			"field": func(t *rapid.T) {
				value := rapid.SampledFrom([]any{nil, 1.0, 2.5, "no number"}).Draw(t, "value")
				step(func(turn ticket.Turn) error {
					return m.t.Edit(turn, ticket.Edit{Fields: map[string]any{"size": value}}, m.of)
				})
			},
			"rate": func(*rapid.T) { step(func(turn ticket.Turn) error { return m.t.Rate(turn, ticket.Rating{Score: 3}) }) },
			"follow": func(t *rapid.T) {
				on := rapid.Bool().Draw(t, "on")
				step(func(turn ticket.Turn) error { return m.t.Follow(turn, "mem_2", on) })
			},
			"merge":   func(*rapid.T) { step(func(turn ticket.Turn) error { return m.t.MergeInto(turn, m.other, false) }) },
			"unmerge": func(*rapid.T) { step(func(turn ticket.Turn) error { return m.t.Unmerge(turn, m.other) }) },
			"time": func(*rapid.T) {
				step(func(turn ticket.Turn) error { m.t.CloseSolved(turn, 100*time.Hour); return nil })
			},
			"": m.check,
		})
	})
}

// check holds what must be true after everything.
func (m *machine) check(t *rapid.T) {
	var public uint64
	var owner string
	status, comments := ticket.New, 0
	for i, ch := range m.changes {
		var data struct {
			Status ticket.Status `json:"status"`
			From   ticket.Status `json:"from"`
			To     string        `json:"assignee_id"`
			Before string        `json:"from_id"`
		}
		_ = json.Unmarshal(ch.Data, &data)
		if ch.Seq != uint64(i+1) {
			t.Fatalf("change %d has seq %d", i+1, ch.Seq)
		}
		if ch.PublicSeq > 0 {
			if public++; ch.PublicSeq != public {
				t.Fatalf("public seq %d, want %d", ch.PublicSeq, public)
			}
		}
		switch ch.Type {
		case ticket.Commented:
			comments++
			if ch.Comment.Public != (ch.PublicSeq > 0) {
				t.Fatal("an internal comment can be inferred")
			}
		case ticket.StatusChanged:
			if data.From != status || data.Status == ticket.New || data.From == data.Status {
				t.Fatalf("from %s to %s, and it stood at %s", data.From, data.Status, status)
			}
			status = data.Status
		case ticket.Merged:
			status = ticket.Closed
		case ticket.Unmerged:
			status = data.Status
		case ticket.Assigned: // ownership intervals: each begins where the last one ends
			if data.Before != owner {
				t.Fatalf("it went from %q to %q while %q had it", data.Before, data.To, owner)
			}
			owner = data.To
		default: // moves neither
		}
	}
	if string(m.t.Assignee) != owner || m.t.Status != status || m.t.Comments != comments || m.t.LastSeq != uint64(len(m.changes)) || m.t.LastPublicSeq != public {
		t.Fatalf("the changes give %s, %q, %d comments, and the ticket is %+v", status, owner, comments, *m.t)
	}
	if m.t.Status.Done() == m.t.SolvedAt.IsZero() && m.t.MergedInto == "" || (m.t.Status == ticket.Closed) == m.t.ClosedAt.IsZero() {
		t.Fatalf("%s since %v and %v", m.t.Status, m.t.SolvedAt, m.t.ClosedAt)
	}
}

func TestAChangeOfTypeKeepsWhatFits(t *testing.T) {
	ids := id.NewSource(time.Now)
	turn := ticket.Turn{At: time.Now(), IDs: ids, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1"}}
	k := ticket.Start(turn, ticket.Ticket{Workspace: "wsp_1", Type: "tty_1", Title: "x", Fields: map[string]any{"size": 2.5, "color": "red", "gone": "x"}})
	of := ticket.Type{ID: "tty_2", Fields: []ticket.Field{
		{Key: "size", Type: catalog.Number}, {Key: "color", Type: catalog.List, Options: []string{"blue"}},
	}}
	if err := k.Edit(turn, ticket.Edit{Type: &of}, of); err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"size": 2.5}; !reflect.DeepEqual(k.Fields, want) || k.Type != "tty_2" {
		t.Errorf("it keeps %v", k.Fields)
	}
	if ch := k.Unsaved().Changes; ch[len(ch)-1].Type != ticket.Edited || !slices.ContainsFunc(ch, func(c ticket.Change) bool { return json.Valid(c.Data) }) {
		t.Errorf("told as %v", ch)
	}
}
