// Package policytest is the conformance suite of policy's port and an in-memory
// fake that passes it.
package policytest

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/policy"
)

// Fake keeps policies in memory. It implements policy.Store. It is safe for
// concurrent use.
type Fake struct {
	feed *eventtest.Feed

	mu     sync.Mutex
	drafts map[identity.WorkspaceID]policy.Draft
	past   map[identity.WorkspaceID][]policy.Revision
}

// NewFake returns an empty Fake that writes its events to feed.
func NewFake(feed *eventtest.Feed) *Fake {
	return &Fake{feed: feed, drafts: map[identity.WorkspaceID]policy.Draft{}, past: map[identity.WorkspaceID][]policy.Revision{}}
}

// copied is a plan that shares nothing, as it comes back from a database.
func copied(p dispatch.Plan) (out dispatch.Plan, err error) {
	raw, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	return out, err
}

func revision(r policy.Revision) (policy.Revision, error) {
	var err error
	r.Plan, err = copied(r.Plan)
	return r, err
}

// state is what a workspace has. f.mu is held.
func (f *Fake) state(w identity.WorkspaceID) (policy.State, error) {
	out := policy.State{Draft: f.drafts[w]}
	var err error
	if out.Draft.Plan, err = copied(out.Draft.Plan); err != nil {
		return out, err
	}
	if past := f.past[w]; len(past) > 0 {
		out.Published, err = revision(past[len(past)-1])
	}
	return out, err
}

// Plan implements dispatch.Plans.
func (f *Fake) Plan(_ context.Context, w identity.WorkspaceID) (dispatch.Plan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, err := f.state(w)
	return st.Published.Plan, err
}

// State implements policy.Store.
func (f *Fake) State(_ context.Context, w identity.WorkspaceID) (policy.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state(w)
}

// Revision implements policy.Store.
func (f *Fake) Revision(_ context.Context, w identity.WorkspaceID, number uint64) (policy.Revision, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if number < 1 || number > uint64(len(f.past[w])) {
		return policy.Revision{}, errs.Absent()
	}
	return revision(f.past[w][number-1])
}

// Revisions implements policy.Store.
func (f *Fake) Revisions(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[policy.Revision], error) {
	var out page.Page[policy.Revision]
	before, err := policy.Before(request.Cursor)
	if err != nil {
		return out, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range slices.Backward(f.past[w]) {
		if r.Number >= before {
			continue
		}
		if r, err = revision(r); err != nil {
			return out, err
		}
		out.Items = append(out.Items, r)
	}
	if size := request.Size(); len(out.Items) > size {
		out.Items, out.Next = out.Items[:size], page.Encode(strconv.FormatUint(out.Items[size-1].Number, 10))
	}
	return out, nil
}

// Change implements policy.Store.
func (f *Fake) Change(_ context.Context, w identity.WorkspaceID, change func(*policy.State) error, events ...event.Event) (policy.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, err := f.state(w)
	if err != nil {
		return policy.State{}, err
	}
	last := st.Published
	if err := change(&st); err != nil {
		return policy.State{}, err
	}
	if policy.Replaced(last, st.Published) {
		r, err := revision(st.Published)
		if err != nil {
			return policy.State{}, err
		}
		r.Number = last.Number + 1
		f.past[w] = append(f.past[w], r)
	}
	f.drafts[w] = st.Draft
	f.feed.Append(events...)
	return f.state(w)
}

// Budgets is a policy.People: the capacities of everybody in every workspace.
type Budgets []int

// Budgets implements policy.People.
func (b Budgets) Budgets(context.Context, identity.WorkspaceID) ([]int, error) { return b, nil }
