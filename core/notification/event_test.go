package notification_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
)

// TestFollowed: the feed has what members are told, and what they read, while
// somebody follows, each once; and never otherwise.
func TestFollowed(t *testing.T) {
	o := newOffice(t)
	lin, wang := o.Member(o.WS, "lin@example.com", "Lin", 5), o.Member(o.WS, "wang@example.com", "Wang", 5)
	types := func() (out []string) {
		t.Helper()
		events, err := o.store.Since(t.Context(), string(o.WS), 0, 100)
		o.OK(err)
		for _, e := range events {
			if !json.Valid(e.Data) || e.ID == "" || e.At.IsZero() {
				t.Errorf("the event is %+v", e)
			}
			out = append(out, e.Type+" "+e.Subject)
		}
		return out
	}
	tell := func(episode string, members ...identity.MemberID) {
		t.Helper()
		o.OK(o.WebhookDisabled(t.Context(), o.WS, episode, "shop.example", members))
	}
	tell("one", lin.ID)
	if _, err := o.MarkRead(t.Context(), scope(lin), nil, true); err != nil {
		t.Fatal(err)
	}
	if got := types(); len(got) > 0 {
		t.Fatalf("nobody follows, and the feed has %q", got)
	}
	o.Followed = func(w identity.WorkspaceID) bool { return w == o.WS }
	tell("two", lin.ID, wang.ID)
	tell("two", lin.ID)
	list := o.list(lin)
	newest := list[slices.IndexFunc(list, func(n notification.Notification) bool { return n.ReadAt.IsZero() })]
	if _, err := o.MarkRead(t.Context(), scope(lin), []notification.ID{newest.ID}, false); err != nil {
		t.Fatal(err)
	}
	want := []string{
		notification.CreatedEvent + " " + string(newest.ID), notification.CreatedEvent + " " + string(o.list(wang)[0].ID), notification.ReadEvent + " " + string(lin.ID),
	}
	if got := types(); !slices.Equal(got, want) {
		t.Errorf("the feed has %q, want %q", got, want)
	}
}
