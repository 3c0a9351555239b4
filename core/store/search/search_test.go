package search_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/store"
	index "github.com/patchbay-im/patchbay/core/store/search"
)

func openLite(t *testing.T, file, epoch string) *index.Lite {
	t.Helper()
	l, err := index.OpenLite(t.Context(), file, epoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.WithoutCancel(t.Context())) })
	return l
}

func TestLite(t *testing.T) {
	searchtest.Run(t, func(t *testing.T) search.Index {
		t.Helper()
		return openLite(t, filepath.Join(t.TempDir(), "search.db"), "e")
	})
}

func TestPg(t *testing.T) {
	server := pgtest.Start(t)
	searchtest.Run(t, func(t *testing.T) search.Index {
		t.Helper()
		p, err := index.OpenPg(t.Context(), server.Schema(t), "e")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close(context.WithoutCancel(t.Context())) })
		return p
	})
}

var doc = search.Document{Key: search.Key{Kind: search.Message, ID: "cnv_1", Seq: 1}, Terms: []string{"word"}}

func apply(t *testing.T, x search.Index) {
	t.Helper()
	if err := x.Apply(t.Context(), "wsp_1", search.Batch{Put: []search.Document{doc}, Position: search.Position{Feed: 3, Ready: true}}); err != nil {
		t.Fatal(err)
	}
}

func known(t *testing.T, x search.Index) bool {
	t.Helper()
	p, err := x.Position(t.Context(), "wsp_1")
	if err != nil {
		t.Fatal(err)
	}
	return p.Ready
}

// TestLiteInARelativeFolder: the default data folder is one.
func TestLiteInARelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	apply(t, openLite(t, filepath.Join("data", "search.db"), "e"))
	if _, err := os.Stat(filepath.Join("data", "search.db")); err != nil {
		t.Error(err)
	}
}

// TestLiteThatCannotOpen says so.
func TestLiteThatCannotOpen(t *testing.T) {
	c := store.Config{Driver: store.SQLite, Source: filepath.Join(t.TempDir(), "absent", "patchbay.db")}
	x, err := store.OpenIndex(t.Context(), c, "e")
	if err == nil || x != nil {
		t.Errorf("OpenIndex = %v, %v", x, err)
	}
}

// What is kept, and when a file is made anew.
func TestLiteIsMadeAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "search.db")
	l := openLite(t, file, "one")
	apply(t, l)
	_ = l.Close(context.WithoutCancel(t.Context()))
	l = openLite(t, file, "one")
	if !known(t, l) {
		t.Fatal("it was forgotten without a reason")
	}
	_ = l.Close(context.WithoutCancel(t.Context()))
	l = openLite(t, file, "two")
	if known(t, l) {
		t.Fatal("it is kept for another history")
	}
	apply(t, l)
	_ = l.Close(context.WithoutCancel(t.Context()))
	if err := os.WriteFile(file, []byte("this is no database, but it is long enough to be taken for one, which is what matters here, and a little more"), 0o600); err != nil {
		t.Fatal(err)
	}
	l = openLite(t, file, "two")
	if known(t, l) {
		t.Fatal("it is kept after it was broken")
	}
	apply(t, l)
}

// A second node of PostgreSQL searches and does not index, until the first is gone.
func TestPgHasOneLead(t *testing.T) {
	source := pgtest.Start(t).Schema(t)
	open := func(epoch string) *index.Pg {
		p, err := index.OpenPg(t.Context(), source, epoch)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := open("e"), open("e")
	defer func() { _ = b.Close(context.WithoutCancel(t.Context())) }()
	lead := func(p *index.Pg) bool {
		ok, err := p.Lead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !lead(a) || lead(b) || !lead(a) {
		t.Fatal("not one of two leads")
	}
	apply(t, a)
	if !known(t, b) {
		t.Fatal("the second node does not see what the first indexed")
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !lead(b) {
		t.Fatal("nobody leads after the first is gone")
	}
	c := open("another history")
	defer func() { _ = c.Close(context.WithoutCancel(t.Context())) }()
	if known(t, c) {
		t.Fatal("it is kept for another history")
	}
}
