// Command seeded lays bugs of the kinds that security advisories tell of over
// the source, one at a time, and runs the test of core/internal/authz that is
// there for it: go run ./core/internal/authz/seeded. A bug that passes
// unnoticed, or that no longer fits the source, is a failure.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// bug is a text of a file in the place of another, and the test that must
// notice, with what it must say: a bug is not caught by breaking something else.
type bug struct {
	name, file, was, is string
	test, says          string
}

// bugs are all; the first ones are those of the short form.
func bugs() []bug {
	return []bug{
		{
			"a query without its workspace", "core/store/contacts/organisations.go",
			"WHERE o.workspace_id = ? AND o.organisation_id = ?`", "WHERE ? <> '' AND o.organisation_id = ?`",
			"TestMatrix", "other workspace's",
		},
		{
			"a file of somebody else in a body", "core/store/attachments/tx.go",
			"r != nil && r.uploader() == by", `r != nil && (r.uploader() == by || by.ID != "")`,
			"TestDoors", "attachment_ids",
		},
		{
			"a ticket without its reach", "core/ticket/reach.go",
			"{ return reach(scope).Covers(t.Holding()) }", "{ return true }",
			"TestMatrix", "other inbox's",
		},
		{
			"a list without its reach", "core/store/reach/reach.go",
			"add(own+t.Assignee+` = ?`, string(r.Member))", "add(`(1 = 1 OR `+own+t.Assignee+` = ?)`, string(r.Member))",
			"TestCanaries", "finds what is beyond reach",
		},
		{
			"a forgotten topic", "core/wire/topic.go",
			"return identity.WebhookRead", "return identity.MemberRead",
			"TestTopics", "webhook.changed",
		},
		{
			"a permission that nobody asks for", "core/httpapi/admit.go",
			"return scope, scope.Require(p)", "return scope, nil",
			"TestMatrix", "want 403",
		},
		{
			"a route with a weaker permission", "core/httpapi/audit.go",
			"identity.AuditExport", "identity.MemberRead",
			"TestRoutes", "must be to",
		},
	}
}

// shortBugs is how many the short form tries.
const shortBugs = 2

func main() {
	short := flag.Bool("short", false, "the first bugs alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx, *short)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "seeded: "+err.Error())
		os.Exit(1)
	}
}

func work(ctx context.Context, short bool) error {
	root, err := rig.Root(ctx)
	if err != nil {
		return err //nolint:wrapcheck // it says what to do
	}
	dir, err := os.MkdirTemp("", "patchbay-seeded-")
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // of the system's temporary folder
	all, caught := bugs(), 0
	if short {
		all = all[:shortBugs]
	}
	for _, b := range all {
		began := time.Now()
		line, err := b.hunt(ctx, root, dir)
		if err != nil {
			return err
		}
		if line != "" {
			caught++
		} else {
			line = "SURVIVED " + b.test
		}
		fmt.Printf("%s (%s, %.0fs): %s\n", b.name, b.file, time.Since(began).Seconds(), line)
	}
	fmt.Printf("authz mutants: caught %d/%d\n", caught, len(all))
	if caught < len(all) {
		return errors.New("not every bug is caught")
	}
	return nil
}

// hunt runs a bug's test over it and returns the line that tells of it; "" when
// the test did not notice.
func (b bug) hunt(ctx context.Context, root, dir string) (string, error) {
	overlay, err := b.overlay(root, dir)
	if err != nil {
		return "", err
	}
	const patience = 10 * time.Minute // a machine at work compiles for minutes
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay", overlay, "-run", "^"+b.test+"$", "./core/internal/authz")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	text := out.String()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s: %w", b.name, ctx.Err())
	case err == nil:
		return "", nil
	case !strings.Contains(text, "--- FAIL: "+b.test):
		return "", fmt.Errorf("%s: it does not build, or the test did not run:\n%s", b.name, text)
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, b.says) {
			return "caught by " + b.test + ": " + shorten(strings.TrimSpace(line)), nil
		}
	}
	return "", fmt.Errorf("%s: %s fails without a word of %q:\n%s", b.name, b.test, b.says, text)
}

func shorten(line string) string {
	const most = 160
	if len(line) > most {
		return line[:most] + "..."
	}
	return line
}

// overlay writes the file with the bug, and the JSON by which go takes it for
// the real one (go help build, -overlay).
func (b bug) overlay(root, dir string) (string, error) {
	source := filepath.Join(root, filepath.FromSlash(b.file))
	text, err := os.ReadFile(source)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	if n := strings.Count(string(text), b.was); n == 0 {
		return "", fmt.Errorf("%s: %s has no %q any more: seed the bug where that went", b.name, b.file, b.was)
	}
	copied := filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(copied, []byte(strings.ReplaceAll(string(text), b.was, b.is)), 0o600); err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {source: copied}})
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", fmt.Errorf("%s: %w", b.name, err)
	}
	return overlay, nil
}
