package filters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/filters"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
)

const (
	workspace = "wsp_1"
	me        = "mem_1"
)

// words are texts in which databases like to differ: wildcards, quotes, the
// case of letters beyond ASCII, emoji.
var words = []string{
	"Ann", "ann", "ANN LI", "50%", "50_", `back\slash`, "O'Brien", `"quoted"`, "李明", "明", "Ärger", "ärger", "İstanbul", "a", "%", "_", "🙂", "$.x", "x; --", "李 明",
}

func definitions() []catalog.Attribute {
	var out []catalog.Attribute
	for _, target := range []catalog.Target{catalog.OfConversation, catalog.OfContact} {
		for _, typ := range []catalog.Type{catalog.Text, catalog.Number, catalog.Boolean, catalog.Date, catalog.List, catalog.Link} {
			a := catalog.Attribute{Target: target, Key: "k_" + string(typ), Type: typ}
			if typ == catalog.List {
				a.Options = []string{"gold", "silver", "50%"}
			}
			out = append(out, a)
		}
	}
	return out
}

// on runs a test on an empty database of each system.
func on(t *testing.T, run func(t *testing.T, d *db.DB)) {
	t.Helper()
	open := func(t *testing.T, driver db.Driver, source string) *db.DB {
		t.Helper()
		d, err := db.Open(t.Context(), db.Config{Driver: driver, Source: source, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close(context.WithoutCancel(t.Context())) })
		return d
	}
	t.Run("sqlite", func(t *testing.T) { run(t, open(t, db.SQLite, filepath.Join(t.TempDir(), "patchbay.db"))) })
	t.Run("postgres", func(t *testing.T) { run(t, open(t, db.Postgres, pgtest.Start(t).Schema(t))) })
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// instants lie around each other's millisecond.
func instant(r *rand.Rand) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(6)) * 500 * time.Microsecond)
}

