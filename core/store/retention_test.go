package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/store"
)

// kept is a workspace whose rules are tried.
type kept struct {
	*conversationtest.World
	store *store.Store
	raw   *sql.DB
	rules *retention.Service
	bin   *bin
	at    time.Time // of the rules' clock
}

// bin remembers which files were thrown away.
type bin struct {
	gone []media.ID
	err  error
}

func (b *bin) Remove(id media.ID) error {
	if b.err == nil {
		b.gone = append(b.gone, id)
	}
	return b.err
}

// TestRetention runs each case on both systems.
func TestRetention(t *testing.T) {
	for name, from := range map[string]func(*testing.T) source{"sqlite": lite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			empty := from(t)
			for name, run := range map[string]func(*kept){
				"conversations": (*kept).conversations, "files": (*kept).files, "contacts": (*kept).contacts, "the rest": (*kept).rest,
				"it breaks off": (*kept).breaksOff, "it holds nobody up": (*kept).holdsNobodyUp,
			} {
				t.Run(name, func(t *testing.T) { run(keeping(t, empty(t))) })
			}
		})
	}
}

func keeping(t *testing.T, c store.Config) *kept {
	t.Helper()
	driver := "sqlite"
	if c.Driver == store.Postgres {
		driver = "pgx"
	}
	raw, err := sql.Open(driver, c.Source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	s := open(t, c)
	k := &kept{World: conversationtest.NewWorld(t, fixture(s)), store: s, raw: raw, bin: &bin{}}
	k.at = k.Tick().AddDate(0, 0, 100)
	k.rules = retention.NewService(retention.Deps{
		Store: s.Retention(), Bin: k.bin, Rest: func(context.Context, time.Duration) {}, Now: func() time.Time { return k.at }, Log: slog.New(slog.DiscardHandler),
	})
	return k
}

func (k *kept) exec(query string, args ...any) {
	k.Helper()
	for i := range args {
		query = strings.Replace(query, "?", fmt.Sprintf("$%d", i+1), 1)
	}
	if _, err := k.raw.ExecContext(k.Context(), query, args...); err != nil {
		k.Fatalf("%s: %v", query, err)
	}
}

func (k *kept) count(table string) int {
	k.Helper()
	var n int
	k.OK(k.raw.QueryRowContext(k.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n))
	return n
}

// file gives a conversation a file.
func (k *kept) file(c conversation.Conversation) media.ID {
	k.Helper()
	id := k.IDs.New("att")
	k.exec(`INSERT INTO attachment (workspace_id, attachment_id, uploader_kind, uploader_id, state, name, type, kind, size, received, sha256, width, height, duration_ms, preview, conversation_id, message_seq, position, created_at, expires_at)
VALUES (?, ?, 'member', 'mem', 'taken', 'a.txt', 'text/plain', 'file', 7, 7, 'x', 0, 0, 0, '', ?, 2, 0, ?, 0)`, string(c.Workspace), id, string(c.ID), k.Tick().UnixMicro())
	return media.ID(id)
}

// ended is a conversation that was resolved.
func (k *kept) ended(name string) conversation.Conversation {
	k.Helper()
	c := k.Receive(k.Inbox, name, "m1"+name, "the words of "+name)
	k.Change(c.ID, func(c *conversation.Conversation) error {
		return c.Assign(k.System(), k.Owner.ID, k.Owner.Name, "self")
	})
	k.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(k.Turn(k.Owner)); return nil })
	return k.Get(c.ID)
}

func (k *kept) run(patch retention.Patch) {
	k.Helper()
	scope := identity.SystemScope(k.WS)
	_, err := k.rules.Update(k.Context(), scope, patch)
	k.OK(err)
	ran, err := k.rules.Run(k.Context(), k.WS)
	k.OK(err)
	if !ran {
		k.Fatal("the rules were not carried out")
	}
	k.OK(k.rules.Bury(k.Context()))
}

