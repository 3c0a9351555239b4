package identitytest

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Cases runs the cases of a suite by their names, each on what fresh makes for it.
func Cases[W any](t *testing.T, fresh func(*testing.T) W, cases map[string]func(W)) {
	t.Helper()
	for name, run := range cases {
		t.Run(name, func(t *testing.T) { run(fresh(t)) })
	}
}

// Tenant is the workspace of one case of a suite, with a clock that the case
// sets, and what cases of stores ask again and again.
type Tenant struct {
	*testing.T

	WS  identity.WorkspaceID
	Now time.Time
	IDs id.Source // by Now

	log event.Log
}

// NewTenant makes the workspace of a case, in the storage whose events log tells.
func NewTenant(t *testing.T, log event.Log, workspace func(testing.TB) identity.WorkspaceID) *Tenant {
	t.Helper()
	out := &Tenant{T: t, Now: time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC), log: log}
	out.IDs = id.NewSource(func() time.Time { return out.Now })
	out.WS = workspace(t)
	return out
}

// OK ends the case at an error.
func (c *Tenant) OK(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// Refused wants an error of a kind with a code.
func (c *Tenant) Refused(err error, kind errs.Kind, code string) {
	c.Helper()
	if !errs.Is(err, kind) || errs.As(err).Code != code {
		c.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

// Same wants two values to be equal in all that they hold.
func (c *Tenant) Same(got, want any) {
	c.Helper()
	if !reflect.DeepEqual(got, want) {
		c.Fatalf("got\n%+v, want\n%+v", got, want)
	}
}

// Reads wants two values to be equal in what they say as JSON: in all but what
// cannot be told apart, as nothing and an empty list.
func (c *Tenant) Reads(got, want any) {
	c.Helper()
	a, err := json.Marshal(got)
	c.OK(err)
	b, err := json.Marshal(want)
	c.OK(err)
	if string(a) != string(b) {
		c.Fatalf("got\n%s, want\n%s", a, b)
	}
}

// Head is the number of the workspace's last event.
func (c *Tenant) Head() uint64 {
	c.Helper()
	n, err := c.log.Head(c.Context(), string(c.WS))
	c.OK(err)
	return n
}

// Event is one of the workspace, at Now.
func (c *Tenant) Event(typ, subject string) event.Event {
	return event.Event{ID: c.IDs.New("chg"), Workspace: string(c.WS), Type: typ, Subject: subject, At: c.Now, Data: []byte(`{"id":"x"}`)}
}

// InPages reads a list two rows at a time, and returns all of it. It wants a
// cursor that nobody gave out to be refused.
func InPages[T any](c *Tenant, list func(page.Request) (page.Page[T], error)) []T {
	c.Helper()
	const size = 2
	var out []T
	for request := (page.Request{Limit: size}); ; {
		p, err := list(request)
		c.OK(err)
		if len(p.Items) > size {
			c.Fatalf("%d rows on a page of %d", len(p.Items), size)
		}
		out = append(out, p.Items...)
		if request.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	_, err := list(page.Request{Cursor: "?"})
	c.Refused(err, errs.Invalid, "page.cursor_invalid")
	return out
}
