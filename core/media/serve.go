package media

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
)

// Served is a file on its way to a reader. Close its Content.
type Served struct {
	Content
	Name   string
	Type   string    // safe to answer with
	Inline bool      // may be shown in place; else it is downloaded
	Tag    string    // changes with the bytes
	Until  time.Time // when today's address becomes void
}

// Open opens an attachment, or its preview, for whoever holds a ticket. Errors:
// those of Signer.Check, errs.NotFound media.removed when the
// workspace keeps no files of that age, media.fetching and media.scanning
// (unavailable) of what is shown later, media.infected and media.not_here (not
// found) of what is kept back and of what a channel named and did not bring,
// errs.Absent when there is no such file (any more).
func (s *Service) Open(ctx context.Context, name ID, ticket string, p Part) (Served, error) {
	if err := s.Signer.Check(name, ticket); err != nil {
		return Served{}, err
	}
	if !id.Valid("att", string(name)) {
		return Served{}, errs.Absent()
	}
	u, err := s.Store.Find(ctx, name)
	if err != nil {
		return Served{}, err
	}
	if u.State == Uploading || u.Role == RoleEarlier || p == Drawing && !u.HasPreview() {
		return Served{}, errs.Absent()
	}
	if !u.RemovedAt.IsZero() {
		return Served{}, errs.New(errs.NotFound, "media.removed", "The file is not kept any more: the workspace deletes files of that age.")
	}
	if err := here(u.Attachment); err != nil {
		return Served{}, err
	}
	f, err := s.Files.Open(name, p)
	if errors.Is(err, ErrLost) {
		s.Log.ErrorContext(ctx, "the file of an attachment is missing: restore the media folder from the backup that belongs to the database", "attachment", name)
		return Served{}, errs.Absent()
	}
	if err != nil {
		return Served{}, err
	}
	out := Served{Content: f, Name: u.Name, Type: ServedType(u.Attachment), Inline: Inline(u.Attachment), Tag: u.SHA256[:32], Until: s.Signer.Until()}
	if p == Drawing {
		out.Type, out.Inline, out.Tag = u.Preview, true, out.Tag+"-preview"
	}
	s.Count("served", 1, f.Size())
	return out, nil
}

// here refuses a file whose bytes are not here.
func here(a Attachment) error {
	switch a.Arrival {
	case Here:
		return nil
	case Fetching:
		return errs.New(errs.Unavailable, "media.fetching", "The file is on its way: the channel was asked for it.")
	case Scanning:
		return errs.New(errs.Unavailable, "media.scanning", "The file is being scanned for viruses, and is shown when it is clean.")
	case Infected:
		return errs.New(errs.NotFound, "media.infected", "The virus scanner found something in this file, so it is kept back.")
	case Failed, Gone:
		return errs.New(errs.NotFound, "media.not_here", "The channel named this file and could not bring it.")
	default:
		return errs.Absent()
	}
}
