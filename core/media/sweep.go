package media

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepBatch is how many attachments are looked at in one query.
const sweepBatch = 200

// Sweep throws away what no message took in time, row first: a file that is
// left behind when the process stops in between is an Orphan.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	swept := 0
	for {
		refs, err := s.Ledger.Expired(ctx, s.Now(), sweepBatch)
		if err != nil || len(refs) == 0 {
			return swept, err
		}
		gone := 0
		for _, r := range refs {
			ok, err := s.discard(ctx, r)
			if err != nil {
				return swept, err
			}
			if ok {
				gone++
			}
		}
		swept += gone
		s.Count("swept", gone, 0)
		if gone == 0 { // all were taken or held meanwhile
			return swept, nil
		}
	}
}

func (s *Service) discard(ctx context.Context, r Ref) (bool, error) {
	defer s.busy.lock(r.ID)()
	gone, err := s.Ledger.Forfeit(ctx, r, s.Now())
	if err != nil || !gone {
		return false, err
	}
	return true, s.remove(r.ID)
}

// Audit is what a comparison of rows and files found.
type Audit struct {
	Orphans int  // files without a row, removed
	Missing []ID // attachments whose file or preview is not there, or has another length
}

// Reconcile removes files that no row knows, once they are older than Grace,
// and lists attachments whose files are missing, which nothing here can bring
// back. It holds no lock: what comes in meanwhile is younger than Grace.
func (s *Service) Reconcile(ctx context.Context) (Audit, error) {
	var a Audit
	orphans, err := s.orphans(ctx)
	if err != nil {
		return a, err
	}
	for _, id := range orphans {
		err := s.Files.Remove(id)
		if errors.Is(err, ErrHeld) { // the next comparison takes them
			break
		}
		if err != nil {
			return a, err
		}
		a.Orphans++
	}
	s.Count("orphans", a.Orphans, 0)
	a.Missing, err = Missing(ctx, s.Ledger, s.Files)
	s.Count("missing", len(a.Missing), 0)
	return a, err
}

// orphans lists the attachments whose files have no row.
func (s *Service) orphans(ctx context.Context) ([]ID, error) {
	old := s.Now().Add(-Grace)
	seen := make(map[ID]bool)
	var batch, out []ID
	flush := func() error {
		known, err := s.Ledger.Known(ctx, batch)
		if err != nil {
			return err
		}
		for _, id := range batch {
			if !known[id] {
				out = append(out, id)
			}
		}
		batch = batch[:0]
		return nil
	}
	err := s.Files.Walk(func(id ID, modified time.Time) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if id == "" || seen[id] || modified.After(old) {
			return nil
		}
		seen[id] = true
		if batch = append(batch, id); len(batch) == sweepBatch {
			return flush()
		}
		return nil
	})
	return out, errors.Join(err, flush())
}

// Missing lists whole attachments of which a part is not there or has another
// length than its row says: invariant I14 of docs/operate/durability.md.
func Missing(ctx context.Context, l Ledger, f Files) ([]ID, error) {
	var out []ID
	for after := ID(""); ; {
		all, err := l.Whole(ctx, after, sweepBatch)
		if err != nil || len(all) == 0 {
			return out, err
		}
		for _, a := range all {
			ok, err := there(f, a)
			if err != nil {
				return out, err
			}
			if !ok {
				out = append(out, a.ID)
			}
		}
		after = all[len(all)-1].ID
	}
}

func there(f Files, a Attachment) (bool, error) {
	parts := []Part{Original}
	if a.HasPreview() {
		parts = append(parts, Drawing)
	}
	for _, p := range parts {
		c, err := f.Open(a.ID, p)
		if errors.Is(err, ErrLost) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("open the %s of %s: %w", p, a.ID, err)
		}
		size := c.Size()
		if err := c.Close(); err != nil {
			return false, err
		}
		if size == 0 || p == Original && size != a.Size {
			return false, nil
		}
	}
	return true, nil
}
