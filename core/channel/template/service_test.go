package template_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/channel/template/templatetest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// office is an inbox, its channel and a service over them.
type office struct {
	channel.FarSide // of which templates need one method

	*testing.T
	*template.Service

	mu    sync.Mutex
	inbox channel.Inbox
	able  bool
	now   time.Time
	asked int
	list  func(after string) (channel.TemplatePage, error)
}

func newOffice(t *testing.T) *office {
	o := &office{
		T: t, able: true, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		inbox: channel.Inbox{Workspace: "wsp_1", ID: "inb_1", Plugin: "patchbay/post", Enabled: true, ConfigRevision: 1},
	}
	o.list = func(string) (channel.TemplatePage, error) {
		return channel.TemplatePage{Templates: []channel.Template{{ID: "tea", Text: "Hello"}}}, nil
	}
	o.Service = template.NewService(template.Deps{
		Store: templatetest.NewFake(), Inboxes: o, FarSide: o, Now: o.clock, Log: slog.New(slog.DiscardHandler), Answer: time.Hour,
	})
	return o
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// Get implements template.Inboxes.
func (o *office) Get(_ context.Context, scope identity.Scope, id channel.InboxID) (channel.Inbox, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := scope.Require(identity.InboxRead); err != nil || id != o.inbox.ID {
		return channel.Inbox{}, errs.Absent()
	}
	return o.inbox, nil
}

// TypeOf implements template.Inboxes.
func (o *office) TypeOf(channel.PluginID) (channel.Type, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var t channel.Type
	if o.able {
		t.Capabilities.Can = []string{channel.CanTemplates}
	}
	return t, true
}

// MessageTemplates implements channel.FarSide.
func (o *office) MessageTemplates(_ context.Context, _ channel.Inbox, after string) (channel.TemplatePage, error) {
	o.mu.Lock()
	list := o.list
	if after == "" {
		o.asked++
	}
	o.mu.Unlock()
	return list(after)
}

func agent() identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleAgent}}
}

func (o *office) find(q template.Search) template.Found {
	o.Helper()
	found, err := o.Find(o.Context(), agent(), "inb_1", q)
	if err != nil {
		o.Fatal(err)
	}
	return found
}

// times wants the far side to have been asked so often until now.
func (o *office) times(n int, when string) {
	o.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked != n {
		o.Errorf("%s the far side was asked %d times, wanted %d", when, o.asked, n)
	}
}

func ids(all []channel.Template) (out []string) {
	for _, t := range all {
		out = append(out, t.ID)
	}
	return out
}

// What was listed with other settings may be another account's, with other texts
// under the same names: it is not sent where nobody can be asked.
func TestOtherSettings(t *testing.T) {
	o := newOffice(t)
	o.find(template.Search{})
	o.set(func() {
		o.inbox.ConfigRevision++
		o.list = func(string) (channel.TemplatePage, error) {
			return channel.TemplatePage{}, errs.New(errs.Unavailable, "plugin.no_answer", "No.")
		}
	})
	if found := o.find(template.Search{}); found.Code != "plugin.no_answer" || found.Total != 0 || !found.ListedAt.IsZero() {
		t.Errorf("with other settings, while it fails: %+v", found)
	}
}

// A far side is asked when its list is old, of other settings, or by hand; while
// it fails there is the list of before.
func TestFreshness(t *testing.T) {
	o := newOffice(t)
	if found := o.find(template.Search{}); found.Total != 1 || !found.ListedAt.Equal(o.now) || found.Code != "" {
		t.Fatalf("the first look: %+v", found)
	}
	o.set(func() { o.now = o.now.Add(template.Fresh - time.Second) })
	o.find(template.Search{})
	o.times(1, "while the list is fresh")
	o.set(func() { o.now = o.now.Add(time.Second) })
	o.find(template.Search{})
	o.times(2, "when it is old")
	o.set(func() { o.inbox.ConfigRevision++ })
	o.find(template.Search{})
	o.times(3, "with other settings")
	listed := o.clock()
	o.set(func() {
		o.list = func(string) (channel.TemplatePage, error) {
			return channel.TemplatePage{}, errs.New(errs.Unavailable, "plugin.no_answer", "No.")
		}
	})
	if _, err := o.Refresh(t.Context(), agent(), "inb_1"); err != nil {
		t.Fatal(err)
	}
	o.times(3, "by hand, a moment after")
	o.set(func() { o.now = o.now.Add(template.Rest) })
	for range 2 {
		found, err := o.Refresh(t.Context(), agent(), "inb_1")
		if err != nil || found.Code != "plugin.no_answer" || found.Total != 1 || !found.ListedAt.Equal(listed) {
			t.Errorf("by hand, while it fails: %+v, %v", found, err)
		}
	}
	o.find(template.Search{})
	o.times(4, "after a failure")
	o.set(func() { o.now = o.now.Add(template.Again) })
	o.find(template.Search{})
	o.times(5, "a minute after it")
	o.set(func() { o.inbox.Enabled, o.now = false, o.now.Add(time.Hour) })
	if found := o.find(template.Search{}); found.Code != "inbox.disabled" || found.Total != 1 {
		t.Errorf("switched off: %+v", found)
	}
	o.times(5, "while it is switched off")
	o.set(func() { o.able = false })
	if _, err := o.Find(t.Context(), agent(), "inb_1", template.Search{}); errs.As(err).Code != "template.unable" {
		t.Errorf("a channel without templates: %v", err)
	}
	if _, err := o.Find(t.Context(), agent(), "inb_2", template.Search{}); !errs.Is(err, errs.NotFound) {
		t.Errorf("an inbox that is not there: %v", err)
	}
}

