package store_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/store"
)

// Making the schema takes longer than most tests. So a test on SQLite gets a
// copy of an empty database, and one on PostgreSQL the schema of a test that
// ended well, emptied.

// source says where a test's empty database is.
type source func(t *testing.T) store.Config

// fresh opens the database of a test.
func (s source) fresh(t *testing.T) *store.Store {
	t.Helper()
	return open(t, s(t))
}

// lite is a source of SQLite files.
func lite(t *testing.T) source {
	t.Helper()
	c := config()
	c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "empty.db")
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	empty, err := os.ReadFile(c.Source)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T) store.Config {
		t.Helper()
		c := config()
		c.Driver, c.Source = store.SQLite, filepath.Join(t.TempDir(), "patchbay.db")
		if err := os.WriteFile(c.Source, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// postgres is a source of schemas of a server that ends with the test.
func postgres(t *testing.T) source {
	t.Helper()
	server, whole := pgtest.Start(t), t
	var mu sync.Mutex
	var idle []string
	take := func() string {
		mu.Lock()
		defer mu.Unlock()
		if n := len(idle); n > 0 {
			found := idle[n-1]
			idle = idle[:n-1]
			return found
		}
		return server.Schema(whole)
	}
	return func(t *testing.T) store.Config {
		t.Helper()
		c := config()
		c.Driver, c.Source = store.Postgres, take()
		t.Cleanup(func() { // after the store is closed
			if t.Failed() {
				return
			}
			if err := pgtest.Empty(context.WithoutCancel(t.Context()), c.Source, "schema_migration"); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			idle = append(idle, c.Source)
		})
		return c
	}
}
