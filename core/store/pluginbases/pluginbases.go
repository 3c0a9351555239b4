// Package pluginbases gives instances of plugins databases of their own: a
// SQLite file in the plugin's folder, or on PostgreSQL a schema with a role that
// owns it and nothing else.
package pluginbases

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Sealer keeps the roles' passwords from who reads the database alone; a
// seal.Box is one.
type Sealer interface {
	Seal(secret []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

// Options are what Databases are made of.
type Options struct {
	Source string // how the core reaches PostgreSQL
	Folder string // of all plugins' folders
	Sealer Sealer
	Now    func() time.Time
}

// Databases implements extension.Databases.
type Databases struct {
	db *db.DB
	Options
}

// New returns Databases.
func New(d *db.DB, o Options) *Databases { return &Databases{db: d, Options: o} }

const ofOwner = ` WHERE workspace_id = ? AND instance_id = ?`

func about(o extension.Owner) string {
	return "plugin_database/" + string(o.Workspace) + "/" + o.Instance
}

// Open implements extension.Databases.
func (s *Databases) Open(ctx context.Context, o extension.Owner, plugin extension.PluginID, dir string) (extension.Database, error) {
	if s.db.Driver() == db.Postgres {
		return s.openSchema(ctx, o, plugin)
	}
	file, err := filepath.Abs(filepath.Join(dir, "databases", o.Instance+".db"))
	if err != nil {
		return extension.Database{}, err
	}
	rel, err := s.below(file)
	if err != nil {
		return extension.Database{}, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return extension.Database{}, fmt.Errorf("make the folder of a plugin's databases: %w", err)
	}
	err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, insert+` DO UPDATE SET name = excluded.name`, string(o.Workspace), o.Instance, string(plugin), rel, "", db.Micros(s.Now()))
		return err
	})
	return extension.Database{Driver: "sqlite", Source: file}, err
}

const insert = `INSERT INTO plugin_database (workspace_id, instance_id, plugin, name, password, created_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, instance_id)`

// below is a file's path in the folder of all plugins.
func (s *Databases) below(file string) (string, error) {
	base, err := filepath.Abs(s.Folder)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(base, file)
	if err != nil || !filepath.IsLocal(rel) {
		return "", errs.New(errs.Internal, "plugin.folder", "A plugin's folder lies outside of the plugins' folder.")
	}
	return filepath.ToSlash(rel), nil
}

// Drop implements extension.Databases.
func (s *Databases) Drop(ctx context.Context, o extension.Owner) error {
	name, _, err := s.row(ctx, s.db, o)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.db.Driver() == db.Postgres {
		return s.dropSchema(ctx, o, name)
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return errs.New(errs.Internal, "plugin.folder", "The path of a plugin's database is damaged.")
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(filepath.Join(s.Folder, filepath.FromSlash(name)) + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a plugin's database: %w", err)
		}
	}
	return s.forget(ctx, o)
}

func (s *Databases) forget(ctx context.Context, o extension.Owner) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM plugin_database`+ofOwner, string(o.Workspace), o.Instance)
		return err
	})
}

func (s *Databases) row(ctx context.Context, q db.Querier, o extension.Owner) (name, password string, err error) {
	err = q.Row(ctx, `SELECT name, password FROM plugin_database`+ofOwner, []any{string(o.Workspace), o.Instance}, &name, &password)
	return name, password, err
}

// openSchema returns the schema of an instance. One that is in the table and not
// on the server, because a backup was restored, is made anew, empty.
func (s *Databases) openSchema(ctx context.Context, o extension.Owner, plugin extension.PluginID) (extension.Database, error) {
	var name, password string
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		sealed := s.Sealer.Seal([]byte(rand.Text()), about(o))
		fresh := "pb_" + strings.ToLower(rand.Text())
		if _, err := tx.Exec(ctx, insert+` DO NOTHING`, string(o.Workspace), o.Instance, string(plugin), fresh, sealed, db.Micros(s.Now())); err != nil {
			return err
		}
		var err error
		if name, sealed, err = s.row(ctx, tx, o); err != nil {
			return err
		}
		opened, err := s.Sealer.Open(sealed, about(o))
		if err != nil {
			return err
		}
		password = string(opened)
		var there int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = ? AND r.rolname = ?`,
			[]any{name, name}, &there); err != nil || there > 0 {
			return err
		}
		return s.create(ctx, tx, name, password)
	})
	if err != nil {
		return extension.Database{}, denied(err)
	}
	source, err := address(s.Source, name, password)
	return extension.Database{Driver: "postgres", Source: source}, err
}

// Limits of a role.
const (
	connections = 10
	statement   = "60s"
	idle        = "5min"
)

// create makes role and schema. The names are ours, of letters and digits.
func (s *Databases) create(ctx context.Context, tx *db.Tx, name, password string) error {
	verifier, err := scram(password)
	if err != nil {
		return err
	}
	var role int
	if err := tx.Row(ctx, `SELECT COUNT(*) FROM pg_roles WHERE rolname = ?`, []any{name}, &role); err != nil {
		return err
	}
	verb := "CREATE"
	if role > 0 {
		verb = "ALTER"
	}
	for _, statement := range []string{
		fmt.Sprintf(`%s ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT %d PASSWORD '%s'`, verb, name, connections, verifier),
		`GRANT ` + name + ` TO CURRENT_USER`, // to drop later what it owns
		`CREATE SCHEMA ` + name + ` AUTHORIZATION ` + name,
		`ALTER ROLE ` + name + ` SET search_path = ` + name,
		`ALTER ROLE ` + name + ` SET statement_timeout = '` + statement + `'`,
		`ALTER ROLE ` + name + ` SET idle_in_transaction_session_timeout = '` + idle + `'`,
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (s *Databases) dropSchema(ctx context.Context, o extension.Owner, name string) error {
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		var role int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM pg_roles WHERE rolname = ?`, []any{name}, &role); err != nil {
			return err
		}
		if role > 0 {
			for _, statement := range []string{
				`ALTER ROLE ` + name + ` NOLOGIN`,
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '` + name + `'`,
				`DROP SCHEMA IF EXISTS ` + name + ` CASCADE`, `DROP OWNED BY ` + name + ` CASCADE`, `DROP ROLE ` + name,
			} {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM plugin_database`+ofOwner, string(o.Workspace), o.Instance)
		return err
	})
	return denied(err)
}

// denied names the cure where the core's own role may not do what it needs.
func denied(err error) error {
	const insufficientPrivilege = "42501"
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == insufficientPrivilege {
		return errs.Wrap(err, errs.Conflict, "plugin.database_rights",
			"The server's database role may not make roles and schemas, which a plugin's own database needs. An operator runs: ALTER ROLE <the server's role> CREATEROLE; GRANT CREATE ON DATABASE <its database> TO <the server's role>;")
	}
	return err
}