// Who asks waits a while; the far side is asked once, and its late answer counts.
func TestSlowFarSide(t *testing.T) {
	o := newOffice(t)
	o.Answer = time.Millisecond
	release := make(chan struct{})
	o.set(func() {
		o.list = func(string) (channel.TemplatePage, error) {
			<-release
			return channel.TemplatePage{Templates: []channel.Template{{ID: "tea", Text: "Hello"}}}, nil
		}
	})
	for range 3 {
		if found := o.find(template.Search{}); found.Code != "template.slow" || found.Total != 0 {
			t.Fatalf("while it has not answered: %+v", found)
		}
	}
	close(release)
	for end := time.Now().Add(time.Minute); o.find(template.Search{}).Total != 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("its late answer never counts")
		}
	}
	o.times(1, "by many")
}

// What is not sound is left out alone, and bounds hold.
func TestList(t *testing.T) {
	o := newOffice(t)
	pages := map[string]channel.TemplatePage{
		"": {
			Templates: []channel.Template{{ID: "a", Language: "en", Name: "Order", Text: "Hello"}, {ID: "b", Category: "tea", Text: "Hi"}},
			Refused:   []channel.RefusedTemplate{{ID: "x", Reason: "undeclared"}}, Next: "2",
		},
		"2": {Templates: []channel.Template{{ID: "a", Language: "en", Text: "again"}, {ID: "a", Language: "de", Text: "Hallo"}, {ID: "c", Text: "order"}}},
	}
	o.set(func() { o.list = func(after string) (channel.TemplatePage, error) { return pages[after], nil } })
	found := o.find(template.Search{})
	if !slices.Equal(ids(found.Items), []string{"a", "b", "a", "c"}) || found.Total != 4 || found.Next != "" {
		t.Errorf("all: %+v", found)
	}
	if !slices.Equal(found.Refused, []channel.RefusedTemplate{{ID: "x", Reason: "undeclared"}, {ID: "a", Language: "en", Reason: "duplicate"}}) {
		t.Errorf("refused: %+v", found.Refused)
	}
	for want, q := range map[string]template.Search{
		"[a c]": {Words: " ORDER"}, "[b]": {Words: "tea"}, "[a]": {Language: "EN"}, "[]": {Words: "order", Language: "de"},
	} {
		if got := fmt.Sprint(ids(o.find(q).Items)); got != want {
			t.Errorf("%+v: %s, wanted %s", q, got, want)
		}
	}
	var walked []string
	for q := (template.Search{Request: page.Request{Limit: 1}}); ; {
		found := o.find(q)
		walked = append(walked, ids(found.Items)...)
		if q.Cursor = found.Next; q.Cursor == "" || len(walked) > 9 {
			break
		}
	}
	if !slices.Equal(walked, []string{"a", "b", "a", "c"}) {
		t.Errorf("page by page: %q", walked)
	}
	if _, err := o.Find(t.Context(), agent(), "inb_1", template.Search{Request: page.Request{Cursor: "x"}}); errs.As(err).Code != "page.cursor_invalid" {
		t.Errorf("a cursor that is none: %v", err)
	}
	many := make([]channel.Template, template.Most+1)
	for i := range many {
		many[i] = channel.Template{ID: strconv.Itoa(i), Text: "x"}
	}
	for _, c := range []struct {
		code string
		page channel.TemplatePage
	}{{"template.too_many", channel.TemplatePage{Templates: many}}, {"template.endless", channel.TemplatePage{Next: "on"}}} {
		o.set(func() {
			o.list, o.now = func(string) (channel.TemplatePage, error) { return c.page, nil }, o.now.Add(time.Hour)
		})
		if found := o.find(template.Search{}); found.Code != c.code || found.Total != template.Most { // those of before, of an endless one
			t.Errorf("%s: %s, %d templates", c.code, found.Code, found.Total)
		}
	}
}
