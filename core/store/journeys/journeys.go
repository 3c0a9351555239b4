// Package journeys reads what happened with one customer from the tables of
// conversations and of contacts.
package journeys

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/contacts"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/reach"
)

// Store implements journey.Reader.
type Store struct {
	db            *db.DB
	contacts      *contacts.Store
	conversations *conversations.Store
}

// New returns a Store.
func New(d *db.DB) *Store {
	return &Store{db: d, contacts: contacts.New(d), conversations: conversations.New(d, nil)}
}

// reading is one page on its way.
type reading struct {
	*Store
	workspace identity.WorkspaceID
	contact   contact.ID
	kinds     []journey.Kind
	within    identity.Reach
	places    journey.Places
	limit     int
}

// Journey implements journey.Reader. A page takes one query for all
// conversations together, one for each other source, and one for the changes
// that it shows.
func (s *Store) Journey(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, q journey.Query, p page.Request) (page.Page[journey.Item], error) {
	var out page.Page[journey.Item]
	places, err := journey.PlacesOf(p.Cursor)
	if err != nil {
		return out, err
	}
	seen, err := s.contacts.Reached(ctx, workspace, q.Reach, []contact.ID{id})
	if err == nil && !seen[id] {
		err = errs.Absent()
	}
	if err != nil {
		return out, err
	}
	c, known, err := s.contacts.Get(ctx, workspace, id)
	if err != nil || c.MergedInto != "" {
		return out, err
	}
	r := &reading{Store: s, workspace: workspace, contact: id, kinds: q.Kinds, within: q.Reach, places: places, limit: min(p.Size(), journey.MaxItems)}
	strands, err := r.talks(ctx)
	if err != nil {
		return out, err
	}
	for _, read := range []func(context.Context) (journey.Strand, error){r.views, r.notes, r.merges} {
		strand, err := read(ctx)
		if err != nil {
			return out, err
		}
		strands = append(strands, strand)
	}
	strands = append(strands, r.identities(known))
	out.Items, out.Next = journey.Weave(strands, places, r.limit)
	return out, r.fill(ctx, out.Items)
}

func (r *reading) wants(k journey.Kind) bool { return slices.Contains(r.kinds, k) }

// talk is a conversation of the contact.
type talk struct {
	id    conversation.ID
	inbox channel.InboxID
}

// talks reads where the conversations go on: keys only, all in one query.
func (r *reading) talks(ctx context.Context) ([]journey.Strand, error) {
	condition, ok := r.types()
	if !ok {
		return nil, nil
	}
	var all []talk
	where, bound := reach.Conversations(r.db.Driver(), r.within, "conversation")
	err := r.db.Rows(ctx, `SELECT conversation_id, inbox_id FROM conversation WHERE workspace_id = ? AND contact_id = ?`+reach.And(where)+` ORDER BY conversation_id`,
		append([]any{string(r.workspace), string(r.contact)}, bound...), func(sc db.Scanner) error {
			var id, inbox string
			err := sc.Scan(&id, &inbox)
			all = append(all, talk{conversation.ID(id), channel.InboxID(inbox)})
			return err
		})
	var strands []journey.Strand
	for part := range slices.Chunk(all, together) {
		if err != nil {
			return nil, err
		}
		var more []journey.Strand
		more, err = r.heads(ctx, part, condition)
		strands = append(strands, more...)
	}
	return strands, err
}

// together is how many conversations are read with one query. SQLite takes 500
// parts of a compound query.
const together = 64

// heads reads the next changes of some conversations, each along its sequence.
func (r *reading) heads(ctx context.Context, part []talk, condition string) ([]journey.Strand, error) {
	const head = `SELECT * FROM (SELECT conversation_id, seq, at, type FROM conversation_change
WHERE workspace_id = ? AND conversation_id = ? AND seq < ? AND at <= ? AND `
	var b strings.Builder
	var args []any
	for i := range size(len(part)) {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		b.WriteString(head + condition + ` ORDER BY seq DESC LIMIT ?) s` + strconv.Itoa(i))
		id := "" // of no conversation: fills the number of parts up
		if i < len(part) {
			id = string(part[i].id)
		}
		seq, until := r.from("c" + id)
		args = append(args, string(r.workspace), id, seq, until, r.limit+1)
	}
	strands, index := make([]journey.Strand, len(part)), make(map[string]int, len(part))
	for i, t := range part {
		strands[i].Name, index[string(t.id)] = "c"+string(t.id), i
	}
	err := r.db.Rows(ctx, b.String(), args, func(sc db.Scanner) error {
		var id, typ string
		var seq, at int64
		if err := sc.Scan(&id, &seq, &at, &typ); err != nil {
			return err
		}
		i := index[id]
		strands[i].Entries = append(strands[i].Entries, journey.Entry{
			At: db.Time(at), Place: strconv.FormatInt(seq, 10), Item: journey.Item{
				At: db.Time(at), Kind: journey.KindOf(conversation.ChangeType(typ)), Conversation: part[i].id, Inbox: part[i].inbox,
				Change: &conversation.Change{Conversation: part[i].id, Seq: uint64(seq)}, //nolint:gosec // written as uint64
			},
		})
		return nil
	})
	for i := range strands { // nothing promises the order of a union's parts
		slices.SortFunc(strands[i].Entries, func(a, b journey.Entry) int {
			return int(b.Item.Change.Seq) - int(a.Item.Change.Seq) //nolint:gosec // sequences are small
		})
	}
	return strands, err
}

func size(n int) int {
	out := 1
	for out < n {
		out *= 2
	}
	return out
}

const endless = int64(1) << 62

// from says where a conversation goes on: below a seq, or, when it was not
// begun, not after the time of the last item shown.
func (r *reading) from(strand string) (seq, until int64) {
	if place, ok := r.places.Begun[strand]; ok {
		n, err := strconv.ParseInt(place, 10, 64)
		if err != nil {
			return 0, 0 // not a place we gave out: nothing is there
		}
		return n, endless
	}
	return endless, r.until()
}

// until is the time of the last item shown.
func (r *reading) until() int64 {
	if r.places.From.IsZero() {
		return endless
	}
	return db.Micros(r.places.From)
}

// types is the condition on the types of changes; false when none is wanted.
// Its words are constants of ours.
func (r *reading) types() (string, bool) {
	var in []conversation.ChangeType
	out := journey.LeftOut()
	for _, k := range journey.Kinds() {
		if r.wants(k) {
			in = append(in, journey.Told(k)...)
		} else {
			out = append(out, journey.Told(k)...)
		}
	}
	quoted := func(types []conversation.ChangeType) string {
		words := make([]string, len(types))
		for i, t := range types {
			words[i] = "'" + string(t) + "'"
		}
		return strings.Join(words, ", ")
	}
	if r.wants(journey.Change) {
		return `type NOT IN (` + quoted(out) + `)`, true
	}
	return `type IN (` + quoted(in) + `)`, len(in) > 0
}

// fill reads the changes that a page shows, in one query.
func (r *reading) fill(ctx context.Context, items []journey.Item) error {
	var keys []conversations.ChangeKey
	for _, it := range items {
		if it.Change != nil {
			keys = append(keys, conversations.ChangeKey{Conversation: it.Change.Conversation, Seq: it.Change.Seq})
		}
	}
	changes, err := r.conversations.Changes(ctx, r.workspace, keys)
	if err != nil {
		return err
	}
	for i, it := range items {
		if it.Change == nil {
			continue
		}
		ch := changes[conversations.ChangeKey{Conversation: it.Change.Conversation, Seq: it.Change.Seq}]
		items[i].Change = &ch
	}
	return nil
}
