package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/patchbay-im/patchbay/core/erasure"
)

// erasureList stands in the data folder: who was erased, by ids, a line each.
// A backup is older than what was erased since, so the list is applied again
// after a restore; see docs/operate/retention-and-erasure.md.
const erasureList = "erasures.jsonl"

// newErasure makes the use cases of erasing.
func (s *server) newErasure() *erasure.Service {
	return erasure.NewService(erasure.Deps{
		Store: s.store.Erasures(), Circle: s.store.Contacts(), Files: s.files, Scrub: s.scrub, Note: s.noteErasure, Key: s.box.Derive("erasure proofs"), Now: s.now, Log: s.log,
	})
}

// scrub makes what was deleted unreadable: in exports, in the search index, then
// in the database.
func (s *server) scrub(ctx context.Context) error {
	if err := s.exports.Tidy(ctx); err != nil {
		return fmt.Errorf("throw exports away: %w", err)
	}
	if err := s.indexer.Rebuild(ctx); err != nil {
		return fmt.Errorf("make the search index anew: %w", err)
	}
	if err := s.store.Scrub(ctx); err != nil {
		return fmt.Errorf("write the database anew: %w", err)
	}
	return nil
}

// noteErasure adds a line to the list, on disk when it returns.
func (s *server) noteErasure(r erasure.Ref) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err //nolint:wrapcheck // of a struct of ours
	}
	f, err := os.OpenFile(dataPath(s.config, erasureList), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// readErasures reads a list. What is no line of it is an error: none may be
// passed over.
func readErasures(name string) ([]erasure.Ref, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("read the list of erasures: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	var out []erasure.Ref
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var r erasure.Ref
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Workspace == "" || r.Contact == "" {
			return nil, fmt.Errorf("line %d of the list of erasures %s is not one", n, name)
		}
		out = append(out, r)
	}
	return out, lines.Err()
}

// copyList puts the list of erasures into a data folder, so that it goes on.
func copyList(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // the operator names it
	if err != nil {
		return err //nolint:wrapcheck // it names the file
	}
	defer in.Close()                                                      //nolint:errcheck // read only
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in the data folder
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
