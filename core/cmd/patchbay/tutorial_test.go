package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// The tutorial, and how its parts are carried out: what stands in a block of
// the language sh is typed, one line after the other, in the folder where the
// line before left off; a diff changes the file that it names; text is what the
// command before it printed, with … for what differs each time; Go stands in a
// file of the plugin. What has no language was done before.
const tutorial = "docs/build-plugins/first-plugin.md"

// afternoon is a stranger who follows the tutorial.
type afternoon struct {
	t     *testing.T
	home  string // an empty folder outside the repository
	dir   string // where they are
	env   []string
	words *strings.Replacer // addresses of the page, and free ones of this machine
	bench string            // where the workbench's page is
	last  func() string     // what the last command has printed by now
	began time.Time
	runs  []*exec.Cmd // that go on
}

// TestTutorial follows the tutorial. It takes what a stranger's machine would
// take, without the reading.
func TestTutorial(t *testing.T) {
	pages := []string{tutorial}
	if os.Getenv("PATCHBAY_TEST_LONG") != "" {
		pages = append(pages, strings.TrimSuffix(tutorial, ".md")+".zh-CN.md")
	}
	program := builtInCheckout(t)
	for _, name := range pages {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(repository, name))
			if err != nil {
				t.Fatal(err)
			}
			a := newAfternoon(t, program)
			for _, b := range (page{name, string(text)}).blocks() {
				a.follow(b)
			}
			a.end()
			t.Logf("from an empty folder to a plugin that a server runs: %s", time.Since(a.began).Round(100*time.Millisecond))
		})
	}
}

// The pages of both languages tell the same, but for their sentences.
func TestTutorialIsTheSameInBothLanguages(t *testing.T) {
	var all [][]block
	for _, name := range []string{tutorial, strings.TrimSuffix(tutorial, ".md") + ".zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{name, string(text)}.blocks())
	}
	if !slices.Equal(all[0], all[1]) {
		t.Errorf("the blocks differ:\n%q\n%q", all[0], all[1])
	}
}

