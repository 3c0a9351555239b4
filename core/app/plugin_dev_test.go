package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/patchbay-im/patchbay/core/app"
)

// typed is what a run says, and who waits for it.
type typed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *typed) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *typed) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// workbench is a run of plugin dev, in this process.
type workbench struct {
	t      *testing.T
	folder string
	attach bool
	out    *typed
	page   string
	stop   context.CancelFunc
	ended  chan ending
}

// ending is how a run ended.
type ending struct{ err error }

func devRun(t *testing.T, kinds ...string) *workbench {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w := &workbench{t: t, folder: filepath.Join(t.TempDir(), "shop"), out: &typed{}, ended: make(chan ending, 1)}
	short, err := os.MkdirTemp("", "pb") //nolint:usetesting // a test's own folder may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	t.Setenv("TMPDIR", short) // so that what is left behind is seen
	n := app.NewPlugin{Name: "shop", Kinds: kinds, Dir: w.folder, Replace: root, Version: "0.1.0+test", Out: io.Discard}
	if err := n.Write(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workbench) start() {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	w.stop = stop
	go func() {
		w.ended <- ending{app.DevPlugin{Folder: w.folder, Version: "0.1.0+test", Out: w.out, Attach: w.attach}.Run(ctx)}
	}()
	w.t.Cleanup(func() { stop(); <-w.ended })
}

// said waits until the run has said something that fits, and returns its first
// group.
func (w *workbench) said(pattern string) string {
	w.t.Helper()
	form := regexp.MustCompile(pattern)
	var found []string
	eventually(w.t, pattern, func() bool {
		found = form.FindStringSubmatch(w.out.String())
		return found != nil
	}, w.out.String)
	return append(found, "")[1]
}

func (w *workbench) do(name, args string, into any) int {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.page+"/api/do/"+name, strings.NewReader(args))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return w.ask(req, into)
}

func (w *workbench) ask(req *http.Request, into any) int {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil && resp.StatusCode < 300 {
		w.t.Fatal(err)
	}
	return resp.StatusCode
}

// benchState is what the page is told, as far as the tests look.
type benchState struct {
	Plugin struct {
		State string
		PID   int
	}
	Build struct {
		Number int
		Fault  string
	}
	Problems []struct{ Place, Pointer, Detail string }
	Talks    []struct {
		ID, Name string
		Messages []struct{ Author, Text, Delivery string }
	}
	Sent []struct{ To, Text string }
}

func (w *workbench) state() (s benchState) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.page+"/api/state", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.ask(req, &s)
	return s
}

func (w *workbench) edit(name, old, with string) {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		w.t.Fatalf("%s does not hold %q", name, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, with, 1)), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workbench) until(what string, ok func(benchState) bool) {
	w.t.Helper()
	eventually(w.t, what, func() bool { return ok(w.state()) }, w.out.String)
}

// An author's round: a customer writes, an agent answers, a change takes over
// while the server goes on, a mistake changes nothing, wrong settings are shown
// at their place, and in the end nothing is left.
func TestPluginDev(t *testing.T) {
	w := devRun(t, "channel")
	w.start()
	w.page = w.said(`Try it: +(http://\S+)`)
	var answer struct{ Status int }
	if code := w.do("say", `{"from":"alice","name":"Alice","text":"Hello"}`, &answer); code != http.StatusOK || answer.Status != http.StatusOK {
		t.Fatal(code, answer)
	}
	w.until("the first message", func(s benchState) bool { return len(s.Talks) == 1 && s.Talks[0].Messages[0].Text == "Hello" })
	before := w.state()
	w.do("reply", `{"conversation":"`+before.Talks[0].ID+`","text":"It is on its way"}`, &struct{}{})
	w.until("the receipt", func(s benchState) bool {
		return len(s.Sent) == 1 && s.Sent[0].Text == "It is on its way" && s.Talks[0].Messages[1].Delivery == "sent"
	})

	w.edit("channel.go", `"sent", "to"`, `"brought it", "to"`)
	w.said(`Version 0.1.0 built in \S+ and running \(process \d+\); deliveries rested for (\S+)\.`)
	after := w.state()
	if after.Plugin.PID == before.Plugin.PID || after.Build.Number != 2 || after.Plugin.State != "ready" {
		t.Errorf("after the change: %+v, before: %+v", after, before)
	}
	w.do("reply", `{"conversation":"`+before.Talks[0].ID+`","text":"Really"}`, &struct{}{})
	w.said(`│ info +brought it|│ (brought it)`)

	w.edit("channel.go", "func newChannel(", "func newChannel(((")
	w.said(`✗ \./?(channel\.go:\d+:\d+): syntax error`)
	if s := w.state(); !strings.Contains(s.Build.Fault, "syntax error") || s.Plugin.PID != after.Plugin.PID || s.Plugin.State != "ready" {
		t.Errorf("with a mistake in the sources: %+v", s)
	}
	w.edit("channel.go", "func newChannel(((", "func newChannel(")
	w.until("the mended build", func(s benchState) bool { return s.Build.Fault == "" })

	w.edit("dev.yaml", "token: fake-token", "token: wrong")
	w.said(`✗ (dev\.yaml:\d+): /token: The far side does not accept this token`)
	w.until("the problem", func(s benchState) bool { return len(s.Problems) == 1 && s.Problems[0].Pointer == "/token" })
	w.edit("dev.yaml", "token: wrong", "token: fake-token")
	w.until("the mended settings", func(s benchState) bool { return len(s.Problems) == 0 })

	w.stop()
	end := <-w.ended
	if end.err != nil {
		t.Error(end.err)
	}
	w.ended <- end // for the clean-up
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v %v", left, err)
	}
}

