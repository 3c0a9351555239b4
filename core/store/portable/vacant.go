package portable

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// foreignKey is a reference that PostgreSQL checks.
type foreignKey struct{ table, name, definition string }

// vacant makes sure that nobody uses the PostgreSQL database, and takes away
// the tables of a server that nobody has signed up with.
func (l *Loader) vacant(ctx context.Context) error {
	if err := l.exec(ctx, fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, db.MigrationLock)); err != nil {
		return err
	}
	all, err := l.tables(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return l.exec(ctx, `DROP TABLE IF EXISTS `+ledger)
	}
	if err := l.unused(ctx, all); err != nil {
		return err
	}
	for _, t := range append(all, table{name: ledger}, table{name: "search_meta"}, table{name: "search_space"}, table{name: "search_message"}, table{name: "search_thing"}) {
		if err := l.exec(ctx, `DROP TABLE IF EXISTS `+quoted(t.name)+` CASCADE`); err != nil {
			return err
		}
	}
	return nil
}

// unused refuses a database that holds something, or that a server is at.
func (l *Loader) unused(ctx context.Context, all []table) error {
	ours := func(name string) bool {
		return slices.ContainsFunc(all, func(t table) bool { return t.name == name })
	}
	n := -1
	if ours("account") && ours("workspace") && ours("meta") {
		query := `SELECT (SELECT COUNT(*) FROM account) + (SELECT COUNT(*) FROM workspace)`
		if err := l.rows(ctx, query, func(r *sql.Rows) error { return r.Scan(&n) }); err != nil {
			return err
		}
	}
	if n != 0 {
		return errs.New(errs.Conflict, "restore.not_empty", "The PostgreSQL database is not empty. Restore into a new one: CREATE DATABASE, and set database.url.")
	}
	const servers = `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'patchbay' AND pid <> pg_backend_pid()`
	if err := l.rows(ctx, servers, func(r *sql.Rows) error { return r.Scan(&n) }); err != nil {
		return err
	}
	if n != 0 {
		return errs.New(errs.Conflict, "restore.server_runs", "A server is connected to this PostgreSQL database. Stop it, then restore.")
	}
	return nil
}

// dropKeys takes the references away while rows come in, in whatever order.
func (l *Loader) dropKeys(ctx context.Context) error {
	const query = `SELECT t.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE c.contype = 'f' AND n.nspname = current_schema()`
	err := l.rows(ctx, query, func(r *sql.Rows) error {
		var k foreignKey
		err := r.Scan(&k.table, &k.name, &k.definition)
		l.keys = append(l.keys, k)
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range l.keys {
		if err := l.exec(ctx, `ALTER TABLE `+quoted(k.table)+` DROP CONSTRAINT `+quoted(k.name)); err != nil {
			return err
		}
	}
	return nil
}

// restoreKeys puts them back, which checks every row.
func (l *Loader) restoreKeys(ctx context.Context) error {
	for _, k := range l.keys {
		if err := l.exec(ctx, `ALTER TABLE `+quoted(k.table)+` ADD CONSTRAINT `+quoted(k.name)+` `+k.definition); err != nil {
			return fmt.Errorf("the references of %s: %w", k.table, err)
		}
	}
	return nil
}