func attributes(r *rand.Rand) map[string]any {
	out := map[string]any{}
	for _, typ := range []string{"text", "number", "boolean", "date", "list", "link"} {
		switch r.IntN(4) {
		case 0:
		case 1: // of another type than the definition says
			out["k_"+typ] = pick[any](r, "5", "true", 7.0, false, "gold")
		default:
			out["k_"+typ] = map[string]any{
				"text": pick(r, words...), "number": pick(r, -1.5, 0.0, 2.0, 7.0), "boolean": r.IntN(2) == 0,
				"date": pick(r, "2026-02-28", "2026-03-01", "2026-03-02"), "list": pick(r, "gold", "silver", "50%"), "link": "https://example.com/" + pick(r, words...),
			}[typ]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// random makes a conversation with a contact.
func random(r *rand.Rand, n int) viewtest.Row {
	at := instant(r)
	row := viewtest.Row{
		Contact: contact.Contact{Workspace: workspace, ID: contact.ID(fmt.Sprint("con_", n)), Name: pick(r, words...), Email: pick(r, "", "a_b%c@example.com", "A_B%C@EXAMPLE.COM"), Organisation: pick[contact.OrganisationID](r, "", "org_1", "org_2"), Attributes: attributes(r)},
		Read:    uint64(r.IntN(3)),
	}
	c := conversation.Conversation{
		Workspace: workspace, ID: conversation.ID(fmt.Sprintf("cnv_%03d", n)), Inbox: pick[channel.InboxID](r, "inb_1", "inb_2"), Contact: row.Contact.ID,
		State: pick(r, conversation.Open, conversation.Snoozed, conversation.Resolved), Responder: pick(r, "", conversation.ResponderQueue, conversation.ResponderAgent),
		Assignee:       pick[identity.MemberID](r, "", "mem_1", "mem_2"),
		LastInboundSeq: uint64(r.IntN(3)), CreatedAt: at, UpdatedAt: instant(r),
		WaitingSince: pick(r, time.Time{}, instant(r)),
	}
	c.Last.At = pick(r, time.Time{}, instant(r))
	c.Number, c.Team, c.Priority = uint64(n), pick[team.ID](r, "", "tea_1", "tea_2"), pick(r, conversation.Priorities()...)
	c.Queue = pick[queue.ID](r, "", "que_1", "que_2")
	c.Attributes = attributes(r)
	for _, l := range []catalog.LabelID{"lab_1", "lab_2", "lab_3"} {
		if r.IntN(3) == 0 {
			c.Labels = append(c.Labels, l)
		}
	}
	for _, m := range []identity.MemberID{"mem_1", "mem_2"} {
		if r.IntN(3) == 0 {
			c.Participants = append(c.Participants, m)
		}
	}
	c.Score = r.IntN(6)
	row.Conversation = c
	for _, m := range []identity.MemberID{"mem_1", "mem_2"} {
		if r.IntN(3) == 0 {
			row.Mentioned = append(row.Mentioned, m)
		}
	}
	for range r.IntN(3) {
		row.Pages = append(row.Pages, "https://shop.example/"+pick(r, words...))
	}
	return row
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func encoded(m map[string]any) string {
	if m == nil {
		return ""
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func joined[T ~string](ids []T) string {
	var out []string
	for _, id := range ids {
		out = append(out, string(id))
	}
	return strings.Join(out, " ")
}

// write puts rows where the stores would.
func write(t *testing.T, d *db.DB, rows []viewtest.Row) {
	t.Helper()
	err := d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error {
		do := func(query string, args ...any) {
			if err := tx.Queue(ctx, query, args...); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		do(`INSERT INTO workspace (workspace_id, name, locale, created_at, updated_at) VALUES (?, 'w', 'en', 1, 1)`, workspace)
		for _, m := range []string{"1", "2"} {
			do(`INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at) VALUES (?, ?, '', '', '', 1, 1)`, "acc_"+m, m)
			do(`INSERT INTO member (workspace_id, member_id, account_id, name, role, capacity, suspended, created_at, updated_at) VALUES (?, ?, ?, 'm', 'agent', 1, ?, 1, 1)`, workspace, "mem_"+m, "acc_"+m, false)
			do(`INSERT INTO inbox (workspace_id, inbox_id, name, plugin, live, config, config_revision, hook_hash, enabled, created_at, updated_at)
VALUES (?, ?, 'i', 'p', ?, '{}', 1, ?, ?, 1, 1)`, workspace, "inb_"+m, true, m, true)
		}
		for _, l := range []string{"lab_1", "lab_2", "lab_3"} {
			do(`INSERT INTO label (workspace_id, label_id, name, name_key, color, description, created_at, deleted_at) VALUES (?, ?, ?, ?, '', '', 1, 0)`, workspace, l, l, l)
		}
		for _, row := range rows {
			c, p := row.Conversation, row.Contact
			typed := encoded(p.Attributes)
			if typed == "" {
				typed = "{}"
			}
			do(`INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes, organisation_id, created_at, updated_at) VALUES (?, ?, ?, ?, '', '', ?, ?, 1, 1)`,
				workspace, string(p.ID), p.Name, p.Email, typed, string(p.Organisation))
			do(`INSERT INTO conversation (workspace_id, conversation_id, inbox_id, contact_id, recipient, talk_key, state, responder, assignee_id, snoozed_until,
queued_at, waiting_since, last_seq, last_public_seq, last_inbound_seq, last_text, last_sender, last_kind, last_at, created_at, updated_at,
number, team_id, queue_id, priority, labels, participants, attributes, rating_score) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, ?, '', 'contact', 'text', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				workspace, string(c.ID), string(c.Inbox), string(c.Contact), string(c.Contact), string(c.Contact), string(c.State), string(c.Responder), null(string(c.Assignee)), db.Micros(c.WaitingSince),
				int64(c.LastInboundSeq), db.Micros(c.Last.At), db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt),
				int64(c.Number), string(c.Team), string(c.Queue), int64(slices.Index(conversation.Priorities(), c.Priority)), joined(c.Labels), joined(c.Participants), encoded(c.Attributes), int64(c.Score))
			for _, l := range c.Labels {
				do(`INSERT INTO conversation_label (workspace_id, conversation_id, label_id) VALUES (?, ?, ?)`, workspace, string(c.ID), string(l))
			}
			for _, m := range c.Participants {
				do(`INSERT INTO conversation_participant (workspace_id, conversation_id, member_id) VALUES (?, ?, ?)`, workspace, string(c.ID), string(m))
			}
			for _, m := range row.Mentioned {
				do(`INSERT INTO conversation_mention (workspace_id, conversation_id, member_id) VALUES (?, ?, ?)`, workspace, string(c.ID), string(m))
			}
			for i, url := range row.Pages {
				do(`INSERT INTO page_view (workspace_id, inbox_id, external_id, at, url, title, referrer, duration) VALUES (?, ?, ?, ?, ?, '', '', 0)`,
					workspace, string(c.Inbox), string(c.Contact), int64(i+1), url)
			}
			if row.Read > 0 {
				do(`INSERT INTO conversation_read (workspace_id, member_id, conversation_id, seq) VALUES (?, ?, ?, ?)`, workspace, me, string(c.ID), int64(row.Read))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// value makes a value for a field.
func value(r *rand.Rand, f filter.Field) any {
	switch f.Kind {
	case filter.Enum:
		return pick(r, f.Options...)
	case filter.ID, filter.Set:
		if f.Word != "" && r.IntN(3) == 0 {
			return f.Word
		}
		if f.Prefix == "con" {
			return fmt.Sprint("con_", r.IntN(80))
		}
		return f.Prefix + "_" + pick(r, "1", "2", "3", "none")
	case filter.Number:
		return pick(r, -1.5, 0.0, 1.5, 2.0, 7.0, 12.0, 40.5)
	case filter.Time:
		if r.IntN(5) == 0 {
			return map[string]string{pick(r, "ago", "in"): pick(r, "0s", "1s", "2h")}
		}
		return instant(r).Format(time.RFC3339Nano)
	case filter.Date:
		if r.IntN(5) == 0 {
			return map[string]string{pick(r, "ago", "in"): pick(r, "0d", "1d")}
		}
		return pick(r, "2026-02-28", "2026-03-01", "2026-03-02")
	case filter.Bool:
		return r.IntN(2) == 0
	default:
		w := pick(r, words...)
		if f.Name == "contact.email" {
			w = pick(r, "a_b%c", "A_B%C@example.com", "_", "%", "c@")
		}
		return w
	}
}

func values(r *rand.Rand, f filter.Field, op filter.Op) any {
	switch op {
	case filter.In, filter.NotIn, filter.HasAny:
		return []any{value(r, f), value(r, f)}
	case filter.Between:
		return []any{value(r, f), value(r, f)}
	default:
		return value(r, f)
	}
}

func leaf(r *rand.Rand, f filter.Field, op filter.Op) map[string]any {
	out := map[string]any{"field": f.Full(), "op": op}
	if op != filter.IsSet && op != filter.IsNotSet {
		out["value"] = values(r, f, op)
	}
	return out
}

// tree makes a random tree.
func tree(r *rand.Rand, all []filter.Field, depth int) map[string]any {
	join := r.IntN(6)
	if depth >= filter.MaxDepth || join < 2 {
		f := pick(r, all...)
		return leaf(r, f, pick(r, f.Kind.Ops()...))
	}
	if join == 2 {
		return map[string]any{"not": tree(r, all, depth+1)}
	}
	var parts []any
	for range 1 + r.IntN(3) {
		parts = append(parts, tree(r, all, depth+1))
	}
	return map[string]any{pick(r, "and", "or"): parts}
}

func fields(reg filter.Registry) []filter.Field {
	var out []filter.Field
	for _, f := range reg {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b filter.Field) int { return strings.Compare(a.Full(), b.Full()) })
	return out
}

// Every operator on every field, and many trees of them, select on both
// databases what the reference selects.
func TestEveryOperatorOfEveryField(t *testing.T) {
	on(t, func(t *testing.T, d *db.DB) {
		r := rand.New(rand.NewPCG(7, 11))
		var rows []viewtest.Row
		for n := range 50 {
			rows = append(rows, random(r, n))
		}
		write(t, d, rows)
		s, reg := conversations.New(d, nil), view.Fields(definitions())
		env := filter.Env{Now: time.Date(2026, 3, 1, 12, 0, 1, 1_000_000, time.UTC), Me: me, Teams: []string{"tea_1"}}
		asked, selected := 0, 0
		ask := func(what map[string]any) {
			t.Helper()
			raw, err := json.Marshal(what)
			if err != nil {
				t.Fatal(err)
			}
			n, err := filter.Parse(raw, reg)
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			asked++
			selected += compare(t, s, n, env, rows)
		}
		all := fields(reg)
		for _, f := range all {
			for _, op := range f.Kind.Ops() {
				for range 2 {
					ask(leaf(r, f, op))
					ask(map[string]any{"not": leaf(r, f, op)})
				}
			}
		}
		for range 80 {
			ask(tree(r, all, 1))
		}
		if selected < asked || selected > asked*len(rows)*3/4 {
			t.Errorf("%d filters selected %d rows: they do not choose", asked, selected)
		}
	})
}

// compare asks both ways, through every order, and returns how many rows were selected.
func compare(t *testing.T, s *conversations.Store, n filter.Node, env filter.Env, rows []viewtest.Row) int {
	t.Helper()
	var want []string
	var ids []conversation.ID
	for _, row := range rows {
		ids = append(ids, row.Conversation.ID)
		if n.Match(env, row) {
			want = append(want, string(row.Conversation.ID))
		}
	}
	slices.Sort(want)
	raw, _ := json.Marshal(n)
	q := view.Query{Reach: identity.Everywhere(), Where: n.Plan(env), Sort: view.Sorts()[len(raw)%len(view.Sorts())], Me: me}
	var got []string
	for p := (page.Request{Limit: 30}); ; {
		found, err := s.Find(t.Context(), workspace, q, p)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		for _, c := range found.Items {
			got = append(got, string(c.ID))
		}
		if p.Cursor = found.Next; p.Cursor == "" {
			break
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s in the order %s\nselects %v\nwant    %v", raw, q.Sort, got, want)
	}
	count, err := s.Count(t.Context(), workspace, q, 20)
	if err != nil || count != min(20, len(want)) {
		t.Errorf("%s counts %d, %v; want %d", raw, count, err, len(want))
	}
	among, err := s.Among(t.Context(), workspace, q, ids)
	if err != nil || len(among) != len(want) {
		t.Errorf("%s: %d of the ids given, %v; want %d", raw, len(among), err, len(want))
	}
	return len(want)
}

// No byte of a filter is part of a query: whatever stands in it, for values
// and for the keys of custom attributes, the words of the query are ours.
func TestNothingOfAFilterIsText(t *testing.T) {
	const taint = "ZQXJK"
	var custom []catalog.Attribute
	for _, a := range definitions() {
		a.Key, a.Options = taint+a.Key+"'\"?$", []string{taint + "'\"?$"}
		custom = append(custom, a)
	}
	reg := view.Fields(custom)
	r := rand.New(rand.NewPCG(1, 2))
	for _, driver := range []db.Driver{db.SQLite, db.Postgres} {
		for _, f := range fields(reg) {
			for _, op := range f.Kind.Ops() {
				c := filter.Condition{Field: f, Op: op}
				for range 2 {
					c.Values = append(c.Values, filter.Value{Text: taint + "'\"?$", Number: 987654321, Time: time.UnixMicro(987654321), Bool: r.IntN(2) == 0})
				}
				if op != filter.In && op != filter.NotIn && op != filter.HasAny && op != filter.Between {
					c.Values = c.Values[:1]
				}
				for _, n := range []filter.Node{{Leaf: c}, {Join: filter.Not, Children: []filter.Node{{Leaf: c}}}} {
					clause, err := filters.Conversations(driver, n.Plan(filter.Env{Me: me}), taint)
					if err != nil {
						t.Fatalf("%s %s: %v", f.Full(), op, err)
					}
					for _, part := range []string{taint, "987654", me, "$."} {
						if strings.Contains(clause.SQL, part) {
							t.Errorf("%s %s puts %q into %s", f.Full(), op, part, clause.SQL)
						}
					}
					if n := strings.Count(clause.SQL, "?"); n != len(clause.Args) {
						t.Errorf("%s %s binds %d of %d parameters in %s", f.Full(), op, len(clause.Args), n, clause.SQL)
					}
				}
			}
		}
	}
}

// What has no column is refused, and not forgotten.
func TestAFieldWithoutAColumn(t *testing.T) {
	n := filter.Node{Leaf: filter.Condition{Field: filter.Field{Name: "secret", Kind: filter.Text}, Op: filter.IsSet}}
	if _, err := filters.Conversations(db.SQLite, n.Plan(filter.Env{}), ""); err == nil {
		t.Error("it was compiled")
	}
}
