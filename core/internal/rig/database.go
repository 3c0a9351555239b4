package rig

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// ExpireVisitor makes a visitor session end now, behind the server's back: no
// request can do that, and nobody wants to wait for 90 days.
func ExpireVisitor(ctx context.Context, database, session string) error {
	u := url.URL{Scheme: "file", Path: database, RawQuery: "_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return fmt.Errorf("open %s: %w", database, err)
	}
	defer db.Close() //nolint:errcheck // one statement
	r, err := db.ExecContext(ctx, `UPDATE visitor_session SET expires_at = 1 WHERE visitor_id = ?`, session)
	if err != nil {
		return fmt.Errorf("expire %s: %w", session, err)
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("expire %s: %d rows, %w", session, n, err)
	}
	return nil
}
