package db

import (
	"log/slog"
	"time"
)

// Driver names a database system.
type Driver string

// The database systems.
const (
	SQLite   Driver = "sqlite"
	Postgres Driver = "postgres"
)

// Config says which database to open. Now and Log are required.
type Config struct {
	Driver Driver
	// Source is the path of the file (SQLite; its folder must exist) or a
	// connection string as libpq takes it (PostgreSQL 15 or newer).
	Source string
	// Unsafe accepts a database that acknowledges before the data is on disk.
	// SQLite then runs with synchronous=NORMAL, PostgreSQL as its server says.
	Unsafe bool

	Now func() time.Time
	Log *slog.Logger

	// OnCommit, unless nil, is called after commits that added events or made
	// deliveries due, with the workspaces whose feed grew (none for the latter
	// alone) and whether deliveries became due. Calls
	// come one at a time from a goroutine of their own and may join several
	// commits; neither the writer nor the answers wait for them.
	OnCommit func(workspaces []string, deliveries bool)
}

// Limits of the writer.
const (
	queueLength = 4096                 // jobs that wait; whoever brings one more waits outside
	groupLimit  = 256                  // jobs of one commit
	groupTime   = 5 * time.Millisecond // of work before a commit; nobody ever waits for company
	groupTries  = 8                    // runs of one group that the database asks to repeat
	raceWait    = 2 * time.Millisecond // before the second run after a deadlock; doubled each time
)
