package exports_test

import (
	_ "embed"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/exports"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

//go:embed testdata/unexported.txt
var unexported string

// TestEveryColumnIsExportedOrHasAReason: what is kept of a workspace is in its
// export, or testdata/unexported.txt says why not. A table or a column that is
// added later is met by this test.
func TestEveryColumnIsExportedOrHasAReason(t *testing.T) {
	d, err := db.Open(t.Context(), db.Config{Driver: db.SQLite, Source: filepath.Join(t.TempDir(), "x.db"), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(t.Context()) })
	schema, err := purge.Look(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{}
	for line := range strings.Lines(unexported) {
		line = strings.TrimSpace(line)
		names, reason, ok := strings.Cut(line, ": ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !ok || reason == "":
			t.Fatalf("no reason: %s", line)
		default:
			for name := range strings.FieldsSeq(names) {
				reasons[name] = false
			}
		}
	}
	taken, seen := exports.Taken(), 0
	var unknown []string
	for table, columns := range schema {
		for _, column := range columns {
			name, covered := table+"."+column, false
			for _, of := range []string{name, table + ".*", "*." + column} {
				if _, ok := reasons[of]; ok && !taken[name] {
					reasons[of], covered = true, true
				}
			}
			if taken[name] {
				seen++
			} else if !covered {
				unknown = append(unknown, name)
			}
			delete(taken, name)
		}
	}
	if len(unknown) > 0 {
		t.Errorf("neither exported (nouns.go) nor named in testdata/unexported.txt: %v", unknown)
	}
	for name, used := range reasons {
		if !used {
			t.Errorf("unexported.txt names %s, which is not there or is exported", name)
		}
	}
	delete(taken, "member.email")
	if len(taken) > 0 || seen < 150 {
		t.Errorf("%d columns are exported; none are %v", seen, taken)
	}
}
