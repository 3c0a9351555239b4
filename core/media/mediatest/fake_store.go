package mediatest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// Begin implements media.Store.
func (s *FakeStore) Begin(_ context.Context, u media.Upload) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.files[u.ID]; ok {
		return errs.New(errs.Conflict, "storage.conflict", "Something with the same key exists already.")
	}
	if strings.ContainsRune(u.Name, 0) || u.Name != strings.ToValidUTF8(u.Name, "") {
		return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
	}
	s.files[u.ID] = file{Attachment: u.Attachment, by: u.By, state: media.Uploading, expires: u.ExpiresAt}
	return nil
}

// FakeStore is a Fake as media.Store and media.Ledger.
type FakeStore struct {
	*Fake
}

// Store returns the fake as the ports that are no transaction.
func (f *Fake) Store() *FakeStore { return &FakeStore{f} }

// Upload implements media.Store.
func (s *FakeStore) Upload(ctx context.Context, workspace identity.WorkspaceID, id media.ID) (media.Upload, error) {
	u, err := s.Find(ctx, id)
	if err == nil && u.Workspace != workspace {
		return media.Upload{}, errs.Absent()
	}
	return u, err
}

// Find implements media.Store.
func (s *FakeStore) Find(_ context.Context, id media.ID) (media.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok {
		return media.Upload{}, errs.Absent()
	}
	return s.upload(f), nil
}

func (s *FakeStore) upload(f file) media.Upload {
	return media.Upload{Attachment: s.signed(f), By: f.by, State: f.state, Received: f.received, ExpiresAt: f.expires, In: f.place}
}

func (s *FakeStore) signed(f file) media.Attachment {
	a := f.Attachment
	a.Ticket = s.Sign.Ticket(a.ID)
	return a
}

// change works on a file that is Uploading.
func (s *FakeStore) change(workspace identity.WorkspaceID, id media.ID, fn func(*file) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok || f.Workspace != workspace || f.state != media.Uploading || !fn(&f) {
		return errs.New(errs.Conflict, "upload.moved", "The upload went on, or ended, meanwhile. Ask how far it is.")
	}
	s.files[id] = f
	return nil
}

// Advance implements media.Store.
func (s *FakeStore) Advance(_ context.Context, workspace identity.WorkspaceID, id media.ID, from, to int64) error {
	return s.change(workspace, id, func(f *file) bool {
		if f.received != from {
			return false
		}
		f.received = to
		return true
	})
}

// Finish implements media.Store.
func (s *FakeStore) Finish(_ context.Context, a media.Attachment, next media.Due) error {
	return s.change(a.Workspace, a.ID, func(f *file) bool {
		a.Name, a.Size, a.CreatedAt, a.Ticket = f.Name, f.Size, f.CreatedAt, ""
		f.Attachment, f.state, f.due, f.giveUp = a, media.Ready, next.At, next.Until
		return true
	})
}

// Discard implements media.Store.
func (s *FakeStore) Discard(_ context.Context, workspace identity.WorkspaceID, id media.ID) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[id]
	if !ok || f.Workspace != workspace || f.state == media.Taken {
		return false, nil
	}
	delete(s.files, id)
	return true, nil
}

// Expired implements media.Ledger.
func (s *FakeStore) Expired(_ context.Context, now time.Time, limit int) ([]media.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []file
	for _, f := range s.files {
		if f.state != media.Taken && !f.expires.After(now) {
			due = append(due, f)
		}
	}
	slices.SortFunc(due, func(a, b file) int { return a.expires.Compare(b.expires) })
	var out []media.Ref
	for _, f := range due[:min(limit, len(due))] {
		out = append(out, media.Ref{Workspace: f.Workspace, ID: f.ID})
	}
	return out, nil
}

// Forfeit implements media.Ledger.
func (s *FakeStore) Forfeit(_ context.Context, r media.Ref, now time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[r.ID]
	if !ok || f.Workspace != r.Workspace || f.state == media.Taken || f.expires.After(now) {
		return false, nil
	}
	delete(s.files, r.ID)
	return true, nil
}

// Whole implements media.Ledger.
func (s *FakeStore) Whole(_ context.Context, after media.ID, limit int) ([]media.Attachment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []media.Attachment
	for id, f := range s.files {
		if id > after && f.state != media.Uploading && f.SHA256 != "" {
			out = append(out, s.signed(f))
		}
	}
	slices.SortFunc(out, func(a, b media.Attachment) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))], nil
}

// Known implements media.Ledger.
func (s *FakeStore) Known(_ context.Context, ids []media.ID) (map[media.ID]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[media.ID]bool)
	for _, id := range ids {
		if _, ok := s.files[id]; ok {
			out[id] = true
		}
	}
	return out, nil
}
