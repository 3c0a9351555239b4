package media

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
)

// ScanFor is how long a scanner is asked about a file before the file is kept
// back unscanned.
const ScanFor = 24 * time.Hour

// CodeInfected is the code of a file in which the scanner found something, and
// CodeNotScanned of one that it could not look at.
const (
	CodeInfected   = "file.infected"
	CodeNotScanned = "file.not_scanned"
)

// Verdict is what a scanner says of a file.
type Verdict struct {
	Infected bool
	Finding  string // of an infected one: what it found, one plain line of at most 200 characters
}

// Scanner looks for what does harm.
type Scanner interface {
	// Scan looks at a part of an attachment. An error is no verdict: the caller
	// asks again later. Its message is a sentence for people.
	Scan(ctx context.Context, id ID, p Part) (Verdict, error)
}

// waits reports whether whoever brings a file waits for what the scanner says.
// A channel does not: what a customer wrote is kept at once, and its files are
// shown when they are known to be clean.
func (u Uploader) waits() bool { return u.Kind != ByPlugin || !id.Valid("inb", u.ID) }

// ToScan is what is to be done with a file whose bytes came just now: nothing,
// without a scanner.
func (s *Service) ToScan(a *Attachment) Due {
	if s.Scanner == nil {
		return Due{}
	}
	a.Arrival = Scanning
	now := s.Now()
	return Due{At: now, Until: now.Add(ScanFor)}
}

// Scan has the scanner look at a file whose bytes are here, and returns what the
// file is then: Here, with its playable twin, or Infected. Without a scanner it
// is Here. Errors:
// CodeNotScanned (unavailable), not found when the bytes are gone.
func (s *Service) Scan(ctx context.Context, a Attachment) (Attachment, error) {
	defer s.busy.lock(a.ID)()
	f, err := s.Files.Open(a.ID, Original)
	if errors.Is(err, ErrLost) {
		return a, errs.New(errs.NotFound, "file.lost", "The file is not on the server's disk any more.")
	}
	if err != nil {
		return a, err
	}
	defer func() { _ = f.Close() }() // read only
	v, err := s.verdict(ctx, a, Original)
	if err != nil {
		return a, err
	}
	b := a
	b.Arrival, b.Trouble = Here, Trouble{}
	if v.Infected {
		b.Arrival, b.Trouble = Infected, Trouble{Code: CodeInfected, Detail: v.Finding}
		return b, nil
	}
	if err := s.twin(ctx, &b, Original); err != nil {
		return a, err
	}
	return b, nil
}

// refuseInfected has the scanner look at an upload whose sender waits. An
// infected one is thrown away: upload.infected (invalid). Without a verdict the
// upload stays unfinished: upload.not_scanned (unavailable), and to send its end
// once more asks again.
func (s *Service) refuseInfected(ctx context.Context, u Upload, p Part) error {
	if s.Scanner == nil || !u.By.waits() {
		return nil
	}
	v, err := s.verdict(ctx, u.Attachment, p)
	if err != nil {
		e := errs.Wrap(err, errs.Unavailable, "upload.not_scanned", "Files are scanned for viruses here, and the scanner does not answer. Try again in a moment.")
		e.RetryAfter = 5 * time.Second
		return e
	}
	if !v.Infected {
		return nil
	}
	_, err = s.Store.Discard(ctx, u.Workspace, u.ID)
	return errors.Join(err, s.remove(u.ID), uploadError("infected", "", "The virus scanner found something in this file, so it was not taken."))
}

// verdict asks the scanner, when there is one, and counts and logs what it says.
func (s *Service) verdict(ctx context.Context, a Attachment, p Part) (Verdict, error) {
	if s.Scanner == nil {
		return Verdict{}, nil
	}
	v, err := s.Scanner.Scan(ctx, a.ID, p)
	switch {
	case err != nil:
		s.Count("not_scanned", 1, 0)
		s.Log.WarnContext(ctx, "a file was not scanned", "attachment", a.ID, "error", err)
		return v, errs.Wrap(err, errs.Unavailable, CodeNotScanned, "The virus scanner could not look at this file.")
	case v.Infected:
		s.Count("infected", 1, 0)
		s.Log.WarnContext(ctx, "the scanner found something in a file", "attachment", a.ID, "name", a.Name, "workspace", a.Workspace, "finding", v.Finding)
	default:
		s.Count("scanned", 1, a.Size)
	}
	return v, nil
}
