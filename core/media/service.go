package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Deps is what the use cases stand on.
type Deps struct {
	Store      Store
	Ledger     Ledger
	Files      Files
	Signer     Signer
	Limits     Limits
	Scanner    Scanner                               // nil = files are not scanned
	Transcoder Transcoder                            // nil = recordings that browsers do not play are downloaded
	Count      func(what string, n int, bytes int64) // for metrics; nil = not counted
	Now        func() time.Time
	Log        *slog.Logger
}

// Service holds the use cases of files. It is safe for concurrent use. The
// pieces of one upload are put in order by this process: a client keeps to one
// node, or shares its disk and sends one piece after the other.
type Service struct {
	Deps
	ids    id.Source
	studio *studio
	busy   locks
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	if d.Count == nil {
		d.Count = func(string, int, int64) {}
	}
	return &Service{Deps: d, ids: id.NewSource(d.Now), studio: newStudio(d.Limits)}
}

// Begin opens an upload. limit, unless 0, is the most bytes that the channel
// takes. Errors: upload.empty, upload.too_large, upload.checksum,
// upload.no_space.
func (s *Service) Begin(ctx context.Context, workspace identity.WorkspaceID, by Uploader, a Announcement, limit int64) (Upload, error) {
	if limit == 0 || limit > s.Limits.Upload {
		limit = s.Limits.Upload
	}
	if err := a.check(limit); err != nil {
		return Upload{}, err
	}
	if err := s.room(a.Size); err != nil {
		return Upload{}, err
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	u := Upload{
		Attachment: Attachment{
			Workspace: workspace, ID: ID(s.ids.New("att")), Name: CleanName(a.Name), Size: a.Size, SHA256: a.SHA256, CreatedAt: now,
		},
		By: by, State: Uploading, ExpiresAt: now.Add(Lifetime),
	}
	if err := s.Store.Begin(ctx, u); err != nil {
		return Upload{}, err
	}
	s.Count("begun", 1, 0)
	return u, nil
}

// room refuses what would fill the disk, on which the database lies too.
func (s *Service) room(size int64) error {
	free, err := s.Files.Free()
	if err != nil {
		return err
	}
	if free-size < s.Limits.MinFree {
		s.Log.Warn("a file was refused: the disk has less room than media.min_free", "free_bytes", free, "min_free_bytes", s.Limits.MinFree)
		return NoSpace(nil)
	}
	return nil
}

// Get returns an upload of by, or errs.Absent. One that has all its bytes but
// was not looked at yet, because the server stopped, is finished now.
func (s *Service) Get(ctx context.Context, workspace identity.WorkspaceID, by Uploader, id ID) (Upload, error) {
	defer s.busy.lock(id)()
	u, err := s.own(ctx, workspace, by, id)
	if err == nil && u.State == Uploading && u.Received == u.Size {
		return s.finish(ctx, u)
	}
	return u, err
}

// Find returns a file of a workspace in any state, or errs.Absent: for parts of
// the core that know themselves who may see it.
func (s *Service) Find(ctx context.Context, workspace identity.WorkspaceID, name ID) (Upload, error) {
	if !id.Valid("att", string(name)) {
		return Upload{}, errs.Absent()
	}
	return s.Store.Upload(ctx, workspace, name)
}

func (s *Service) own(ctx context.Context, workspace identity.WorkspaceID, by Uploader, name ID) (Upload, error) {
	if !id.Valid("att", string(name)) {
		return Upload{}, errs.Absent()
	}
	u, err := s.Store.Upload(ctx, workspace, name)
	if err == nil && u.By != by {
		err = errs.Absent()
	}
	return u, err
}

// Append adds bytes at an offset, at most ChunkSize. They are on disk when it
// returns. The last ones finish the upload; so does an empty piece at the end
// of one that was not finished. At any other offset than where the upload goes
// on nothing changes: upload.offset (conflict) carries the right one. The last
// ones are answered when the file was scanned, where it is: upload.infected
// (invalid; nothing of it stays), upload.not_scanned (unavailable).
func (s *Service) Append(ctx context.Context, workspace identity.WorkspaceID, by Uploader, id ID, offset int64, data []byte) (Upload, error) {
	defer s.busy.lock(id)()
	u, err := s.own(ctx, workspace, by, id)
	switch {
	case err != nil:
		return Upload{}, err
	case offset != u.Received:
		return Upload{}, wrongOffset(u.Received)
	case len(data) > ChunkSize:
		return Upload{}, uploadError("chunk_too_large", "", "A piece of a file has at most "+InWords(ChunkSize)+".")
	case int64(len(data)) > u.Size-offset:
		return Upload{}, uploadError("overrun", "", "This is more than the size that was announced.")
	case u.State != Uploading:
		return u, nil
	}
	if len(data) > 0 {
		if u, err = s.write(ctx, u, data); err != nil {
			return Upload{}, err
		}
	}
	if u.Received == u.Size {
		return s.finish(ctx, u)
	}
	return u, nil
}

func (s *Service) write(ctx context.Context, u Upload, data []byte) (Upload, error) {
	if err := s.room(int64(len(data))); err != nil {
		return u, err
	}
	if err := s.Files.Write(u.ID, u.Received, data); err != nil {
		return u, s.lost(ctx, u, err)
	}
	if err := s.Store.Advance(ctx, u.Workspace, u.ID, u.Received, u.Received+int64(len(data))); err != nil {
		return u, err
	}
	u.Received += int64(len(data))
	s.Count("received", 1, int64(len(data)))
	return u, nil
}

// lost starts an upload anew whose bytes are gone: the client is sent back to 0.
func (s *Service) lost(ctx context.Context, u Upload, err error) error {
	if !errors.Is(err, ErrLost) {
		return err
	}
	s.Log.WarnContext(ctx, "the file of an upload is gone; it starts anew", "attachment", u.ID, "had_bytes", u.Received)
	if err := s.Store.Advance(ctx, u.Workspace, u.ID, u.Received, 0); err != nil {
		return err
	}
	return wrongOffset(0)
}

// Cancel throws an upload away, or a finished one that no message took.
func (s *Service) Cancel(ctx context.Context, workspace identity.WorkspaceID, by Uploader, id ID) error {
	defer s.busy.lock(id)()
	if _, err := s.own(ctx, workspace, by, id); err != nil {
		return err
	}
	gone, err := s.Store.Discard(ctx, workspace, id)
	if err != nil {
		return err
	}
	if !gone { // a message was faster
		return errs.New(errs.Conflict, "attachment.taken", "This file belongs to a message already.")
	}
	s.Count("cancelled", 1, 0)
	return s.remove(id) // when that fails, Reconcile does it
}

// remove removes the files of a row that is gone; a backup that holds them
// leaves them to Reconcile.
func (s *Service) remove(id ID) error {
	if err := s.Files.Remove(id); !errors.Is(err, ErrHeld) {
		return err
	}
	return nil
}

// finish looks at a file that is whole and makes it Ready. It may be done
// again after it was interrupted anywhere.
func (s *Service) finish(ctx context.Context, u Upload) (Upload, error) {
	part := Incoming
	f, err := s.Files.Open(u.ID, part)
	if errors.Is(err, ErrLost) { // interrupted after Keep
		part = Original
		f, err = s.Files.Open(u.ID, part)
	}
	if err != nil {
		return u, s.lost(ctx, u, err)
	}
	defer func() { _ = f.Close() }() // read only
	if f.Size() < u.Size {
		return u, s.lost(ctx, u, ErrLost)
	}
	sum, err := digest(ctx, f, u.Size)
	if err != nil {
		return u, err
	}
	if u.SHA256 != "" && u.SHA256 != sum {
		_, err := s.Store.Discard(ctx, u.Workspace, u.ID)
		return u, errors.Join(err, s.remove(u.ID),
			uploadError("checksum", "/sha256", "The file was damaged on its way. Send it again."))
	}
	u.SHA256 = sum
	if err := s.refuseInfected(ctx, u, part); err != nil {
		return u, err
	}
	if err := s.examine(ctx, &u.Attachment, f); err != nil {
		return u, err
	}
	var next Due
	if !u.By.waits() {
		next = s.ToScan(&u.Attachment)
	}
	if u.Arrival == Here {
		if err := s.twin(ctx, &u.Attachment, part); err != nil {
			return u, err
		}
	}
	if err := s.Files.Keep(u.ID); err != nil {
		return u, err
	}
	if err := s.Store.Finish(ctx, u.Attachment, next); err != nil {
		return u, err
	}
	s.Count("finished_"+string(u.Kind), 1, u.Size)
	return s.Store.Upload(ctx, u.Workspace, u.ID)
}

// digest is the SHA-256 of a file, in hex.
func digest(ctx context.Context, f io.ReaderAt, size int64) (string, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, reader{ctx, io.NewSectionReader(f, 0, size)})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// examine fills in what the content says and draws the preview.
func (s *Service) examine(ctx context.Context, a *Attachment, f Content) error {
	l, err := look(f, a.Size)
	if err != nil {
		return err
	}
	a.Type, a.Kind = l.mime, l.kind
	a.Duration = lengthOf(f, a.Size, a.Type)
	if unplayed(a.Type) && s.Transcoder != nil {
		a.Kind = Audio // until the twin is made, and where it is
	}
	if a.Kind != Image {
		return nil
	}
	began := s.Now()
	p, err := s.studio.draw(ctx, f, a.Size, a.Type)
	if errors.Is(err, errNotDrawn) {
		s.Log.InfoContext(ctx, "an image is kept as a file, without a preview", "attachment", a.ID, "type", a.Type, "reason", err)
		s.Count("not_drawn", 1, 0)
		a.Kind = File
		return nil
	}
	if err != nil {
		return err
	}
	s.Log.DebugContext(ctx, "a preview was drawn", "attachment", a.ID, "took", s.Now().Sub(began))
	a.Width, a.Height, a.Preview = p.width, p.height, p.previewType
	return s.Files.Draw(a.ID, p.preview)
}
