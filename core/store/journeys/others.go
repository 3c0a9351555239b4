package journeys

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Names of the strands beside conversations.
const (
	strandViews      = "v"
	strandNotes      = "n"
	strandMerges     = "m"
	strandIdentities = "i"
)

// older drops what is newer than the last item shown, for a strand that was
// not begun.
func older[T any](r *reading, strand string, all []T, at func(T) int64) []T {
	if _, begun := r.places.Begun[strand]; begun {
		return all
	}
	return slices.DeleteFunc(all, func(v T) bool { return at(v) > r.until() })
}

func micros(n int64) string { return strconv.FormatInt(n, 10) }

func (r *reading) views(ctx context.Context) (journey.Strand, error) {
	out := journey.Strand{Name: strandViews}
	if !r.wants(journey.PageView) {
		return out, nil
	}
	found, err := r.contacts.ViewsBefore(ctx, r.workspace, r.contact, r.places.Begun[strandViews], r.until(), r.limit+1)
	for _, v := range found {
		view := v.PageView
		out.Entries = append(out.Entries, journey.Entry{
			At: view.At, Place: v.Place, Item: journey.Item{At: view.At, Kind: journey.PageView, Inbox: channel.InboxID(v.Inbox), View: &view},
		})
	}
	return out, err
}

func (r *reading) notes(ctx context.Context) (journey.Strand, error) {
	out := journey.Strand{Name: strandNotes}
	if !r.wants(journey.ContactNote) {
		return out, nil
	}
	cursor := r.places.Begun[strandNotes]
	if cursor == "" && !r.places.From.IsZero() { // not begun: from the time of the last item on
		cursor = page.Encode(micros(r.until()+1), "")
	}
	found, err := r.contacts.Notes(ctx, r.workspace, r.contact, page.Request{Limit: r.limit + 1, Cursor: cursor})
	for _, n := range found.Items {
		out.Entries = append(out.Entries, journey.Entry{
			At: n.CreatedAt, Place: page.Encode(micros(db.Micros(n.CreatedAt)), string(n.ID)),
			Item: journey.Item{At: n.CreatedAt, Kind: journey.ContactNote, Note: &n},
		})
	}
	return out, err
}

func (r *reading) merges(ctx context.Context) (journey.Strand, error) {
	out := journey.Strand{Name: strandMerges}
	if !r.wants(journey.Merge) {
		return out, nil
	}
	found, err := r.contacts.Merges(ctx, r.workspace, r.contact)
	place := func(m contact.Merge) string { return ordered(db.Micros(m.At), string(m.ID)) }
	found = older(r, strandMerges, found, func(m contact.Merge) int64 { return db.Micros(m.At) })
	for _, m := range found {
		if begun, ok := r.places.Begun[strandMerges]; ok && place(m) >= begun {
			continue
		}
		out.Entries = append(out.Entries, journey.Entry{At: m.At, Place: place(m), Item: journey.Item{At: m.At, Kind: journey.Merge, Merge: &m}})
	}
	return out, err
}

func (r *reading) identities(known []contact.Identity) journey.Strand {
	out := journey.Strand{Name: strandIdentities}
	if !r.wants(journey.Identity) {
		return out
	}
	place := func(i contact.Identity) string {
		return ordered(db.Micros(i.CreatedAt), i.Inbox, i.External)
	}
	known = slices.DeleteFunc(slices.Clone(known), func(i contact.Identity) bool { return i.CreatedAt.IsZero() })
	known = older(r, strandIdentities, known, func(i contact.Identity) int64 { return db.Micros(i.CreatedAt) })
	slices.SortFunc(known, func(a, b contact.Identity) int { return cmp.Compare(place(b), place(a)) })
	for _, i := range known {
		if begun, ok := r.places.Begun[strandIdentities]; ok && place(i) >= begun {
			continue
		}
		out.Entries = append(out.Entries, journey.Entry{
			At: i.CreatedAt, Place: place(i), Item: journey.Item{At: i.CreatedAt, Kind: journey.Identity, Inbox: channel.InboxID(i.Inbox), Identity: &i},
		})
	}
	return out
}

// ordered is a place that sorts as its parts do.
func ordered(at int64, parts ...string) string {
	s := strconv.FormatInt(at, 10)
	return strings.Repeat("0", max(0, 20-len(s))) + s + " " + strings.Join(parts, " ")
}
