// Package mediatest is the conformance suite of the media store and an
// in-memory fake that passes it.
package mediatest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Fake keeps attachments in memory. It is safe for concurrent use.
type Fake struct {
	Sign media.Signer // gives what is read its ticket; the zero value gives none

	mu    sync.Mutex
	files map[media.ID]file
}

// file is an attachment with what its row tells beside.
type file struct {
	media.Attachment
	by       media.Uploader
	state    media.State
	expires  time.Time
	received int64
	place    media.Place
	position int

	reference   string
	tries       int
	due, giveUp time.Time
}

// NewFake returns an empty Fake.
func NewFake() *Fake { return &Fake{files: make(map[media.ID]file)} }

// Put stores an attachment that is Ready.
func (f *Fake) Put(a media.Attachment, by media.Uploader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[a.ID] = file{Attachment: a, by: by, state: media.Ready}
}

// Begin starts a transaction, which the caller runs alone: commit makes what
// it did visible.
func (f *Fake) Begin(workspace identity.WorkspaceID) (tx media.Tx, commit func()) {
	t := &fakeTx{fake: f, workspace: workspace, changed: make(map[media.ID]file)}
	return t, t.commit
}

type fakeTx struct {
	fake      *Fake
	workspace identity.WorkspaceID
	changed   map[media.ID]file
}

// Take implements media.Tx.
func (t *fakeTx) Take(_ context.Context, by media.Uploader, ids []media.ID, to media.Place) ([]media.Attachment, error) {
	if err := media.CheckIDs(ids); err != nil {
		return nil, err
	}
	return t.each(by, ids, func(i int, f *file) { f.state, f.place, f.position = media.Taken, to, i })
}

// Bring implements media.Tx.
func (t *fakeTx) Bring(_ context.Context, by media.Uploader, files []media.Brought, to media.Place) ([]media.Attachment, error) {
	ids := make([]media.ID, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	if err := media.CheckBrought(ids); err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Fetch.Reference != "" {
			t.changed[f.ID] = t.named(by, f)
		}
	}
	out, err := t.each(by, ids, func(i int, f *file) {
		f.state, f.place, f.position, f.Role, f.ContentID = media.Taken, to, i, files[i].Role, files[i].ContentID
	})
	for i := range out {
		out[i].Role, out[i].ContentID = files[i].Role, files[i].ContentID
	}
	return out, err
}

// Retire implements media.Tx.
func (t *fakeTx) Retire(_ context.Context, from media.Place) error {
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	for id, f := range t.fake.files {
		if now, ok := t.changed[id]; ok {
			f = now
		}
		if f.Workspace == t.workspace && f.state == media.Taken && f.place == from {
			f.Role, f.ContentID = media.RoleEarlier, ""
			t.changed[id] = f
		}
	}
	return nil
}

// Hold implements media.Tx.
func (t *fakeTx) Hold(_ context.Context, by media.Uploader, ids []media.ID, until time.Time) ([]media.Attachment, error) {
	if err := media.CheckIDs(ids); err != nil {
		return nil, err
	}
	return t.each(by, ids, func(_ int, f *file) {
		if f.expires.Before(until) {
			f.expires = until
		}
	})
}

func (t *fakeTx) each(by media.Uploader, ids []media.ID, change func(int, *file)) ([]media.Attachment, error) {
	var out []media.Attachment
	for i, id := range ids {
		f, ok := t.find(id)
		if err := media.Refusal(i, ok && f.by == by, f.state); err != nil {
			return nil, err
		}
		out = append(out, f.Attachment)
	}
	for i, id := range ids {
		f, _ := t.find(id)
		change(i, &f)
		t.changed[id] = f
	}
	return out, nil
}

func (t *fakeTx) find(id media.ID) (file, bool) {
	if f, ok := t.changed[id]; ok {
		return f, true
	}
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	f, ok := t.fake.files[id]
	return f, ok && f.Workspace == t.workspace
}

func (t *fakeTx) commit() {
	t.fake.mu.Lock()
	defer t.fake.mu.Unlock()
	maps.Copy(t.fake.files, t.changed)
}

// Of returns what the messages at some places carry, as committed.
func (f *Fake) Of(_ context.Context, workspace identity.WorkspaceID, places []media.Place) (map[media.Place][]media.Attachment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := make(map[media.Place][]file)
	for _, x := range f.files {
		if x.Workspace == workspace && x.state == media.Taken && x.Role != media.RoleEarlier && slices.Contains(places, x.place) {
			found[x.place] = append(found[x.place], x)
		}
	}
	out := make(map[media.Place][]media.Attachment)
	for p, all := range found {
		slices.SortFunc(all, func(a, b file) int { return a.position - b.position })
		for _, x := range all {
			x.Ticket = f.Sign.Ticket(x.ID)
			out[p] = append(out[p], x.Attachment)
		}
	}
	return out, nil
}
