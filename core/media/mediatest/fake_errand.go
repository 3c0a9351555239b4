package mediatest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// named is a file that a channel named, for Bring to take.
func (t *fakeTx) named(by media.Uploader, f media.Brought) file {
	return file{
		Attachment: media.Attachment{
			Workspace: t.workspace, ID: f.ID, Name: f.Fetch.Name, Type: f.Fetch.Type, Kind: media.KindOf(f.Fetch.Type), Size: f.Fetch.Size,
			CreatedAt: f.Fetch.At, Arrival: media.Fetching,
		},
		by: by, state: media.Ready, expires: f.Fetch.Until, reference: f.Fetch.Reference, due: f.Fetch.At, giveUp: f.Fetch.Until,
	}
}

// Named implements media.Tx.
func (t *fakeTx) Named(_ context.Context, in media.Place) ([]string, error) {
	all := map[media.ID]file{}
	t.fake.mu.Lock()
	maps.Copy(all, t.fake.files)
	t.fake.mu.Unlock()
	maps.Copy(all, t.changed)
	var of []file
	for _, f := range all {
		if f.Workspace == t.workspace && f.state == media.Taken && f.place == in && f.Role != media.RoleEarlier {
			of = append(of, f)
		}
	}
	slices.SortFunc(of, func(a, b file) int { return a.position - b.position })
	var out []string
	for _, f := range of {
		out = append(out, f.reference)
	}
	return out, nil
}

// Settle implements media.Tx.
func (t *fakeTx) Settle(_ context.Context, e media.Errand, a media.Attachment, next media.Due) (media.Place, bool, error) {
	f, ok := t.find(e.ID)
	if !ok || !f.due.Equal(e.Lease) {
		return media.Place{}, false, nil
	}
	a.Role, a.ContentID, a.CreatedAt, a.Ticket = f.Role, f.ContentID, f.CreatedAt, ""
	f.Attachment, f.tries, f.due, f.giveUp = a, 0, next.At, next.Until
	t.changed[e.ID] = f
	return f.place, true, nil
}

// Renew implements media.Tx.
func (t *fakeTx) Renew(_ context.Context, id media.ID, next media.Due) (bool, error) {
	f, ok := t.find(id)
	if !ok || f.Arrival != media.Failed {
		return false, nil
	}
	f.Attachment, f.tries, f.due, f.giveUp = f.Renewed(), 0, next.At, next.Until
	t.changed[id] = f
	return true, nil
}

// Claim implements media.Errands.
func (s *FakeStore) Claim(_ context.Context, now, lease time.Time, skip []string) (*media.Errand, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first *file
	for _, f := range s.files {
		if f.due.IsZero() || f.due.After(now) || slices.Contains(skip, f.by.ID) || first != nil && !f.due.Before(first.due) {
			continue
		}
		first = &f
	}
	if first == nil {
		return nil, nil //nolint:nilnil // the port says nil for nothing
	}
	first.tries, first.due = first.tries+1, lease
	s.files[first.ID] = *first
	return &media.Errand{Upload: s.upload(*first), Reference: first.reference, Tries: first.tries, GiveUpAt: first.giveUp, Lease: lease}, nil
}

// Prolong implements media.Errands.
func (s *FakeStore) Prolong(_ context.Context, e *media.Errand, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[e.ID]
	if !ok || !f.due.Equal(e.Lease) {
		return false, nil
	}
	f.due, e.Lease = until, until
	s.files[e.ID] = f
	return true, nil
}

// Erase takes the row of a file away, as an erasure does.
func (s *FakeStore) Erase(_ context.Context, workspace identity.WorkspaceID, id media.ID) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok || f.Workspace != workspace {
		return false, nil
	}
	delete(s.files, id)
	return true, nil
}
