package media

import (
	"context"
	"io"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Fill stores the bytes of a file that is not here yet, as fill writes them, in
// place of what came of an earlier try, and returns the file as its content says
// it is; as it was, on an error. Its row is the caller's to settle. Errors: fill's, upload.too_large and
// upload.empty (invalid), upload.no_space, those of the disk.
func (s *Service) Fill(ctx context.Context, a Attachment, fill func(w io.Writer) error) (Attachment, error) {
	defer s.busy.lock(a.ID)()
	w := &filler{service: s, id: a.ID}
	err := fill(w)
	if err == nil {
		err = w.flush()
	}
	if err == nil && w.size == 0 {
		err = uploadError("empty", "", "The file is empty.")
	}
	if err != nil {
		return a, err
	}
	f, err := s.Files.Open(a.ID, Incoming)
	if err != nil {
		return a, err
	}
	defer func() { _ = f.Close() }() // read only
	b := a
	b.Size, b.Arrival, b.Trouble = w.size, Here, Trouble{}
	if b.SHA256, err = digest(ctx, f, b.Size); err != nil {
		return a, err
	}
	if err := s.examine(ctx, &b, f); err != nil {
		return a, err
	}
	if s.Scanner == nil {
		if err := s.twin(ctx, &b, Incoming); err != nil {
			return a, err
		}
	}
	if err := s.Files.Keep(b.ID); err != nil {
		return a, err
	}
	s.Count("finished_"+string(b.Kind), 1, b.Size)
	return b, nil
}

// Abandon removes the bytes of a file whose row went while they came.
func (s *Service) Abandon(ctx context.Context, id ID) error {
	defer s.busy.lock(id)()
	if _, err := s.Store.Find(ctx, id); !errs.Is(err, errs.NotFound) {
		return err
	}
	return s.remove(id)
}

// filler writes pieces of an upload, each of at most ChunkSize.
type filler struct {
	service *Service
	id      ID
	size    int64 // on disk
	piece   []byte
}

// Write implements io.Writer.
func (w *filler) Write(p []byte) (int, error) {
	if w.size+int64(len(w.piece)+len(p)) > w.service.Limits.Upload {
		return 0, uploadError("too_large", "", "The file is larger than "+InWords(w.service.Limits.Upload)+", which is the most that is taken here.")
	}
	w.piece = append(w.piece, p...)
	if len(w.piece) < ChunkSize {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *filler) flush() error {
	if len(w.piece) == 0 {
		return nil
	}
	if err := w.service.room(int64(len(w.piece))); err != nil {
		return err
	}
	if err := w.service.Files.Write(w.id, w.size, w.piece); err != nil {
		return err
	}
	w.size += int64(len(w.piece))
	w.service.Count("received", 1, int64(len(w.piece)))
	w.piece = w.piece[:0]
	return nil
}
