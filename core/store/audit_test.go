package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store"
)

func auditFixture(t *testing.T, s *store.Store) (audit.Store, identity.WorkspaceID, identity.WorkspaceID) {
	t.Helper()
	w := conversationtest.NewWorld(t, fixture(s))
	abroad, _ := w.Workspace("abroad@audit.example")
	return s.Audit(), w.WS, abroad
}

// A tampering is what somebody who owns the database does to row 3 of 6, and
// what verification must say of it.
type tampering struct {
	statement string
	seq       uint64
	reason    audit.Reason
}

// tamperings are every column changed, and rows removed, added and moved.
func tamperings() map[string]tampering {
	out := map[string]tampering{
		"a row removed":          {`DELETE FROM audit_row WHERE seq = 3`, 3, audit.Missing},
		"the first removed":      {`DELETE FROM audit_row WHERE seq = 1`, 1, audit.Missing},
		"the last removed":       {`DELETE FROM audit_row WHERE seq = 6`, 6, audit.Missing},
		"all removed":            {`DELETE FROM audit_row`, 1, audit.Missing},
		"one added at the end":   {`INSERT INTO audit_row SELECT workspace_id, 7, 'aud_new', at, action, actor_kind, actor_id, actor_name, via, address, target_kind, target_id, target_name, detail, previous, hash FROM audit_row WHERE seq = 6`, 7, audit.Extra},
		"the beginning cut":      {`UPDATE audit_head SET base = 2, base_hash = (SELECT hash FROM audit_row WHERE seq = 2); DELETE FROM audit_row WHERE seq <= 2`, 3, audit.Unanchored},
		"two exchanged":          {`UPDATE audit_row SET seq = 99 WHERE seq = 3; UPDATE audit_row SET seq = 3 WHERE seq = 4; UPDATE audit_row SET seq = 4 WHERE seq = 99`, 3, audit.Changed},
		"the end and head taken": {`DELETE FROM audit_row WHERE seq = 6; UPDATE audit_head SET seq = 5`, 5, audit.Changed},
		"one inserted":           {`UPDATE audit_row SET seq = seq + 100 WHERE seq > 2; INSERT INTO audit_row SELECT workspace_id, 3, 'aud_new', at, action, actor_kind, actor_id, actor_name, via, address, target_kind, target_id, target_name, detail, previous, hash FROM audit_row WHERE seq = 2; UPDATE audit_row SET seq = seq - 99 WHERE seq > 100; UPDATE audit_head SET seq = 7`, 3, audit.Changed},
	}
	for _, column := range []string{
		"audit_id", "action", "actor_kind", "actor_id", "actor_name", "via", "address", "target_kind", "target_id", "target_name", "detail", "hash", "previous",
	} {
		out[column] = tampering{`UPDATE audit_row SET ` + column + ` = ` + column + ` || 'x' WHERE seq = 3`, 3, audit.Changed}
	}
	out["at"] = tampering{`UPDATE audit_row SET at = at + 1 WHERE seq = 3`, 3, audit.Changed}
	return out
}

func TestTamperedSQLite(t *testing.T) {
	tampered(t, lite(t), "sqlite", "DROP TRIGGER audit_row_changed; DROP TRIGGER audit_row_removed; DROP TRIGGER audit_head_back; PRAGMA foreign_keys = 0")
}

func TestTamperedPostgres(t *testing.T) {
	tampered(t, postgres(t), "pgx", "ALTER TABLE audit_row DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER")
}

func tampered(t *testing.T, sources source, driver, unlock string) {
	t.Helper()
	for name, tt := range tamperings() {
		t.Run(name, func(t *testing.T) {
			c := sources(t)
			w := chainOfSix(t, c)
			if r := verified(t, c, w); r.Fault != nil || r.Rows != 6 {
				t.Fatalf("before: %+v", r)
			}
			raw, err := sql.Open(driver, c.Source)
			if err != nil {
				t.Fatal(err)
			}
			raw.SetMaxOpenConns(1)
			allowed := tt.reason == audit.Extra || tt.reason == audit.Unanchored // the chain alone tells
			if _, err := raw.ExecContext(t.Context(), tt.statement); (err == nil) != allowed {
				t.Errorf("the database says %v", err)
			}
			if !allowed {
				_, err = raw.ExecContext(t.Context(), unlock+"; "+tt.statement)
			}
			if err = errors.Join(err, restore(t, driver, raw), raw.Close()); err != nil {
				t.Fatal(err)
			}
			if r := verified(t, c, w); r.Fault == nil || r.Fault.Seq != tt.seq || r.Fault.Reason != tt.reason {
				t.Errorf("verification says %+v, want row %d %s", r.Fault, tt.seq, tt.reason)
			}
		})
	}
}

// restore puts PostgreSQL's triggers back: its schemas are used again.
func restore(t *testing.T, driver string, raw *sql.DB) error {
	t.Helper()
	if driver == "sqlite" {
		return nil
	}
	_, err := raw.ExecContext(t.Context(), "ALTER TABLE audit_row ENABLE TRIGGER USER; ALTER TABLE audit_head ENABLE TRIGGER USER")
	return err
}

// chainOfSix makes a database with one workspace that has six rows.
func chainOfSix(t *testing.T, c store.Config) identity.WorkspaceID {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f := identity.Founding{
		Account:   identity.Account{ID: "acc_1", Email: "a@audit.example", Name: "A", Locale: "en", CreatedAt: at, UpdatedAt: at},
		Workspace: identity.Workspace{ID: "wsp_1", Name: "W", Locale: "en", CreatedAt: at, UpdatedAt: at},
		Owner:     identity.Member{Workspace: "wsp_1", ID: "mem_1", Account: "acc_1", Name: "A", Role: identity.RoleOwner, Capacity: 1, CreatedAt: at, UpdatedAt: at},
	}
	var events []event.Event
	for i := range 6 {
		events = append(events, event.Event{
			ID: fmt.Sprint("aud_", i), Workspace: "wsp_1", At: at.Add(time.Duration(i) * time.Second),
			Audit: &event.Record{
				Action: "test.made", Actor: event.Party{Kind: "agent", ID: "mem_1", Name: "A"}, Via: "ses_1", Address: "192.0.2.1",
				Target: event.Party{Kind: "thing", ID: fmt.Sprint("thg_", i), Name: "T"}, Detail: []byte(`{"n":1}`),
			},
		})
	}
	if err := s.Identities().Setup.Found(t.Context(), f, events...); err != nil {
		t.Fatal(err)
	}
	return f.Workspace.ID
}

// verified verifies as the command does, on a database opened to be read.
func verified(t *testing.T, c store.Config, w identity.WorkspaceID) audit.Report {
	t.Helper()
	reader, end, err := store.OpenAudit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := audit.Verify(t.Context(), reader, w)
	if err = errors.Join(err, end(t.Context())); err != nil {
		t.Fatal(err)
	}
	return r
}