// What is older than a rule goes with all that belongs to it; what is not stays.
func (k *kept) conversations() {
	var old []conversation.Conversation
	for i := range 23 { // more than two batches
		old = append(old, k.ended(fmt.Sprintf("old%02d", i)))
	}
	going := k.Receive(k.Inbox, "open", "m1", "still open")
	merged := k.Receive(k.Inbox, "source", "m1", "merged")
	k.OK(k.TryMerge(k.Turn(k.Owner), merged.ID, old[0].ID))
	file := k.file(old[1])
	k.exec(`INSERT INTO ticket_type (workspace_id, type_id, name, description, fields, is_default, archived_at, created_at) VALUES (?, 'tty_1', 'General', '', '[]', 0, 0, 1)`, string(k.WS))
	k.exec(`INSERT INTO ticket (workspace_id, ticket_id, number, type_id, title, title_key, description, status, priority, contact_id, contact_origin, conversation_id, inbox_id, source_id, team_id, followers, due_at, overdue_at, fields, labels, merged_into, merge_undo, created_kind, created_by, created_name, created_at, updated_at, solved_at, closed_at, rating_score, rating_comment, rating_at, link_epoch, last_seq, last_public_seq, comments)
VALUES (?, 'tkt_1', 1, 'tty_1', 'its own text', '', 'what it says', 'new', 0, ?, '', ?, '', '', '', '', 0, 0, '{}', '', '', '', 'member', 'm', 'M', 1, 1, 0, 0, 0, '', 0, 0, 1, 1, 0)`, string(k.WS), string(old[2].Contact), string(old[2].ID))
	abroad, _ := k.Workspace("abroad@example.com")
	theirs := k.Receive(k.NewInbox(abroad, false), "ext", "m1", "theirs")
	k.OK(k.TryChange(abroad, theirs.ID, func(c *conversation.Conversation) error { c.Resolve(k.System()); return nil }))
	before, err := k.store.Events().Head(k.Context(), string(k.WS))
	k.OK(err)

	seen, err := k.rules.Preview(k.Context(), identity.SystemScope(k.WS), retention.Patch{retention.Conversations: 90, retention.Files: 90, retention.Contacts: 30, retention.PageViews: 30, retention.Webhooks: 30, retention.Notifications: 30, retention.Exports: 30, retention.Requests: 30})
	k.OK(err)
	if len(seen) != 8 || seen[0].Count != 23 || seen[0].Oldest.IsZero() || seen[1].Count != 1 || seen[1].Bytes != 7 {
		k.Errorf("the preview says %+v", seen)
	}
	if later, err := k.rules.Preview(k.Context(), identity.SystemScope(k.WS), retention.Patch{retention.Conversations: 101}); err != nil || later[0].Count != 0 {
		k.Errorf("nothing is that old: %+v %v", later, err)
	}
	k.run(retention.Patch{retention.Conversations: 90})
	for _, c := range append(old, merged) {
		if _, err := k.F.Reader.Get(k.Context(), k.WS, c.ID); !errs.Is(err, errs.NotFound) {
			k.Errorf("%s is there: %v", c.ID, err)
		}
	}
	if got := k.Get(going.ID); got.LastSeq != going.LastSeq {
		k.Error("an open conversation was touched")
	}
	if _, err := k.F.Reader.Get(k.Context(), abroad, theirs.ID); err != nil {
		k.Errorf("another workspace's: %v", err)
	}
	if !slices.Equal(k.bin.gone, []media.ID{file}) || k.count("attachment") != 0 || k.count("retention_file") != 0 {
		k.Errorf("files: %v", k.bin.gone)
	}
	for table, want := range map[string]int{"message": 2, "retention_tally": 0, "ticket WHERE conversation_id IS NULL AND description = 'what it says'": 1} {
		if got := k.count(table); got != want {
			k.Errorf("%s has %d rows, want %d", table, got, want)
		}
	}
	k.told(before, append(old, merged))
	k.recorded(`{"conversations":{"days":90,"deleted":23}}`)
	if ran, err := k.rules.Run(k.Context(), k.WS); ran || err != nil {
		k.Errorf("it is not time again: %v %v", ran, err)
	}
}

// told checks that the feed says goodbye to each, with who reached it.
func (k *kept) told(after uint64, gone []conversation.Conversation) {
	k.Helper()
	events, err := k.store.Events().Since(k.Context(), string(k.WS), after, 500)
	k.OK(err)
	missing := map[string]conversation.Conversation{}
	for _, c := range gone {
		missing[string(c.ID)] = c
	}
	for _, e := range events {
		c, ok := missing[e.Subject]
		if e.Type != conversation.Deleted || !ok {
			continue
		}
		delete(missing, e.Subject)
		f := conversation.FarewellOf(e.Data)
		if f.Held.Inbox != string(c.Inbox) || f.Seq < c.LastSeq || f.Held.Assignee != c.Assignee {
			k.Errorf("the farewell of %s is %s", c.ID, e.Data)
		}
	}
	if len(missing) > 0 {
		k.Errorf("nobody is told of %d deleted conversations", len(missing))
	}
}

