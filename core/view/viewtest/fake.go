package viewtest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/view"
)

// Fake keeps saved views in memory and lists the conversations of a fake. It
// implements view.Store and view.Lister and is safe for concurrent use.
type Fake struct {
	*conversationtest.Fake

	mu    sync.Mutex
	views []view.View
}

// NewFake returns a Fake beside the fake of the conversations.
func NewFake(f *conversationtest.Fake) *Fake { return &Fake{Fake: f} }

// Views implements view.Store.
func (f *Fake) Views(_ context.Context, workspace identity.WorkspaceID, owners []string) ([]view.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []view.View{}
	for _, v := range f.views {
		if v.Workspace == workspace && slices.Contains(owners, v.Owner) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b view.View) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out, nil
}

func (f *Fake) find(workspace identity.WorkspaceID, id view.ID) (int, error) {
	i := slices.IndexFunc(f.views, func(v view.View) bool { return v.Workspace == workspace && v.ID == id })
	if i < 0 {
		return 0, errs.Absent()
	}
	return i, nil
}

// View implements view.Store.
func (f *Fake) View(_ context.Context, workspace identity.WorkspaceID, id view.ID) (view.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(workspace, id)
	if err != nil {
		return view.View{}, err
	}
	return f.views[i], nil
}

// Create implements view.Store.
func (f *Fake) Create(ctx context.Context, v view.View, e event.Event) (view.View, error) {
	if _, err := f.Identities.Workspace(ctx, v.Workspace); err != nil {
		return view.View{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last, count := -1, 0
	for _, o := range f.views {
		if o.Workspace == v.Workspace && o.Owner == v.Owner {
			last, count = max(last, o.Position), count+1
		}
	}
	if count >= view.MaxViews {
		return view.View{}, errs.New(errs.Conflict, "view.too_many", "There are too many views. Delete one first.")
	}
	if v.Position < 0 {
		v.Position = last + 1
	}
	f.views = append(f.views, v)
	f.Feed.Append(e)
	return v, nil
}

// Update implements view.Store.
func (f *Fake) Update(_ context.Context, workspace identity.WorkspaceID, id view.ID, change func(*view.View) error, e event.Event) (view.View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(workspace, id)
	if err != nil {
		return view.View{}, err
	}
	v := f.views[i]
	if err := change(&v); err != nil {
		return view.View{}, err
	}
	v.Workspace, v.ID = workspace, id
	f.views[i] = v
	f.Feed.Append(e)
	return v, nil
}

// Delete implements view.Store.
func (f *Fake) Delete(_ context.Context, workspace identity.WorkspaceID, id view.ID, check func(view.View) error, e event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(workspace, id)
	if err == nil {
		err = check(f.views[i])
	}
	if err != nil {
		return err
	}
	f.views = slices.Delete(f.views, i, i+1)
	f.Feed.Append(e)
	return nil
}

// key is where a conversation stands in an order: compared from the left.
type key [4]string

// place writes a number so that texts are in its order.
func place(n int64) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", 20-len(s)) + s
}

func keyOf(s view.Sort, c conversation.Conversation) key {
	const late = math.MaxInt64
	desc := func(n int64) string { return place(late - n) }
	flipped := func(s string) string { // the order of ids, reversed
		b := []byte(s)
		for i := range b {
			b[i] = 255 - b[i]
		}
		return string(b)
	}
	updated := desc(c.UpdatedAt.UnixMicro())
	switch s {
	case view.WaitingAsc:
		if c.WaitingSince.IsZero() {
			return key{"1", updated, flipped(string(c.ID))}
		}
		return key{"0", place(c.WaitingSince.UnixMicro()), string(c.ID)}
	case view.CreatedDesc:
		return key{desc(c.CreatedAt.UnixMicro()), flipped(string(c.ID))}
	case view.CreatedAsc:
		return key{place(c.CreatedAt.UnixMicro()), string(c.ID)}
	case view.PriorityDesc:
		rank := slices.Index(conversation.Priorities(), c.Priority)
		return key{desc(int64(rank)), updated, flipped(string(c.ID))}
	default:
		return key{updated, flipped(string(c.ID))}
	}
}

// Find implements view.Lister.
func (f *Fake) Find(ctx context.Context, workspace identity.WorkspaceID, q view.Query, p page.Request) (page.Page[conversation.Conversation], error) {
	var out page.Page[conversation.Conversation]
	after, err := page.Decode(p.Cursor, 2)
	if err == nil && after != nil && after[0] != string(q.Sort) {
		err = errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out for this order. Start again without it.")
	}
	if err != nil {
		return out, err
	}
	all, err := f.selected(ctx, workspace, q)
	if err != nil {
		return out, err
	}
	slices.SortFunc(all, func(a, b conversation.Conversation) int { return compareKeys(keyOf(q.Sort, a), keyOf(q.Sort, b)) })
	for _, c := range all {
		if after != nil {
			i := slices.IndexFunc(all, func(o conversation.Conversation) bool { return string(o.ID) == after[1] })
			if i >= 0 && compareKeys(keyOf(q.Sort, c), keyOf(q.Sort, all[i])) <= 0 {
				continue
			}
		}
		if len(out.Items) == p.Size() {
			out.Next = page.Encode(string(q.Sort), string(out.Items[len(out.Items)-1].ID))
			break
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

func compareKeys(a, b key) int { return slices.Compare(a[:], b[:]) }

// Count implements view.Lister.
func (f *Fake) Count(ctx context.Context, workspace identity.WorkspaceID, q view.Query, most int) (int, error) {
	all, err := f.selected(ctx, workspace, q)
	return min(len(all), most), err
}

// Among implements view.Lister.
func (f *Fake) Among(ctx context.Context, workspace identity.WorkspaceID, q view.Query, ids []conversation.ID) (map[conversation.ID]bool, error) {
	all, err := f.selected(ctx, workspace, q)
	out := make(map[conversation.ID]bool)
	for _, c := range all {
		if slices.Contains(ids, c.ID) {
			out[c.ID] = true
		}
	}
	return out, err
}

// selected returns what a query selects, in any order.
func (f *Fake) selected(ctx context.Context, workspace identity.WorkspaceID, q view.Query) ([]conversation.Conversation, error) {
	var out []conversation.Conversation
	for p := (page.Request{Limit: page.MaxLimit}); ; {
		got, err := f.List(ctx, workspace, conversation.Filter{Reach: q.Reach}, p)
		if err != nil {
			return nil, err
		}
		for _, c := range got.Items {
			row := Row{Conversation: c}
			if who, _, err := f.Contacts.Get(ctx, workspace, c.Contact); err == nil {
				row.Contact = who
			}
			if row.Mentioned, err = f.mentioned(ctx, c); err != nil {
				return nil, err
			}
			read, err := f.Read(ctx, workspace, q.Me, []conversation.ID{c.ID})
			if err != nil {
				return nil, err
			}
			if row.Read = read[c.ID]; q.Where.Match(row) {
				out = append(out, c)
			}
		}
		if p.Cursor = got.Next; p.Cursor == "" {
			return out, nil
		}
	}
}

// mentioned lists who was mentioned in a conversation.
func (f *Fake) mentioned(ctx context.Context, c conversation.Conversation) ([]identity.MemberID, error) {
	changes, err := f.Timeline(ctx, c.Workspace, c.ID, conversation.Range{After: new(uint64), Limit: 10_000})
	var out []identity.MemberID
	for _, ch := range changes {
		if ch.Message == nil {
			continue
		}
		for _, m := range ch.Message.Mentions {
			out = append(out, m.Member)
		}
	}
	return out, err
}
