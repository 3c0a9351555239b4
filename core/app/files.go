package app

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/program"
)

// How often files are looked after. The comparison of rows and files reads the
// name of every file there is.
const (
	sweepEvery     = 10 * time.Minute
	reconcileEvery = 24 * time.Hour
)

// newMedia makes the use cases of files.
func (s *server) newMedia() *media.Service {
	rows := s.store.Attachments()
	var scanner media.Scanner
	if c := scanCommand(s.config); c != nil {
		scanner = program.NewScanner(*c, s.files)
	}
	var transcoder media.Transcoder
	path, err := program.FindFFmpeg(s.config.Media.FFmpeg)
	if err != nil {
		s.log.Error("recordings are not made playable: the program of media.ffmpeg cannot be run", "error", err)
	} else if path != "" {
		transcoder = program.NewFFmpeg(path, s.files)
	}
	return media.NewService(media.Deps{
		Store: rows, Ledger: rows, Files: s.files, Signer: rows.Signer(), Scanner: scanner, Transcoder: transcoder,
		Limits: media.Limits{
			Upload: int64(s.config.Media.MaxUpload), Pixels: int64(s.config.Media.MaxMegapixels) * 1_000_000,
			DecodeMemory: int64(s.config.Media.DecodeMemory), MinFree: int64(s.config.Media.MinFree),
		},
		Count: s.metrics.Media, Now: s.now, Log: s.log,
	})
}

// scanCommand is how files are scanned; nil = they are not.
func scanCommand(c Config) *program.Command {
	if len(c.Media.ScanCommand) == 0 {
		return nil
	}
	return &program.Command{Argv: c.Media.ScanCommand, Timeout: c.Media.ScanTimeout, AtOnce: c.Media.ScanConcurrency}
}

// tidyFiles throws away files that no message took, until ctx ends; once at
// the start and then daily it compares rows and files.
func (s *server) tidyFiles(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for next := s.now(); ; {
		s.chore(ctx, "sweeping files", func() error { _, err := s.media.Sweep(ctx); return err })
		if !s.now().Before(next) {
			s.chore(ctx, "comparing rows and files", func() error { return s.reconcile(ctx) })
			next = s.now().Add(reconcileEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *server) reconcile(ctx context.Context) error {
	found, err := s.media.Reconcile(ctx)
	if found.Orphans > 0 {
		s.log.InfoContext(ctx, "files without a row were removed", "attachments", found.Orphans)
	}
	if n := len(found.Missing); n > 0 {
		s.log.ErrorContext(ctx, "files of attachments are missing or cut off: restore the media folder from the backup that belongs to the database",
			"attachments", n, "first", found.Missing[0])
	}
	return err //nolint:wrapcheck // the use case's own error
}