// recorded checks the last record of the audit log, and its chain.
func (k *kept) recorded(detail string) {
	k.Helper()
	var got string
	k.OK(k.raw.QueryRowContext(k.Context(), `SELECT detail FROM audit_row WHERE action = 'retention.applied' ORDER BY seq DESC LIMIT 1`).Scan(&got))
	if got != detail {
		k.Errorf("the audit log says %s, want %s", got, detail)
	}
	r, err := audit.NewService(k.store.Audit(), time.Now).Verify(k.Context(), identity.SystemScope(k.WS))
	k.OK(err)
	if r.Fault != nil {
		k.Errorf("the chain is broken: %+v", r.Fault)
	}
}

// The bytes of files go, their rows say so; a backup makes them wait.
func (k *kept) files() {
	c := k.Receive(k.Inbox, "one", "m1", "hello")
	file := k.file(c)
	k.bin.err = media.ErrHeld
	k.run(retention.Patch{retention.Files: 90})
	if len(k.bin.gone) != 0 || k.count("retention_file") != 1 {
		k.Error("a file was taken from a backup")
	}
	k.bin.err = nil
	k.OK(k.rules.Bury(k.Context()))
	if !slices.Equal(k.bin.gone, []media.ID{file}) || k.count("retention_file") != 0 {
		k.Errorf("removed: %v", k.bin.gone)
	}
	u, err := k.store.Attachments().Find(k.Context(), file)
	k.OK(err)
	if u.RemovedAt.IsZero() || u.Name != "a.txt" {
		k.Errorf("the row says %+v", u)
	}
	if whole, err := k.store.Attachments().Whole(k.Context(), "", 10); err != nil || len(whole) != 0 {
		k.Errorf("its file is missed: %v %v", whole, err)
	}
	k.recorded(`{"files":{"days":90,"deleted":1}}`)
}

// Contacts go when nothing is left of them, with those merged into them and
// their traces.
func (k *kept) contacts() {
	gone := k.ended("gone")
	busy := k.Receive(k.Inbox, "busy", "m1", "hello")
	k.exec(`INSERT INTO page_view (workspace_id, inbox_id, external_id, at, url, title, referrer, duration) VALUES (?, ?, 'gone', 1, 'https://example.com', '', '', 0)`, string(k.WS), string(k.Inbox.ID))
	k.exec(`INSERT INTO contact_note (workspace_id, note_id, contact_id, text, author_kind, author_id, author_name, created_at, updated_at) VALUES (?, 'cno_1', ?, 'x', 'member', 'm', 'M', 1, 1)`, string(k.WS), string(gone.Contact))
	k.run(retention.Patch{retention.Contacts: 90})
	if _, _, err := k.store.Contacts().Get(k.Context(), k.WS, gone.Contact); err != nil {
		k.Fatalf("a contact with a conversation went: %v", err)
	}
	k.at = k.at.Add(2 * retention.Every)
	k.run(retention.Patch{retention.Conversations: 90})
	for who, there := range map[contact.ID]bool{gone.Contact: false, busy.Contact: true} {
		if _, _, err := k.store.Contacts().Get(k.Context(), k.WS, who); errs.Is(err, errs.NotFound) == there {
			k.Errorf("%s: %v", who, err)
		}
	}
	if n := k.count(`event_outbox WHERE type = 'erasure.changed' AND subject = '` + string(gone.Contact) + `'`); n != 1 {
		k.Errorf("others are told %d times which contact went", n)
	}
	if k.count("page_view") != 0 || k.count("contact_note") != 0 || k.count("contact_identity") != 1 {
		k.Error("traces are left")
	}
	k.recorded(`{"contacts":{"days":90,"deleted":1},"conversations":{"days":90,"deleted":1}}`)
}