// builtInCheckout builds the program where make build puts it, but for its
// folder: it finds the checkout by where it lies.
func builtInCheckout(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(repository, "bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if dir, err = os.MkdirTemp(dir, ".tutorial-"); err != nil { //nolint:usetesting // it must lie in the checkout
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(dir, "patchbay"), ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

func newAfternoon(t *testing.T, program string) *afternoon {
	t.Helper()
	short, err := os.MkdirTemp("", "pb") //nolint:usetesting // a test's own folder may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	a := &afternoon{t: t, home: short, dir: short, began: time.Now()}
	t.Cleanup(func() { a.end(); _ = os.RemoveAll(short) })
	addresses := make([]string, 2)
	for i := range addresses {
		if addresses[i], err = rig.FreeAddress(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a.bench = "http://" + addresses[0]
	a.words = strings.NewReplacer("127.0.0.1:4000", addresses[0], "127.0.0.1:8080", addresses[1])
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "PATCHBAY_") && !strings.HasPrefix(e, "PATH=") {
			a.env = append(a.env, e)
		}
	}
	// Nothing is downloaded: the checkout was built here.
	a.env = append(a.env, "PATH="+program+":"+os.Getenv("PATH"), "GOPROXY=off", "GOFLAGS=-mod=readonly -trimpath", "GOWORK=off", "TMPDIR="+short)
	return a
}

func (a *afternoon) follow(b block) {
	a.t.Helper()
	switch b.language {
	case "sh":
		for _, line := range b.shell() {
			a.run(a.words.Replace(line))
		}
	case "text":
		a.printed(a.words.Replace(b.code))
	case "diff":
		a.change(b.code)
	case "go":
		a.stands(b.code)
	case "":
	default:
		a.t.Fatalf("nobody knows what to do with %s:\n%s", b.language, b.code)
	}
}

// run types a line. What goes on until somebody ends it goes on.
func (a *afternoon) run(line string) {
	a.t.Helper()
	began := time.Now()
	out := &output{}
	a.last = out.String
	if strings.HasPrefix(line, "patchbay plugin dev") || strings.HasPrefix(line, "patchbay serve") {
		a.goesOn(line, out)
		a.t.Logf("%6.1f s  $ %s", time.Since(began).Seconds(), line)
		return
	}
	before := a.messages()
	ctx, cancel := context.WithTimeout(a.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", line+"\npwd >&3")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = a.dir, a.env, out, out
	r, w, err := os.Pipe()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Run()
	_ = w.Close() // the shell has its own
	if err != nil {
		a.t.Fatalf("$ %s\n%v\n%s", line, err, out)
	}
	var where bytes.Buffer
	if _, err := where.ReadFrom(r); err != nil {
		a.t.Fatal(err)
	}
	a.dir = strings.TrimSpace(where.String())
	a.t.Logf("%6.1f s  $ %s", time.Since(began).Seconds(), line)
	if m := regexp.MustCompile(`"text":"([^"]+)"`).FindStringSubmatch(line); m != nil {
		a.arrives(before, m[1], strings.Contains(line, "/do/reply"))
	}
}

// goesOn starts what does not end by itself, and waits until it says where to
// find it.
func (a *afternoon) goesOn(line string, out *output) {
	a.t.Helper()
	cmd := exec.Command("bash", "-c", "exec "+line) //nolint:noctx // ended by end
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = a.dir, a.env, out, out
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.runs = append(a.runs, cmd)
	ready := regexp.MustCompile(`Watching|is ready at`)
	a.until("it serves", func() bool { return ready.MatchString(out.String()) }, out.String)
	a.last = out.String
}

// end ends what goes on, as a reader does who presses Ctrl-C.
func (a *afternoon) end() {
	for _, cmd := range a.runs {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			continue // it has ended
		}
		if err := cmd.Wait(); err != nil {
			a.t.Errorf("%s: %v", cmd, err)
		}
	}
	a.runs = nil
}

func (a *afternoon) until(what string, ok func() bool, tell func() string) {
	a.t.Helper()
	if !rig.Await(a.t.Context(), 90*time.Second, ok) {
		a.t.Fatalf("%s never came true:\n%s", what, tell())
	}
}

// printed checks what the command before, or what goes on, has printed.
func (a *afternoon) printed(text string) {
	a.t.Helper()
	for line := range strings.Lines(text) {
		form := regexp.MustCompile(`(?m)^` + strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*") + `\s*$`)
		a.until("it prints "+line, func() bool { return form.MatchString(a.last()) }, a.last)
	}
}

// change carries a diff out. The workbench prints what it makes of it.
func (a *afternoon) change(diff string) {
	a.t.Helper()
	first, rest, _ := strings.Cut(diff, "\n")
	path := filepath.Join(a.dir, strings.TrimPrefix(first, "--- "))
	var old, with strings.Builder
	for line := range strings.Lines(rest) {
		if line[0] != '+' {
			old.WriteString(line[1:])
		}
		if line[0] != '-' {
			with.WriteString(line[1:])
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		a.t.Fatal(err)
	}
	if strings.Count(string(data), old.String()) != 1 {
		a.t.Fatalf("%s does not hold once\n%s\nbut is\n%s", path, old.String(), data)
	}
	built := a.builds()
	a.save(path, strings.Replace(string(data), old.String(), with.String(), 1))
	a.t.Logf("          %s is changed", filepath.Base(path))
	if len(a.runs) > 0 {
		a.last = a.runs[0].Stdout.(*output).String
		a.until("the change is seen", func() bool { return a.builds() > built }, a.last)
	}
}

// save replaces a file at once, as editors do: half of one is nothing to build.
func (a *afternoon) save(path, text string) {
	a.t.Helper()
	half := filepath.Join(a.home, "half")
	if err := os.WriteFile(half, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(half, path); err != nil {
		a.t.Fatal(err)
	}
}

// builds counts what the workbench has made of changes.
func (a *afternoon) builds() int {
	if len(a.runs) == 0 {
		return 0
	}
	said := a.runs[0].Stdout.(*output).String()
	return len(regexp.MustCompile(`(?m)^▸ (Version|Built|The version before)`).FindAllString(said, -1))
}

// stands checks that what is shown is there, word for word but for its place.
func (a *afternoon) stands(code string) {
	a.t.Helper()
	unindent := func(s string) string {
		lines := strings.Split(strings.TrimSpace(s), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	files, err := filepath.Glob(filepath.Join(a.dir, "*.go"))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(unindent(string(data)), unindent(code)) {
			return
		}
	}
	a.t.Errorf("the plugin has no such code:\n%s", code)
}

// said are the texts of the conversations, and received what the far side has.
func (a *afternoon) messages() (said []string) {
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.bench+"/api/state", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // it does not run yet
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	var state struct {
		Talks []struct {
			Messages []struct{ Text, Delivery string }
		}
		Sent []struct{ Text string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		a.t.Fatal(err)
	}
	for _, talk := range state.Talks {
		for _, m := range talk.Messages {
			said = append(said, m.Text+"|"+m.Delivery)
		}
	}
	for _, m := range state.Sent {
		said = append(said, "arrived: "+m.Text)
	}
	return said
}

// arrives checks what the page says in words: the customer's message is in a
// conversation, as the plugin has it by then; the agent's has left and is at the
// far side.
func (a *afternoon) arrives(before []string, text string, reply bool) {
	a.t.Helper()
	want := map[string]string{"Hello": "Hello|", "Are you there?": "[app] Are you there?|", "Still there?": "[web] Still there?|"}[text]
	if reply {
		want = "arrived: " + text
	}
	if want == "" {
		a.t.Fatalf("the page says nothing of what becomes of %q", text)
	}
	if slices.Contains(before, want) {
		a.t.Fatalf("%q was there before", want)
	}
	tell := func() string { return strings.Join(a.messages(), "\n") }
	a.until(want, func() bool { return slices.Contains(a.messages(), want) }, tell)
	if reply {
		a.until("it is marked as sent", func() bool { return slices.Contains(a.messages(), text+"|sent") }, tell)
	}
	if text == "Hello" {
		a.t.Logf("the first message has arrived after %s", time.Since(a.began).Round(100*time.Millisecond))
	}
}

// output is what a program prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps it.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was printed by now.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