// The page answers nobody who came by another name, and no page of elsewhere.
func TestPluginDevPageIsOurs(t *testing.T) {
	w := devRun(t, "tool")
	w.start()
	w.page = w.said(`Try it: +(http://\S+)`)
	var got struct {
		Outcome string
		Output  struct {
			ArrivesOn string `json:"arrives_on"`
		}
		Detail string
		Fields []struct{ Pointer string }
	}
	if code := w.do("tool", `{"tool":"delivery_date","args":{"ordered_on":"2026-11-20"}}`, &got); code != http.StatusOK || got.Output.ArrivesOn != "2026-11-25" {
		t.Errorf("the tool: %d %+v\n%s", code, got, w.out)
	}
	if code := w.do("tool", `{"tool":"delivery_date","args":{}}`, &got); code != http.StatusUnprocessableEntity || len(got.Fields) == 0 {
		t.Errorf("without arguments: %d %+v", code, got)
	}
	for name, change := range map[string]func(*http.Request){
		"another name":    func(r *http.Request) { r.Host = "evil.example" },
		"another origin":  func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another site":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a form's format": func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.page+"/api/do/tool", strings.NewReader(`{"tool":"delivery_date","args":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		change(req)
		if code := w.ask(req, &struct{}{}); code != http.StatusForbidden && code != http.StatusUnsupportedMediaType {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// A plugin that does not build is waited for.
func TestPluginDevWaitsForTheFirstBuild(t *testing.T) {
	w := devRun(t, "bot")
	w.edit("bot.go", "func newBot(", "func newBot(((")
	w.start()
	w.said(`(Waiting for a change)`)
	w.edit("bot.go", "func newBot(((", "func newBot(")
	w.page = w.said(`Try it: +(http://\S+)`)
	var got struct{ Events []struct{ Type, Text string } }
	if code := w.do("ask", `{"text":"When do you open?","locale":"en"}`, &got); code != http.StatusOK || len(got.Events) == 0 || !strings.Contains(got.Events[0].Text, "9 to 17") {
		t.Errorf("the bot: %d %+v\n%s", code, got, w.out)
	}
	if err := (app.DevPlugin{Folder: t.TempDir(), Out: io.Discard}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "patchbay plugin new") {
		t.Errorf("a folder without a plugin: %v", err)
	}
}

// A program that its author runs, in a debugger as a rule, is attached to, and
// the next one as well; it ends when the run ends.
func TestPluginDevAttaches(t *testing.T) {
	w := devRun(t, "channel")
	w.attach = true
	w.start()
	file := w.said(`dlv debug \. -- --attach (\S+)`)
	w.page = w.said(`Try it: +(http://\S+)`)
	program := filepath.Join(os.TempDir(), "debugged")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = w.folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, text := range []string{"first", "second"} {
		cmd := exec.CommandContext(t.Context(), program, "--attach", file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.until("it is attached to", func(s benchState) bool { return s.Plugin.PID == cmd.Process.Pid && s.Plugin.State == "ready" })
		var answer struct{ Status int }
		w.until("the message", func(s benchState) bool {
			w.do("say", `{"from":"alice","name":"Alice","text":"`+text+`"}`, &answer)
			return answer.Status == http.StatusOK
		})
		if text == "second" {
			w.stop()
			end := <-w.ended
			w.ended <- end
			if end.err != nil {
				t.Error(end.err)
			}
		} else if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil && text == "first" {
			t.Errorf("the %s process: %v", text, err)
		}
	}
}
