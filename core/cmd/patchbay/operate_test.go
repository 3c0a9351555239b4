package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestMain makes the test's own binary the program that the pages tell to type.
func TestMain(m *testing.M) {
	if os.Getenv("PATCHBAY_TEST_AS_PROGRAM") != "" {
		os.Unsetenv("PATCHBAY_TEST_AS_PROGRAM") //nolint:errcheck // it cannot fail for a valid name
		main()
		return
	}
	os.Exit(m.Run())
}

// told are the pages whose commands are typed here, in this order, on one
// machine: a server that runs, is backed up, lost and brought back.
func told() []string {
	return []string{"docs/operate/system.md", "docs/operate/sign-in.md", "docs/reference/audit-log.md", "docs/operate/export.md", "docs/operate/backup.md"}
}

// elsewhere are the other pages with commands, and what becomes of those.
func elsewhere() map[string]string {
	return map[string]string{
		"README.md":                          "make test is CI's; make run is the same program with demo data",
		"docs/operate/install.md":            "core/internal/ship types them, on the archives; Docker's are not typed",
		"docs/operate/kubernetes.md":         "core/internal/charttest types them, on a real API server",
		"docs/operate/simulate.md":           "TestSimulateAsDocumented runs them, and compares what they print",
		"docs/operate/dispatch-benchmark.md": "a target of the Makefile; core/dispatch/simulate plays its short form",
		"docs/operate/plugins.md":            "core/app's TestPluginCommands and TestLicenseCommands run them",
		"docs/build-plugins/paid-plugins.md": "core/app's TestVendorCommands runs them",
		"docs/build-plugins/first-plugin.md": "TestTutorial types them, word for word",
		"charts/patchbay/README.md":          "as docs/operate/kubernetes.md",
		".github/CONTRIBUTING.md":            "targets of the Makefile, as CI runs them",
		"docs/use/webhook.md":                "core/app's TestOwnSystemGuide runs its examples",
		"plugins/echo/README.md":             "one curl, for a server that runs",
		"web/console/README.md":              "for looking at the console without a server",
	}
}

// A page with commands that nobody types is noticed.
func TestEveryPageWithCommandsIsTyped(t *testing.T) {
	for _, p := range pages(t) {
		_, english := p.chinese()
		if !english || strings.HasPrefix(p.name, "docs/api/") { // core/app runs the guides
			continue
		}
		types := slices.ContainsFunc(p.blocks(), func(b block) bool { return len(b.shell()) > 0 })
		_, other := elsewhere()[p.name]
		if here := slices.Contains(told(), p.name); types != (here || other) {
			t.Errorf("%s has commands: %v; typed here: %v, elsewhere: %v", p.name, types, here, other)
		}
	}
}

// machine is where the commands are typed: a folder of its own, with patchbay
// in the path.
type machine struct {
	t       *testing.T
	dir     string
	env     []string
	address string
	words   *strings.Replacer // what the reader puts in the place of an example
	server  *exec.Cmd
	log     bytes.Buffer
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := "#!/bin/sh\nPATCHBAY_TEST_AS_PROGRAM=1 exec '" + self + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(m.dir, "patchbay"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if m.address, err = rig.FreeAddress(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PATCHBAY_") && !strings.HasPrefix(e, "PATH=") {
			m.env = append(m.env, e)
		}
	}
	m.env = append(m.env, "PATH="+m.dir+":"+os.Getenv("PATH"), "PATCHBAY_SERVER_ADDRESS="+m.address,
		"PATCHBAY_ADMIN_EMAIL=owner@example.com", "PATCHBAY_ADMIN_PASSWORD=correct horse battery staple")
	m.words = strings.NewReplacer()
	return m
}

// run types a line and returns what it printed.
func (m *machine) run(line string) string {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = m.dir, m.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("$ %s\n%v\n%s%s", line, err, out.String(), errs.String())
	}
	m.t.Logf("$ %s\n%s", line, out.String())
	return out.String()
}

