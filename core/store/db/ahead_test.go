package db_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// names reads the accounts of these ids, with what is NULL and what is not.
func names(ctx context.Context, q db.Querier, ids ...string) (out []string, err error) {
	for _, id := range ids {
		err = q.Rows(ctx, `SELECT account_id, NULLIF(name, ''), updated_at FROM account WHERE account_id = ?`, []any{id}, func(s db.Scanner) error {
			var id string
			var name *string
			var at int64
			err := s.Scan(&id, &name, &at)
			if out = append(out, id); name != nil {
				out = append(out, *name)
			}
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// What is read ahead is what is read, whatever the job writes in between.
func TestAhead(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error { return errors.Join(note(ctx, tx, "a"), note(ctx, tx, "b")) }))
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			expect := func(ids ...string) { tx.Ahead(func() { _, _ = names(ctx, tx, ids...) }) }
			read := func(want []string, ids ...string) {
				t.Helper()
				if got, err := names(ctx, tx, ids...); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%v, %v: want %v", got, err, want)
				}
			}
			expect("a", "b", "none", "a", "broken\x00")
			read([]string{"b"}, "b") // in another order
			read([]string{"a"}, "a", "none")
			must(t, tx.Queue(ctx, `UPDATE workspace SET name = 'other' WHERE workspace_id = 'w'`))
			read([]string{"a"}, "a") // asked twice
			expect("a", "b")
			read([]string{"b"}, "b")
			must(t, tx.Queue(ctx, `UPDATE account SET name = 'new' WHERE account_id = ?`, "a"))
			read([]string{"a", "new", "b"}, "a", "b")
			expect("a")
			expect("a", "b")
			read([]string{"b"}, "b")
			must(t, tx.Gorm(ctx).Exec(`UPDATE account SET name = 'newer' WHERE account_id = 'a'`).Error)
			read([]string{"a", "newer"}, "a")
			expect("a")
			_, err := tx.Exec(ctx, `DELETE FROM account WHERE account_id = ?`, "a")
			must(t, err)
			read(nil, "a")
			expect("b") // and nobody asks
			return nil
		}))
		if n := notes(t, d); n != 1 {
			t.Fatalf("%d rows, want 1", n)
		}
	})
}

// A job that is to say what it reads, and writes, fails alone.
func TestAheadWritesNothing(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		asks, want := d.Driver() == db.Postgres, 6 // SQLite does not ask what is read
		if asks {
			want = 3
		}
		for i, err := range gather(t, d, 6, func(ctx context.Context, tx *db.Tx, i int) error {
			tx.Ahead(func() {
				if i%2 == 0 {
					_ = note(ctx, tx, fmt.Sprint("ahead", i))
				}
			})
			return note(ctx, tx, fmt.Sprint("n", i))
		}) {
			if (err != nil) != (asks && i%2 == 0) {
				t.Errorf("job %d: %v", i, err)
			}
		}
		if n := notes(t, d); n != want {
			t.Fatalf("%d rows, want %d", n, want)
		}
	})
}

// Many rows go in few statements, in their order, and one that fails takes all of
// its job along.
func TestInsert(t *testing.T) {
	accounts := db.Insert{
		Into: `INSERT INTO account (account_id, email, name, locale, password_hash, created_at, updated_at)`,
		Then: ` ON CONFLICT (account_id) DO UPDATE SET name = excluded.name`,
	}
	both(t, func(t *testing.T, d *db.DB) {
		put := func(n int) error {
			return d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
				rows := make([][]any, n)
				for i := range rows {
					rows[i] = []any{fmt.Sprint("acc", i), fmt.Sprint("mail", i), fmt.Sprint("of ", n), "", "", 1, 1}
				}
				return tx.Insert(ctx, accounts, rows...)
			})
		}
		for n := range 40 {
			must(t, put(n))
			if got := notes(t, d); got != n {
				t.Fatalf("%d rows, want %d", got, n)
			}
		}
		var same int
		must(t, d.Row(t.Context(), `SELECT COUNT(*) FROM account WHERE name = 'of 39'`, nil, &same))
		if same != 39 {
			t.Fatalf("%d of 39 rows are the last ones", same)
		}
		must(t, d.Do(t.Context(), "", func(ctx context.Context, tx *db.Tx) error { return note(ctx, tx, "mail39") }))
		if put(41) == nil {
			t.Fatal("an address twice")
		}
		if n := notes(t, d); n != 40 {
			t.Fatalf("%d rows, want 40", n)
		}
	})
}

// Numbers have no gap and no twin, whichever jobs of a group fail.
func TestNumbers(t *testing.T) {
	both(t, func(t *testing.T, d *db.DB) {
		given := make([]uint64, 40)
		refused := errs.New(errs.Invalid, "test.refused", "No.")
		for i, err := range gather(t, d, len(given), func(ctx context.Context, tx *db.Tx, i int) error {
			n, err := tx.Number(ctx, "w", db.Conversations)
			if err != nil {
				return err
			}
			if i%4 == 1 {
				return refused
			}
			if err := note(ctx, tx, fmt.Sprint("n", i)); err != nil {
				return err
			}
			if i%4 == 2 {
				return refused
			}
			given[i] = n
			return tx.Append(ctx, happened(fmt.Sprint("e", i)))
		}) {
			if (err != nil) != (i%4 == 1 || i%4 == 2) {
				t.Errorf("job %d: %v", i, err)
			}
		}
		seen := map[uint64]bool{0: true}
		for _, n := range given {
			seen[n] = true
		}
		for n := range uint64(21) {
			if !seen[n] {
				t.Errorf("nobody has number %d: %v", n, given)
			}
		}
		var conversations, tickets int
		must(t, d.Row(t.Context(), `SELECT last_number, last_ticket FROM workspace WHERE workspace_id = 'w'`, nil, &conversations, &tickets))
		if conversations != 20 || tickets != 0 || len(feed(t, d)) != 20 {
			t.Fatalf("the last are %d and %d", conversations, tickets)
		}
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			if n, err := tx.Number(ctx, "w", db.Tickets); n != 1 || err != nil {
				t.Errorf("the first ticket is %d: %v", n, err)
			}
			return tx.Renumber(ctx, "w")
		}))
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			if n, err := tx.Number(ctx, "w", db.Conversations); n != 1 || err != nil {
				t.Errorf("after all went, the first is %d: %v", n, err)
			}
			return nil
		}))
	})
}
