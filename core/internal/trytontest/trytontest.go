// Package trytontest starts a real Tryton for tests: a trytond on 127.0.0.1
// with a free port, over a PostgreSQL of its own. The database is made once
// (modules, a company, an employee, a currency) and kept as a dump in the
// user's cache folder, by the versions of everything in it; a run restores the
// dump.
//
// It needs the Debian packages tryton-server, tryton-modules-party,
// tryton-modules-company, tryton-modules-sale-opportunity and
// python3-phonenumbers, and PostgreSQL: make tryton installs them.
//
// Lifecycle: Start ends everything with the test; Restart and Stop end trytond
// by its process id.
package trytontest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Who may enter a Tryton that Start returns.
const (
	User     = "admin"
	Password = "a-password-of-tests"
)

// recipe is part of the dump's name: it changes with what prepare does.
const recipe = "1"

// Tryton is a running server with one database.
type Tryton struct {
	Database string
	Address  string // host:port
	URL      string

	config string
	dir    string
	cmd    *exec.Cmd
	output *rig.Output
	exited chan struct{}
}

// Start starts a Tryton for a test. On a machine without one the test is
// skipped, or fails when PATCHBAY_TEST_REQUIRE=1.
func Start(tb testing.TB) *Tryton {
	tb.Helper()
	for _, program := range []string{"trytond", "trytond-admin", "pg_dump", "pg_restore"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("PATCHBAY_TEST_REQUIRE") == "1" {
				tb.Fatalf("no %s on this machine: make tryton installs it", program)
			}
			tb.Skipf("no %s on this machine: make tryton installs it", program)
		}
	}
	server := pgtest.Start(tb)
	source, name, err := server.Create(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	t := &Tryton{Database: name, dir: tb.TempDir()}
	if err := t.fill(tb.Context(), tb, parsed(source)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := t.Stop(); err != nil {
			tb.Error(err)
		}
	})
	if err := t.launch(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return t
}

// parsed reads the pairs of a connection string without quotes.
func parsed(source string) map[string]string {
	out := map[string]string{}
	for pair := range strings.FieldsSeq(source) {
		key, value, _ := strings.Cut(pair, "=")
		out[key] = value
	}
	return out
}

// fill brings the database: from the dump, or made and dumped.
func (t *Tryton) fill(ctx context.Context, tb testing.TB, at map[string]string) error {
	tb.Helper()
	if err := t.configure(ctx, at); err != nil {
		return err
	}
	dump, err := dumpFile(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	env := []string{"PGHOST=" + at["host"], "PGPORT=" + at["port"], "PGUSER=" + at["user"], "PGPASSWORD=" + at["password"]}
	if _, err := os.Stat(dump); err == nil {
		if err := run(ctx, env, "pg_restore", "--no-owner", "--jobs", "2", "--dbname", t.Database, dump); err != nil {
			return err
		}
		tb.Logf("tryton: database restored in %s", time.Since(began).Round(time.Second/10))
		return nil
	}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	tb.Logf("tryton: database made in %s", time.Since(began).Round(time.Second/10))
	part := dump + ".part"
	if err := run(ctx, env, "pg_dump", "--format", "custom", "--file", part, t.Database); err != nil {
		return err
	}
	return os.Rename(part, dump)
}

// configure writes trytond's configuration.
func (t *Tryton) configure(ctx context.Context, at map[string]string) error {
	address, err := rig.FreeAddress(ctx)
	if err != nil {
		return err
	}
	t.Address, t.URL = address, "http://"+address
	t.config = filepath.Join(t.dir, "trytond.conf")
	text := fmt.Sprintf("[database]\nuri = postgresql://%s:%s@/?host=%s&port=%s\npath = %s\n[web]\nlisten = %s\n[session]\ntimeout = 3600\nmax_attempt = 100\n",
		at["user"], at["password"], at["host"], at["port"], filepath.Join(t.dir, "files"), address)
	return os.WriteFile(t.config, []byte(text), 0o600)
}

// dumpFile is where the dump lies: its name says what it was made with.
func dumpFile(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "dpkg-query", "--show", "tryton-*", "python3-phonenumbers").Output()
	if err != nil {
		out, err = exec.CommandContext(ctx, "trytond-admin", "--version").Output()
	}
	if err != nil {
		return "", fmt.Errorf("which Tryton this is: %w", err)
	}
	sum := sha256.Sum256(append(out, recipe...))
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "patchbay-tryton")
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".dump"), os.MkdirAll(dir, 0o700)
}