// serve starts the server, and waits until it answers.
func (m *machine) serve() {
	m.t.Helper()
	m.server = exec.Command(filepath.Join(m.dir, "patchbay"), "serve") //nolint:noctx // ended by stop
	m.server.Dir, m.server.Env = m.dir, m.env
	m.server.Stdout, m.server.Stderr = &m.log, &m.log
	if err := m.server.Start(); err != nil {
		m.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func(s *exec.Cmd) { ended <- s.Wait() }(m.server)
	m.t.Cleanup(m.stop)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case err := <-ended:
			m.t.Fatalf("the server ended: %v\n%s", err, m.log.String())
		case <-time.After(50 * time.Millisecond):
		}
		request, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, "http://"+m.address+"/readyz", nil)
		if err != nil {
			m.t.Fatal(err)
		}
		if a, err := http.DefaultClient.Do(request); err == nil {
			a.Body.Close() //nolint:errcheck // read only
			if a.StatusCode == http.StatusOK {
				return
			}
		}
	}
	m.t.Fatalf("the server was not ready in time:\n%s", m.log.String())
}

// stop ends the server as an operator does, and waits for it.
func (m *machine) stop() {
	if m.server == nil {
		return
	}
	if err := m.server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		m.t.Error(err)
	}
	pid := m.server.Process.Pid // also after the test's context has ended
	rig.Await(context.Background(), time.Minute, func() bool { return !rig.Runs(pid) })
	m.server = nil
}

// TestOperatorsPages types what the pages for operators tell, word for word but
// for the examples in them that the reader replaces.
func TestOperatorsPages(t *testing.T) {
	m := newMachine(t)
	m.serve()
	workspace := regexp.MustCompile(`wsp_[0-9A-Z]+`).FindString(m.run("patchbay audit verify"))
	if workspace == "" {
		t.Fatal("no workspace was named")
	}
	m.words = strings.NewReplacer("wsp_...", workspace, "FILE", "copy.zip")
	backups := filepath.Join(m.dir, "backups")
	for _, name := range told() {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range (page{name, string(text)}).blocks() {
			for _, line := range b.shell() {
				m.follow(line, backups)
			}
		}
	}
	if got := m.run("patchbay audit verify"); !strings.Contains(got, "whole") {
		t.Errorf("after it came back: %s", got)
	}
}

// follow types a line, and does before it what the page says in words.
func (m *machine) follow(line, backups string) {
	m.t.Helper()
	switch {
	case line == "patchbay serve":
		m.serve()
		return
	case line == "patchbay doctor": // it warns: this machine has no plugins
		if said := m.run(line + " || test $? -eq 1"); !strings.Contains(said, "plugins.none") || strings.Contains(said, "PROBLEM") {
			m.t.Errorf("the doctor says\n%s", said)
		}
		return
	case strings.HasPrefix(line, "patchbay restore"): // everything is lost
		m.stop()
		if err := os.Rename(filepath.Join(m.dir, "data"), filepath.Join(m.dir, "lost")); err != nil {
			m.t.Fatal(err)
		}
		made, err := filepath.Glob(filepath.Join(backups, "patchbay-*"))
		if err != nil || len(made) != 1 {
			m.t.Fatalf("backups: %q, %v", made, err)
		}
		m.run(strings.Replace(line, "FILE", made[0], 1))
		return
	}
	line = m.words.Replace(strings.NewReplacer("[", "", "]", "").Replace(line))
	m.run(line)
	if strings.Contains(line, "keygen") {
		key, err := os.ReadFile(filepath.Join(m.dir, "backup.key"))
		if err != nil {
			m.t.Fatal(err)
		}
		_, public, _ := strings.Cut(string(key), "recipient: ")
		public, _, _ = strings.Cut(public, "\n")
		m.words = strings.NewReplacer("age1...", public, "/backups/", backups+"/")
	}
}
