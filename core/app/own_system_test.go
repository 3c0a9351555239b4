package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const (
	ownSystem = "patchbay/webhook"
	ownSecret = "the-secret-of-our-own-system"
)

// company is a server with a company's own system as a channel, and that system.
type company struct {
	*site
	inbox rig.Inbox
	mu    sync.Mutex
	got   map[string]string // text by Idempotency-Key
}

func newCompany(t *testing.T, url string) *company {
	t.Helper()
	c := &company{got: map[string]string{}}
	if url == "" {
		far := httptest.NewServer(http.HandlerFunc(c.take))
		t.Cleanup(far.Close)
		url = far.URL
	}
	c.site = open(t, func(o *rig.Options) {
		if err := o.Product.BuildPlugins(t.Context(), t.TempDir(), "webchat", "webhook"); err != nil {
			t.Fatal(err)
		}
	})
	err := rig.Until(t.Context(), time.Minute, func() (bool, error) {
		return c.plugged(ownSystem).State == "ready", nil
	})
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{
		"name": "Our app", "plugin": ownSystem, "secrets": map[string]string{"/secret": ownSecret},
		"config": map[string]any{"url": url, "send_key": true, "answer_id": "/id"},
	}
	if _, err := c.owner.Call(t.Context(), http.MethodPost, c.owner.At("/inboxes"), body, &c.inbox); err != nil {
		t.Fatal(err)
	}
	return c
}

// take is the company's system: it does once what comes twice under one key.
func (c *company) take(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var m struct{ ID, Text string }
	if json.Unmarshal(raw, &m) != nil || m.ID != r.Header.Get("Idempotency-Key") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got[m.ID] = m.Text
	_, _ = fmt.Fprintf(w, `{"id": %q}`, "far-"+m.ID)
}