func run(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// prepare makes the database: modules first, the rest over the wire.
func (t *Tryton) prepare(ctx context.Context) error {
	secret := filepath.Join(t.dir, "password")
	if err := os.WriteFile(secret, []byte(Password), 0o600); err != nil {
		return err
	}
	if err := run(ctx, []string{"TRYTONPASSFILE=" + secret}, "trytond-admin", "-c", t.config, "-d", t.Database,
		"--email", "admin@example.com", "-u", "company", "party", "sale_opportunity", "--activate-dependencies"); err != nil {
		return err
	}
	if err := t.launch(ctx); err != nil {
		return err
	}
	return errors.Join(t.company(ctx), t.Stop())
}

// company makes what leads need: a currency, a company, an employee, and a user
// who belongs to both.
func (t *Tryton) company(ctx context.Context) error {
	s, err := t.SignIn(ctx, User, Password)
	if err != nil {
		return err
	}
	steps := []struct {
		method string
		params []any
	}{
		{"model.currency.currency.create", []any{[]any{map[string]any{
			"name": "人民币", "code": "CNY", "symbol": "¥", "digits": 2,
			"rounding": map[string]any{"__class__": "Decimal", "decimal": "0.01"},
		}}}},
		{"model.party.party.create", []any{[]any{map[string]any{"name": "示例公司"}, map[string]any{"name": "韩梅梅"}}}},
		{"model.company.company.create", []any{[]any{map[string]any{"party": 1, "currency": 1}}}},
		{"model.company.employee.create", []any{[]any{map[string]any{"party": 2, "company": 1}}}},
		{"model.res.user.write", []any{[]any{1}, map[string]any{
			"companies": []any{[]any{"add", []any{1}}}, "employees": []any{[]any{"add", []any{1}}}, "company": 1, "employee": 1,
		}}},
	}
	for _, step := range steps {
		if err := s.Call(ctx, step.method, nil, append(step.params, map[string]any{})...); err != nil {
			return fmt.Errorf("%s: %w", step.method, err)
		}
	}
	return nil
}

// launch starts trytond and waits until it answers for the database.
func (t *Tryton) launch(ctx context.Context) error {
	t.output, t.exited = &rig.Output{}, make(chan struct{})
	t.cmd = exec.CommandContext(context.WithoutCancel(ctx), "trytond", "-c", t.config, "-d", t.Database)
	t.cmd.Stdout, t.cmd.Stderr = t.output, t.output
	if err := t.cmd.Start(); err != nil {
		return err
	}
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(t.cmd, t.exited)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil); err == nil {
			if resp, err := http.DefaultClient.Do(req); err == nil {
				return resp.Body.Close()
			}
		}
		select {
		case <-tick.C:
		case <-t.exited:
			return fmt.Errorf("trytond ended at its start:\n%s", t.output)
		case <-ctx.Done():
			return fmt.Errorf("trytond does not answer:\n%s", t.output)
		}
	}
}

// Stop ends trytond. It may be called more than once.
func (t *Tryton) Stop() error {
	if t.cmd == nil {
		return nil
	}
	cmd, exited := t.cmd, t.exited
	t.cmd = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-time.After(10 * time.Second):
		return cmd.Process.Kill()
	}
}

// Restart ends trytond and starts it again at the same address.
func (t *Tryton) Restart(ctx context.Context) error {
	if err := t.Stop(); err != nil {
		return err
	}
	return t.launch(ctx)
}

// Start starts trytond again after Stop.
func (t *Tryton) Start(ctx context.Context) error { return t.launch(ctx) }
