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
	"slices"
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
	more                [][2]string // further texts of the file and what takes their place
}

// bugs are all; the first ones are those of the short form.
func bugs() []bug {
	return []bug{
		{
			"a query without its workspace", "core/store/contacts/organisations.go",
			"WHERE o.workspace_id = ? AND o.organisation_id = ?`", "WHERE ? <> '' AND o.organisation_id = ?`",
			"TestMatrix", "other workspace's", nil,
		},
		{
			"a file of somebody else in a body", "core/store/attachments/tx.go",
			"r != nil && r.uploader() == by", `r != nil && (r.uploader() == by || by.ID != "")`,
			"TestDoors", "attachment_ids", nil,
		},
		{
			"a ticket without its reach", "core/ticket/reach.go",
			"{ return reach(scope).Covers(t.Holding()) }", "{ return true }",
			"TestMatrix", "/tickets/{ticket} by agent of their own of other inbox's", nil,
		},
		{
			"a list without its reach", "core/store/reach/reach.go",
			"add(own+t.Assignee+` = ?`, string(r.Member))", "add(`(1 = 1 OR `+own+t.Assignee+` = ?)`, string(r.Member))",
			"TestCanaries", "finds what is beyond reach", nil,
		},
		{
			"a forgotten topic", "core/wire/topic.go",
			"return identity.WebhookRead", "return identity.MemberRead",
			"TestTopics", "webhook.changed", nil,
		},
		{
			"a permission that nobody asks for", "core/httpapi/admit.go",
			"return scope, scope.Require(p)", "return scope, nil",
			"TestMatrix", "want 403", nil,
		},
		{
			"a route with a weaker permission", "core/httpapi/audit.go",
			"identity.AuditExport", "identity.MemberRead",
			"TestRoutes", "must be to", nil,
		},
		{
			"a log with customers' words", "core/httpapi/server.go",
			"	err := s.readable(c)\n", "	s.Log.InfoContext(ctx, \"asked\", \"body\", string(c.Body()))\n	err := s.readable(c)\n",
			"TestCanaries", "in log: ", nil,
		},
		{
			"a support file with the database in it", "core/app/bundle.go",
			"	add(\"version.txt\",", "	for _, name := range []string{\"patchbay.db\", \"patchbay.db-wal\"} {\n		text, _ := os.ReadFile(p.config.DataDir + \"/\" + name)\n		add(name, string(text))\n	}\n	add(\"version.txt\",",
			"TestCanaries", "in support file: ", nil,
		},
		{
			"metrics with a workspace's names", "core/httpapi/server.go",
			"s.Observe(c.Method(), c.Route().Path,", "s.Observe(c.Method(), c.OriginalURL(),",
			"TestCanaries", "metrics, which is not quiet", nil,
		},
		{
			"pages for all with the words of whoever asked before", "core/httpapi/server.go",
			"	err := s.readable(c)\n", "	if b := string(c.Body()); strings.Contains(b, \"cnry\") {\n		asked = b\n	}\n	err := s.readable(c)\n",
			"TestCanaries", "error pages, which is not quiet; offline pages, which is not quiet; public pages, which is not quiet",
			[][2]string{
				{"	if mark != \"\" {", "	if c.Method() == \"GET\" && c.Get(\"Cookie\")+c.Get(\"Authorization\") == \"\" && !strings.Contains(string(c.Response().Header.ContentType()), \"problem\") && len(c.Response().Header.Peek(\"Content-Encoding\")) == 0 && !c.Response().IsBodyStream() {\n		c.Response().AppendBodyString(asked)\n	}\n	if mark != \"\" {"},
				{"func writeJSON(", "var asked string\n\nfunc writeJSON("},
			},
		},
		{
			"an export without its workspace", "core/store/exports/source.go",
			"WHERE x.workspace_id = ?`", "WHERE ? <> ''`",
			"TestCanaries", "in workspace export: ", nil,
		},
		{
			"a delivery with what was sent before", "core/outbound/poster.go",
			"	var a webhook.Attempt\n	r, err", "	var a webhook.Attempt\n	sent = append(sent, body...)\n	body = sent\n	r, err",
			"TestCanaries", "in webhooks: ",
			[][2]string{{"func known(", "var sent []byte\n\nfunc known("}},
		},
		{
			"an event beyond its reach", "core/wire/topic.go",
			"contact.Changed && !seen(", "contact.Changed && false && seen(",
			"TestTopics", "is told of contact.changed", nil,
		},
	}
}

// shortBugs is how many the short form tries.
const shortBugs = 2

func main() {
	short := flag.Bool("short", false, "the first bugs alone")
	only := flag.String("only", "", "the bugs alone whose name has this in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx, *short, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "seeded: "+err.Error())
		os.Exit(1)
	}
}

func work(ctx context.Context, short bool, only string) error {
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
	all = slices.DeleteFunc(all, func(b bug) bool { return !strings.Contains(b.name, only) })
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
	copied := filepath.Join(dir, "mutant.go")
	wrong := string(text)
	for _, x := range append(b.more, [2]string{b.was, b.is}) {
		if !strings.Contains(wrong, x[0]) {
			return "", fmt.Errorf("%s: %s has no %q any more: seed the bug where that went", b.name, b.file, x[0])
		}
		wrong = strings.ReplaceAll(wrong, x[0], x[1])
	}
	if err := os.WriteFile(copied, []byte(wrong), 0o600); err != nil {
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