// arrived lists the texts that the system has, each as often as it has it.
func (c *company) arrived() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, text := range c.got {
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// post posts as the system does, and returns the status; 0 = no answer.
func (c *company) post(body, secret string, at time.Time) int {
	c.t.Helper()
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(stamp + "." + body))
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.inbox.HookURL+"/messages", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if secret != "" {
		r.Header.Set("Patchbay-Signature", "t="+stamp+",v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// said lists what customers of the inbox said, and the conversation of the last.
func (c *company) said() (texts []string, conversation string) {
	c.t.Helper()
	var list struct{ Items []rig.Conversation }
	if _, err := c.owner.Call(c.t.Context(), http.MethodGet, c.owner.At("/conversations?view=all&limit=100"), nil, &list); err != nil {
		c.t.Fatal(err)
	}
	for _, one := range list.Items {
		if one.ID == c.chat {
			continue
		}
		conversation = one.ID
		var page struct {
			Items []struct {
				Type    string
				Message struct{ Text string }
				Actor   struct{ Kind string }
			}
		}
		if _, err := c.owner.Call(c.t.Context(), http.MethodGet, c.owner.At("/conversations/"+one.ID+"/timeline?limit=200"), nil, &page); err != nil {
			c.t.Fatal(err)
		}
		for _, e := range page.Items {
			if e.Type == "message.created" && e.Actor.Kind == "contact" {
				texts = append(texts, e.Message.Text)
			}
		}
	}
	slices.Sort(texts)
	return texts, conversation
}

// kill ends the plugin's process as nothing else does.
func (c *company) kill() {
	c.t.Helper()
	pid := c.plugged(ownSystem).PID
	if p, err := os.FindProcess(pid); pid == 0 || err != nil || p.Kill() != nil { // a child of the server started here
		return
	}
	c.until("another process", func() bool { p := c.plugged(ownSystem); return p.PID != 0 && p.PID != pid })
}

// TestOwnSystemIsKilled kills the plugin's process between steps, both ways: what
// the system sends again comes in once, and what an agent says arrives once.
func TestOwnSystemIsKilled(t *testing.T) {
	c := newCompany(t, "")
	const each = 12
	var want []string
	var kills sync.WaitGroup
	for i := range each {
		text := fmt.Sprintf("question %02d", i)
		want = append(want, text)
		if i%4 == 1 {
			kills.Go(c.kill)
		}
		body := fmt.Sprintf(`{"id":"q-%d","sender":{"id":"u-1","name":"Alice"},"text":%q}`, i, text)
		for range 2 { // the same again, and while nobody knows
			c.until("the request is taken", func() bool { s := c.post(body, ownSecret, time.Now()); return s == 200 || s == 202 })
		}
	}
	kills.Wait()
	c.until("every question", func() bool { got, _ := c.said(); return slices.Equal(got, want) })
	for name, status := range map[string]int{
		"unsigned": c.post(`{}`, "", time.Now()), "forged": c.post(`{}`, "another-secret", time.Now()),
		"stale": c.post(`{}`, ownSecret, time.Now().Add(-time.Hour)),
	} {
		if status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%s is answered with %d", name, status)
		}
	}
	if status := c.post(`{"id":"q-1","sender":{"id":"u-1"},"text":"something else"}`, ownSecret, time.Now()); status != http.StatusConflict {
		t.Errorf("another text under the same id is answered with %d", status)
	}
	_, c.chat = c.said()
	want = nil
	for i := range each {
		text := fmt.Sprintf("answer %02d", i)
		want = append(want, text)
		if i%4 == 1 {
			kills.Go(c.kill)
		}
		if _, p := c.answer(fmt.Sprint("k-", i), text); p != nil {
			t.Fatalf("%+v", p)
		}
	}
	kills.Wait()
	c.until("every answer", func() bool { return len(c.arrived()) >= each })
	if got := c.arrived(); !slices.Equal(got, want) {
		t.Errorf("the system has %q", got)
	}
}

// TestOwnSystemGuide runs the examples of docs/use/webhook.md, in both languages
// the same: what sends, against a real server, and what receives, behind it.
func TestOwnSystemGuide(t *testing.T) {
	for _, program := range []string{"bash", "curl", "openssl", "python3", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("PATCHBAY_TEST_REQUIRE") != "" {
				t.Fatalf("%s is needed", program)
			}
			t.Skipf("%s is not here", program)
		}
	}
	english, chinese := ownExamples(t, "webhook.md"), ownExamples(t, "webhook.zh-CN.md")
	if !slices.Equal(english, chinese) {
		t.Error("the examples differ between the languages")
	}
	address, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(address, ":")
	c := newCompany(t, "http://"+address)
	env := append(os.Environ(), "INBOX="+c.inbox.HookURL, "SECRET="+ownSecret, "PORT="+port, "PYTHONUNBUFFERED=1")
	all := runners()
	all["python"] = runner{"python3", func(file string) []string { return []string{file} }, "example.py"}
	sent, received := 0, 0
	for _, e := range english {
		r, ok := all[e.language]
		switch {
		case !ok:
		case strings.Contains(e.code, "INBOX"):
			if out := run(t, r, e.code, env); !strings.Contains(out, `"status":"accepted"`) {
				t.Errorf("%s: %s", e.language, out)
			}
			sent++
			c.until("the message of "+e.language, func() bool { got, _ := c.said(); return len(got) == sent })
		case strings.Contains(e.code, "PORT"):
			if received++; received == 1 {
				_, c.chat = c.said()
			}
			c.receives(r, e, env, address, fmt.Sprint("It left, says ", e.language))
		}
	}
	if sent < 3 || received < 2 {
		t.Errorf("%d examples send and %d receive", sent, received)
	}
}

// receives runs an example that listens, until it has printed what an agent said.
func (c *company) receives(r runner, e example, env []string, address, text string) {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), r.file)
	if err := os.WriteFile(file, []byte(e.code), 0o600); err != nil {
		c.t.Fatal(err)
	}
	program, args := r.program, r.args(file)
	if e.language == "go" { // the process itself, so that it can be ended
		program, args = filepath.Join(c.t.TempDir(), "example"), nil
		if out, err := exec.CommandContext(c.t.Context(), "go", "build", "-o", program, file).CombinedOutput(); err != nil {
			c.t.Fatalf("%v: %s", err, out)
		}
	}
	var out rig.Output
	cmd := exec.CommandContext(c.t.Context(), program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	c.until("somebody who listens", func() bool {
		line, err := (&net.Dialer{}).DialContext(c.t.Context(), "tcp", address)
		if err == nil {
			_ = line.Close()
		}
		return err == nil
	})
	said, p := c.answer("k-"+e.language, text)
	if p != nil {
		c.t.Fatalf("%+v", p)
	}
	eventually(c.t, "the answer in "+e.language, func() bool { return strings.Contains(out.String(), text) }, func() string { return out.String() + c.out.Tail() })
	c.until("the delivery in "+e.language, func() bool {
		var d struct{ Items []struct{ State string } }
		_, err := c.owner.Call(c.t.Context(), http.MethodGet, c.owner.At("/conversations/"+c.chat+"/messages/"+said.Message.ID+"/delivery"), nil, &d)
		return err == nil && slices.ContainsFunc(d.Items, func(one struct{ State string }) bool { return one.State == "sent" })
	})
}

func ownExamples(t *testing.T, file string) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "use", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, m := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)\n```").FindAllStringSubmatch(string(text), -1) {
		out = append(out, example{m[1], m[2] + "\n"})
	}
	return out
}
