package extension

import (
	"context"
	"errors"
	"time"
)

// LapsedFor is how long it is known that a claim lapsed, so that who does the
// thing next is told.
const LapsedFor = 7 * 24 * time.Hour

// Estate is all that is kept for instances, seen from the end.
type Estate interface {
	// Sweep forgets what expired, at most limit of each kind, and returns how many.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
	// Orphans lists instances that something is kept for and that are neither
	// an inbox nor a connection any more, at most limit.
	Orphans(ctx context.Context, limit int) ([]Owner, error)
	// Forget forgets all that is kept for an instance, but for its database.
	Forget(ctx context.Context, o Owner) error
}

// Databases gives instances databases of their own.
type Databases interface {
	// Open returns how an instance reaches its database, which the first call
	// makes. dir is the plugin's own folder.
	Open(ctx context.Context, o Owner, plugin PluginID, dir string) (Database, error)
	// Drop removes the database of an instance; one that is not there is fine.
	Drop(ctx context.Context, o Owner) error
}

// Database is where an instance's own database is.
type Database struct {
	Driver string // "sqlite" or "postgres"
	Source string // the path of a file, or a connection URI with a password
}

// Undertaker clears up after instances that are gone.
type Undertaker struct {
	estate    Estate
	databases Databases
	now       func() time.Time
}

// NewUndertaker returns an Undertaker.
func NewUndertaker(estate Estate, databases Databases, now func() time.Time) *Undertaker {
	return &Undertaker{estate: estate, databases: databases, now: now}
}

// Sweep forgets what expired, and all of the instances that are gone. It is
// called now and then; what it did not get to, the next call does.
func (u *Undertaker) Sweep(ctx context.Context) error {
	const batch = 500
	for {
		n, err := u.estate.Sweep(ctx, u.now(), batch)
		if err != nil {
			return err
		}
		if n < batch {
			break
		}
	}
	gone, err := u.estate.Orphans(ctx, batch)
	if err != nil {
		return err
	}
	var failed []error // one that cannot be buried does not keep the others
	for _, o := range gone {
		failed = append(failed, u.Bury(ctx, o))
	}
	return errors.Join(failed...)
}

// Bury forgets all that is kept for an instance, its database too.
func (u *Undertaker) Bury(ctx context.Context, o Owner) error {
	if err := u.databases.Drop(ctx, o); err != nil {
		return err
	}
	return u.estate.Forget(ctx, o)
}
