// Package pgtest starts a real PostgreSQL for tests: an own data folder, a
// Unix socket in it and no port, fsync on. Programs come from PATH or from
// where Debian puts them; run by root, the server runs as an unprivileged
// user.
//
// PATCHBAY_TEST_POSTGRES names a server to use instead, by the connection
// string of a user who may create databases. Without either, tests are
// skipped, or fail when PATCHBAY_TEST_REQUIRE=1.
//
// Lifecycle: Start stops the server when the test ends; Launch leaves that to
// Stop. Should the program die first, Linux ends the server with it.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// oldest is the first version that will do.
const oldest = 15

// ErrAbsent says that there is no PostgreSQL on this machine.
var ErrAbsent = errors.New("no PostgreSQL 15 or newer: install postgresql-15, or set PATCHBAY_TEST_POSTGRES")

// Server is a running PostgreSQL.
type Server struct {
	source  string // connection string without a database
	dir     string // "" for a server of somebody else's
	process *os.Process
	release func() // ends the goroutine that holds the process
	ended   chan error
	once    sync.Once
}

// Start starts a server for a test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := Launch(tb.Context())
	if errors.Is(err, ErrAbsent) && os.Getenv("PATCHBAY_TEST_REQUIRE") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Launch starts a server that runs until Stop.
func Launch(ctx context.Context) (*Server, error) {
	if source := os.Getenv("PATCHBAY_TEST_POSTGRES"); source != "" {
		return &Server{source: source}, nil
	}
	bin, err := programs(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "patchbay-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, source: fmt.Sprintf("host=%s user=postgres dbname=postgres sslmode=disable", dir)}
	if err := s.launch(ctx, bin); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) launch(ctx context.Context, bin string) error {
	attributes, err := attributes(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attributes, s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	postgres := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(bin, "postgres"),
		"-D", data, "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=300", "-c", "fsync=on")
	postgres.SysProcAttr, postgres.Dir, postgres.Stdout, postgres.Stderr = attributes, s.dir, log, log
	if err := s.hold(postgres); err != nil {
		return err
	}
	return s.await(ctx)
}

// await waits until the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.execute(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case ended := <-s.ended:
			s.ended <- ended
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("postgres ended at its start: %w\n%s", ended, log)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		}
	}
}

// execute runs a statement in the database "postgres", or in that of a server
// of somebody else's.
func (s *Server) execute(ctx context.Context, statement string) error {
	c, err := pgx.Connect(ctx, s.source)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}

// Schema makes an empty schema for a test and returns the connection string of
// a session that sees nothing else: as good as a database of one's own, and
// made a hundred times faster.
func (s *Server) Schema(tb testing.TB) string {
	tb.Helper()
	name := "patchbay_" + strings.ToLower(rand.Text())
	if err := s.execute(tb.Context(), "CREATE SCHEMA "+name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if s.dir != "" {
			return // goes with the server
		}
		if err := s.execute(context.WithoutCancel(tb.Context()), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			tb.Error(err)
		}
	})
	if strings.Contains(s.source, "://") {
		separator := "?"
		if strings.Contains(s.source, "?") {
			separator = "&"
		}
		return s.source + separator + "search_path=" + name
	}
	return s.source + " search_path=" + name
}

// empty deletes the rows of the session's schema, but those of the tables
// that are kept. A row that another table refers to goes after that table's.
const empty = `DO $$
DECLARE
  waiting TEXT[] := ARRAY(SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema() AND tablename <> ALL(%s));
  again TEXT[];
  name TEXT;
BEGIN
  WHILE cardinality(waiting) > 0 LOOP
    again := '{}';
    FOREACH name IN ARRAY waiting LOOP
      BEGIN
        EXECUTE format('DELETE FROM %%I', name);
      EXCEPTION WHEN foreign_key_violation THEN
        again := again || name;
      END;
    END LOOP;
    IF cardinality(again) = cardinality(waiting) THEN
      RAISE 'these tables refer to each other: %%', again;
    END IF;
    waiting := again;
  END LOOP;
END $$`

// Empty deletes what is in the schema of a connection string, but for the
// tables to keep: many times faster than to make the schema again. Nobody else
// may use it meanwhile.
func Empty(ctx context.Context, source string, keep ...string) error {
	c, err := pgx.Connect(ctx, source)
	if err != nil {
		return err
	}
	kept := "'{" + strings.Join(keep, ",") + "}'::TEXT[]"
	_, err = c.Exec(ctx, "SET session_replication_role = replica") // tables that refuse to lose rows do it by triggers
	if err == nil {
		_, err = c.Exec(ctx, fmt.Sprintf(empty, kept))
	}
	return errors.Join(err, c.Close(ctx))
}

// Database makes an empty database for a test and returns its connection string.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	source, name, err := s.Create(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if s.dir != "" {
			return // goes with the server
		}
		if err := s.execute(context.WithoutCancel(tb.Context()), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	return source
}

// Create makes an empty database and returns its connection string and name.
func (s *Server) Create(ctx context.Context) (source, name string, err error) {
	config, err := pgx.ParseConfig(s.source)
	if err != nil {
		return "", "", err
	}
	name = "patchbay_" + strings.ToLower(rand.Text())
	if err := s.execute(ctx, "CREATE DATABASE "+name+" ENCODING 'UTF8' TEMPLATE template0"); err != nil {
		return "", "", err
	}
	source = fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", config.Host, config.Port, config.User, name)
	if config.Password != "" {
		source += " password=" + config.Password
	}
	return source, name, nil
}

// Stop stops the server and removes its data. It may be called more than once.
func (s *Server) Stop() error {
	var err error
	s.once.Do(func() {
		if s.process != nil {
			err = s.process.Signal(syscall.SIGINT) // a fast shutdown
			select {
			case ended := <-s.ended:
				err = errors.Join(err, ended)
			case <-time.After(30 * time.Second):
				err = errors.Join(err, s.process.Kill())
			}
			s.release()
		}
		if s.dir != "" {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
	})
	return err
}

// programs finds the folder of the server's programs.
func programs(ctx context.Context) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	newest, version := "", oldest-1
	for _, path := range found {
		bin := filepath.Dir(path)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && v > version {
			newest, version = bin, v
		}
	}
	if newest != "" {
		return newest, nil
	}
	initdb, err := exec.LookPath("initdb")
	if err != nil {
		return "", ErrAbsent
	}
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, initdb, "--version").Output()
	if err != nil || major(string(out)) < oldest {
		return "", ErrAbsent
	}
	return filepath.Dir(initdb), nil
}

// major reads the 15 of "initdb (PostgreSQL) 15.6 (Debian 15.6-0)".
func major(version string) int {
	_, number, _ := strings.Cut(version, ") ")
	number, _, _ = strings.Cut(number, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}
