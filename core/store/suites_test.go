package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/store"
)

func config() store.Config {
	return store.Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// openSQLite opens a new database in a file.
func openSQLite(t *testing.T) *store.Store {
	t.Helper()
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "patchbay.db")
	return open(t, c)
}

func open(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestIdentity(t *testing.T) {
	identitytest.Run(t, func(t *testing.T) identitytest.Fixture {
		s := openSQLite(t)
		return identitytest.Fixture{Stores: s.Identities(), Log: s.Events()}
	})
}
