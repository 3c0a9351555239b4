package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
)

// What a scanner ends with, as clamdscan and clamscan do. Anything else is no verdict.
const (
	scannedClean    = 0
	scannedInfected = 1
)

// Scanner asks a program about files. It implements media.Scanner and is safe
// for concurrent use.
type Scanner struct {
	runner
	paths Paths
}

// NewScanner returns a Scanner. The path of the file is the command's last argument.
func NewScanner(c Command, paths Paths) *Scanner { return &Scanner{newRunner(c), paths} }

// trial is how long a scanner may take for a harmless file.
const trial = 20 * time.Second

// Try has a scanner look at a harmless file, as the server would, and says why
// it gives no verdict or finds something.
func Try(ctx context.Context, c Command) error {
	f, err := os.CreateTemp("", "patchbay-scan-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a few bytes among temporary files
	_, err = f.WriteString("Patchbay tries the virus scanner.\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	c.Timeout, c.AtOnce = min(c.Timeout, trial), 1
	v, err := NewScanner(c, nil).look(ctx, f.Name())
	if err == nil && v.Infected {
		err = fmt.Errorf("it finds something in a harmless file: %s", v.Finding)
	}
	return err
}

// Scan implements media.Scanner.
func (s *Scanner) Scan(ctx context.Context, id media.ID, p media.Part) (media.Verdict, error) {
	path, err := s.paths.Path(id, p)
	if err != nil {
		return media.Verdict{}, err
	}
	return s.look(ctx, path)
}

// look asks about the file at a path.
func (s *Scanner) look(ctx context.Context, path string) (media.Verdict, error) {
	output, status, err := s.run(ctx, path)
	if err != nil {
		return media.Verdict{}, err
	}
	switch status {
	case scannedClean:
		return media.Verdict{}, nil
	case scannedInfected:
		return media.Verdict{Infected: true, Finding: firstLine(output, path)}, nil
	}
	return media.Verdict{}, fmt.Errorf("%s ended with %d: %s", s.Argv[0], status, firstLine(output, path))
}
