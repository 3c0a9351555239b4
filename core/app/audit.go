package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store"
)

// VerifyAudit verifies the audit logs in the database of a configuration, of
// one workspace or ("") of all, and says what it found of each. It only reads: a
// server that runs is not disturbed. The error names the first bad row of each
// log that is not whole.
func VerifyAudit(ctx context.Context, c Config, workspace string, out io.Writer) (err error) {
	reader, end, err := store.OpenAudit(ctx, database(c, time.Now, slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, end(context.WithoutCancel(ctx))) }()
	all, err := reader.Workspaces(ctx)
	if err != nil {
		return err //nolint:wrapcheck // a port's error says where it comes from
	}
	if workspace != "" {
		if !slices.Contains(all, identity.WorkspaceID(workspace)) {
			return errs.New(errs.NotFound, "audit.no_workspace", "The workspace "+workspace+" is not in this database.")
		}
		all = []identity.WorkspaceID{identity.WorkspaceID(workspace)}
	}
	var broken []error
	for _, w := range all {
		r, err := audit.Verify(ctx, reader, w)
		if err != nil {
			return err //nolint:wrapcheck // as above
		}
		tellAudit(out, r)
		if r.Fault != nil {
			broken = append(broken, fmt.Errorf("the audit log of workspace %s is not whole: %w", w, r.Fault))
		}
	}
	if len(all) == 0 {
		_, _ = fmt.Fprintln(out, "There is no workspace in this database.")
	}
	return errors.Join(broken...)
}

// tellAudit says what was found of a log.
func tellAudit(out io.Writer, r audit.Report) {
	first := r.Head.Base + 1
	switch {
	case r.Fault != nil && r.Rows == 0:
		_, _ = fmt.Fprintf(out, "%s: NOT whole. No row before the bad one is right.\n", r.Workspace)
	case r.Fault != nil:
		_, _ = fmt.Fprintf(out, "%s: NOT whole. Rows %d to %d are right; nothing is known of what follows.\n", r.Workspace, first, r.Head.Base+r.Rows)
	case r.Head.Seq == 0:
		_, _ = fmt.Fprintf(out, "%s: empty. A workspace records its own founding: unless it is older than the audit log, somebody removed everything.\n", r.Workspace)
	default:
		_, _ = fmt.Fprintf(out, "%s: whole. Rows %d to %d.\n    hash of row %d, to be kept elsewhere: %s\n", r.Workspace, first, r.Head.Seq, r.Head.Seq, r.Head.Hash)
	}
	if r.Head.Base > 0 {
		_, _ = fmt.Fprintf(out, "    rows 1 to %d were removed after the time that they are kept\n", r.Head.Base)
	}
}

// trimAudit removes what the workspaces keep of their audit logs no longer. A
// log that is not whole is left as it is, and does not stand in the way of others.
func (s *server) trimAudit(ctx context.Context) error {
	all, err := s.workspaces(ctx)
	for _, w := range all {
		n, failed := s.audit.TrimDue(ctx, identity.WorkspaceID(w))
		err = errors.Join(err, failed)
		if n > 0 {
			s.log.InfoContext(ctx, "old rows of an audit log were removed", "workspace", w, "rows", n)
		}
	}
	return err
}

// database says which database a configuration names.
func database(c Config, now func() time.Time, log *slog.Logger) store.Config {
	out := store.Config{Driver: store.SQLite, Source: dataPath(c, "patchbay.db"), Unsafe: c.Database.Unsafe, Now: now, Log: log}
	if c.Database.URL != "" {
		out.Driver, out.Source = store.Postgres, c.Database.URL
	}
	return out
}