// Rows that nothing belongs to go by their age.
func (k *kept) rest() {
	old, young := k.Tick().UnixMicro(), k.at.UnixMicro()
	for i, at := range []int64{old, young} {
		k.exec(`INSERT INTO page_view (workspace_id, inbox_id, external_id, at, url, title, referrer, duration) VALUES (?, ?, 'x', ?, 'https://example.com', '', '', 0)`, string(k.WS), string(k.Inbox.ID), at)
		k.exec(`INSERT INTO notification (workspace_id, member_id, notification_id, kind, source, feed_seq, conversation_id, seq, text, actor_kind, actor_id, actor_name, at, read_at) VALUES (?, ?, ?, 'assigned', ?, 0, '', 0, '', '', '', '', ?, 0)`,
			string(k.WS), string(k.Owner.ID), fmt.Sprint("ntf_", i), strconv.Itoa(i), at)
		k.exec(`INSERT INTO webhook (workspace_id, webhook_id, url, description, events, filter, inboxes, active, secrets, health, failing_since, last_success, from_feed, created_by, created_at, updated_at) VALUES (?, ?, 'https://example.com', '', '["*"]', '', '[]', 1, '[]', 'healthy', 0, 0, 0, '', 1, 1)`, string(k.WS), fmt.Sprint("whk_", i))
		for _, state := range []string{"delivered", "pending"} {
			k.exec(`INSERT INTO webhook_delivery (workspace_id, delivery_id, webhook_id, event_id, type, feed_seq, subject, body, at, state, attempts, next_at, claimed_until, status, code, created_at, pending_at, settled_at) VALUES (?, ?, ?, ?, 't', 1, 's', '{}', 1, ?, 1, 0, 0, 200, '', 1, 1, ?)`,
				string(k.WS), fmt.Sprint("whd_", i, state), fmt.Sprint("whk_", i), fmt.Sprint(i, state), state, at)
		}
	}
	k.run(retention.Patch{retention.PageViews: 30, retention.Notifications: 30, retention.Webhooks: 30})
	for table, want := range map[string]int{"page_view": 1, "notification": 1, "webhook_delivery": 3} {
		if got := k.count(table); got != want {
			k.Errorf("%s has %d rows, want %d", table, got, want)
		}
	}
	k.recorded(`{"notifications":{"days":30,"deleted":1},"page_views":{"days":30,"deleted":1},"webhook_deliveries":{"days":30,"deleted":1}}`)
}

// A rule that is changed while it is carried out is carried out anew, and what
// a run that broke off has deleted is recorded.
func (k *kept) breaksOff() {
	for i := range 12 {
		k.ended(strconv.Itoa(i))
	}
	scope := identity.SystemScope(k.WS)
	_, err := k.rules.Update(k.Context(), scope, retention.Patch{retention.Conversations: 90})
	k.OK(err)
	ctx, cancel := context.WithCancel(k.Context())
	k.rules.Rest = func(context.Context, time.Duration) { cancel() }
	if _, err := k.rules.Run(ctx, k.WS); !errors.Is(err, context.Canceled) {
		k.Errorf("a run that broke off says %v", err)
	}
	k.recorded(`{"conversations":{"days":90,"deleted":10}}`)
	if ran, err := k.rules.Run(k.Context(), k.WS); !ran || err != nil {
		k.Errorf("it does not go on: %v %v", ran, err)
	}
	k.recorded(`{"conversations":{"days":90,"deleted":2}}`)
}

// Who writes does not wait for what is deleted: while hundreds of conversations
// go, a message is stored in a fraction of a second.
func (k *kept) holdsNobodyUp() {
	const many = 120
	for i := range many {
		c := k.ended(fmt.Sprint("c", i))
		k.Change(c.ID, func(c *conversation.Conversation) error {
			for n := range 20 {
				c.AddNote(k.Turn(k.Owner), conversation.Words(fmt.Sprint("n", n), strings.Repeat("word ", 40)))
			}
			return nil
		})
	}
	k.rules.Rest = func(_ context.Context, d time.Duration) { time.Sleep(d) }
	ctx, stop := context.WithCancel(k.Context())
	var wg sync.WaitGroup
	var waits []time.Duration
	wg.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			began := time.Now()
			_, err := k.TryReceive(k.Inbox, "writer", fmt.Sprint("w", n), "hello", k.at) //nolint:contextcheck // the world has its own
			if err != nil {
				k.Error(err)
				return
			}
			waits = append(waits, time.Since(began))
		}
	})
	began := time.Now()
	k.run(retention.Patch{retention.Conversations: 90})
	took := time.Since(began)
	stop()
	wg.Wait()
	slices.Sort(waits)
	if len(waits) == 0 || k.count("conversation") != 1 {
		k.Fatalf("%d writes, %d conversations are left", len(waits), k.count("conversation"))
	}
	worst := waits[len(waits)-1]
	k.Logf("%d conversations of 23 changes went in %v; %d writes meanwhile, median %v, p99 %v, worst %v", many, took, len(waits), waits[len(waits)/2], waits[len(waits)*99/100], worst)
	if worst > 2*time.Second { // a busy machine; the log tells the rest
		k.Errorf("somebody waited %v", worst)
	}
}
