package mirrortest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fake keeps copies of records in memory, and the people they are about. It is
// safe for concurrent use.
type Fake struct {
	mu          sync.Mutex
	made        int
	people      map[personKey]person
	connections map[extension.ConnectionID]bool
	records     map[recordKey]kept
	pulls       map[pullKey]pull
}

type personKey struct {
	workspace identity.WorkspaceID
	contact   string
}

type person struct{ email, phone, survivor string }

type pullKey struct {
	connection extension.ConnectionID
	object     string
}

type pull struct {
	extension.PullState
	lease time.Time
}

type recordKey struct {
	connection extension.ConnectionID
	object, id string
}

type kept struct {
	extension.Mirrored
	workspace identity.WorkspaceID
	contact   string
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{
		people: make(map[personKey]person), connections: make(map[extension.ConnectionID]bool),
		records: make(map[recordKey]kept), pulls: make(map[pullKey]pull),
	}
}

// Fixture is the fake as the suite sees it.
func (f *Fake) Fixture() Fixture {
	name := func(prefix string) string {
		f.made++
		return fmt.Sprint(prefix, f.made)
	}
	return Fixture{
		Mirror: f,
		Workspace: func(testing.TB) identity.WorkspaceID {
			f.mu.Lock()
			defer f.mu.Unlock()
			return identity.WorkspaceID(name("wsp_"))
		},
		Connect: func(_ testing.TB, w identity.WorkspaceID) extension.Connection {
			f.mu.Lock()
			defer f.mu.Unlock()
			c := extension.Connection{Workspace: w, ID: extension.ConnectionID(name("pin_"))}
			f.connections[c.ID] = true
			return c
		},
		Disconnect: func(_ testing.TB, c extension.Connection) { f.disconnect(c.ID) },
		Contact: func(_ testing.TB, w identity.WorkspaceID, email, phone string) string {
			f.mu.Lock()
			defer f.mu.Unlock()
			id := name("con_")
			f.people[personKey{w, id}] = person{email: email, phone: phone}
			return id
		},
		Merge: func(_ testing.TB, w identity.WorkspaceID, source, into string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			p := f.people[personKey{w, source}]
			p.survivor = into
			f.people[personKey{w, source}] = p
		},
	}
}

func (f *Fake) disconnect(id extension.ConnectionID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.connections, id)
	for k := range f.records {
		if k.connection == id {
			delete(f.records, k)
		}
	}
	for k := range f.pulls {
		if k.connection == id {
			delete(f.pulls, k)
		}
	}
}

// Take implements extension.Mirror.
func (f *Fake) Take(_ context.Context, x extension.PullState, now, until time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.pulls[pullKey{x.Connection, x.Object}]
	if known && p.lease.After(now) {
		return false, nil
	}
	if !known {
		p.PullState = extension.PullState{Workspace: x.Workspace, Connection: x.Connection, Object: x.Object}
	}
	p.lease = until
	f.pulls[pullKey{x.Connection, x.Object}] = p
	return true, nil
}

// Note implements extension.Mirror.
func (f *Fake) Note(_ context.Context, x extension.PullState) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p, known := f.pulls[pullKey{x.Connection, x.Object}]; known {
		p.PulledAt, p.Failure, p.lease = x.PulledAt, x.Failure, time.Time{}
		f.pulls[pullKey{x.Connection, x.Object}] = p
	}
	return nil
}

// Pulls implements extension.Mirror.
func (f *Fake) Pulls(_ context.Context, c extension.Connection) (map[string]extension.PullState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]extension.PullState)
	for k, p := range f.pulls {
		if k.connection == c.ID {
			out[k.object] = p.PullState
		}
	}
	return out, nil
}

// Keep implements extension.Mirror.
func (f *Fake) Keep(_ context.Context, from extension.PullState, page extension.Page, marks []extension.Marks, at time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.pulls[pullKey{from.Connection, from.Object}]
	if !known || !bytes.Equal(p.Cursor, from.Cursor) {
		return false, nil
	}
	for i, r := range page.Records {
		contact := f.whose(from.Workspace, marks[i])
		if r.Deleted || contact == "" {
			delete(f.records, recordKey{from.Connection, r.Object, r.ID})
			continue
		}
		f.put(from.Workspace, from.Connection, contact, r, at)
	}
	if len(page.Cursor) > 0 {
		p.Cursor = bytes.Clone(page.Cursor)
	}
	p.lease = time.Time{}
	f.pulls[pullKey{from.Connection, from.Object}] = p
	return true, nil
}

// whose finds the one person who has one of the marks; "" = nobody, or several.
func (f *Fake) whose(w identity.WorkspaceID, m extension.Marks) string {
	found := make(map[string]bool)
	for k, p := range f.people {
		has := p.email != "" && slices.Contains(m.Emails, p.email) || p.phone != "" && slices.Contains(m.Phones, p.phone)
		if k.workspace == w && has {
			found[cmp.Or(p.survivor, k.contact)] = true
		}
	}
	if len(found) != 1 {
		return ""
	}
	for contact := range found {
		return contact
	}
	return ""
}

func (f *Fake) put(w identity.WorkspaceID, c extension.ConnectionID, contact string, r extension.Far, at time.Time) {
	r.Fields = bytes.Clone(r.Fields)
	f.records[recordKey{c, r.Object, r.ID}] = kept{extension.Mirrored{Far: r, SeenAt: at}, w, contact}
}

// Remember implements extension.Mirror.
func (f *Fake) Remember(_ context.Context, c extension.Connection, contact string, all []extension.Far, at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.people[personKey{c.Workspace, contact}]; !there || !f.connections[c.ID] {
		return nil
	}
	for _, r := range all {
		f.put(c.Workspace, c.ID, contact, r, at)
	}
	return nil
}

// Of implements extension.Mirror.
func (f *Fake) Of(_ context.Context, w identity.WorkspaceID, contact string) (map[extension.ConnectionID][]extension.Mirrored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[extension.ConnectionID][]extension.Mirrored)
	for k, r := range f.records {
		if r.workspace == w && (r.contact == contact || f.people[personKey{w, r.contact}].survivor == contact) {
			out[k.connection] = append(out[k.connection], r.Mirrored)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b extension.Mirrored) int {
			return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.ID, b.ID))
		})
	}
	return out, nil
}
