package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// recorded is an event with a record; without a type when it is for the audit
// log alone.
func recorded(id, kind string) event.Event {
	e := happened(id)
	e.ID, e.Type = "chg_"+id, kind
	e.Audit = &event.Record{
		Action: "note.made", Actor: event.Party{Kind: "agent", ID: "mem_1", Name: "李雷"}, Via: "ses_1", Address: "192.0.2.1",
		Target: event.Party{Kind: "note", ID: id, Name: "n"}, Detail: []byte(`{"a":{"from":1,"to":2}}`),
	}
	return e
}

// rows reads a chain as it is stored.
func rows(t *testing.T, d *db.DB) []audit.Row {
	t.Helper()
	const query = `SELECT seq, audit_id, at, action, actor_kind, actor_id, actor_name, via, address, target_kind, target_id, target_name, detail, previous, hash
FROM audit_row WHERE workspace_id = ? ORDER BY seq`
	var out []audit.Row
	must(t, d.Rows(t.Context(), query, []any{"w"}, func(s db.Scanner) error {
		r := audit.Row{Workspace: identity.WorkspaceID("w")}
		c := &r.Record
		var seq, at int64
		var detail string
		err := s.Scan(&seq, &r.ID, &at, &c.Action, &c.Actor.Kind, &c.Actor.ID, &c.Actor.Name, &c.Via, &c.Address,
			&c.Target.Kind, &c.Target.ID, &c.Target.Name, &detail, &r.Previous, &r.Hash)
		r.Seq, r.At, c.Detail = uint64(seq), db.Time(at), []byte(detail)
		out = append(out, r)
		return err
	}))
	return out
}

func chainHead(t *testing.T, d *db.DB) audit.Head {
	t.Helper()
	var seq, base int64
	var h audit.Head
	must(t, d.Row(t.Context(), `SELECT seq, hash, base, base_hash FROM audit_head WHERE workspace_id = ?`, []any{"w"}, &seq, &h.Hash, &base, &h.BaseHash))
	h.Seq, h.Base = uint64(seq), uint64(base)
	return h
}

func TestRecordsAreChained(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		const jobs = 40
		boom := errors.New("boom")
		gather(t, d, jobs, func(ctx context.Context, tx *db.Tx, i int) error {
			kind := ""
			if i%2 == 0 {
				kind = "note.changed"
			}
			err := errors.Join(tx.Append(ctx, recorded(fmt.Sprint("e", i), kind)), note(ctx, tx, fmt.Sprint("n", i)))
			if i%5 == 0 {
				return errors.Join(err, boom)
			}
			return err
		})
		got := rows(t, d)
		if len(got) != jobs*4/5 {
			t.Fatalf("%d rows, want those of the %d jobs that succeeded", len(got), jobs*4/5)
		}
		v := audit.NewVerifier(chainHead(t, d))
		for _, r := range got {
			if f := v.Add(r); f != nil {
				t.Fatal(f)
			}
		}
		if f := v.Close(); f != nil {
			t.Fatal(f)
		}
		if events := feed(t, d); len(events) != jobs/2*4/5 {
			t.Fatalf("the feed has %d events: those without a type are for the audit log alone", len(events))
		}
	})
}

func TestTheAuditLogIsAppendOnly(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		for i := range 3 {
			must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return tx.Append(ctx, recorded(fmt.Sprint("e", i), "")) }))
		}
		for _, statement := range []string{
			`UPDATE audit_row SET actor_name = 'nobody'`,
			`UPDATE audit_row SET hash = hash`,
			`DELETE FROM audit_row WHERE seq = 3`,
			`DELETE FROM audit_row`,
			`DELETE FROM audit_head`,
			`UPDATE audit_head SET seq = 2`,
			`UPDATE audit_head SET base = 9`,
		} {
			err := d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			if err == nil {
				t.Errorf("%s was not refused", statement)
			}
		}
		if got := rows(t, d); len(got) != 3 {
			t.Fatalf("%d rows are left", len(got))
		}
	})
}
