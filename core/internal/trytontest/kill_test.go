package trytontest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/trytontest"
)

// victimVariable tells a process of this test what it is: the address of Tryton,
// the database and the key of the lead, as a JSON list.
const victimVariable = "PATCHBAY_TEST_TRYTON_VICTIM"

// TestVictim is the process that is killed while it makes a lead.
func TestVictim(t *testing.T) {
	var told []string
	if err := json.Unmarshal([]byte(os.Getenv(victimVariable)), &told); err != nil {
		t.Skip("survivesKill runs this in a process of its own")
	}
	s := &stage{tryton: &trytontest.Tryton{Database: told[1]}, url: told[0]}
	s.open(t)
	_, err := s.upsert(t.Context(), told[2], "lead", "", map[string]any{"description": "被打断的线索"})
	t.Fatalf("nobody killed this process: %v", err)
}

// survivesKill kills processes that make a lead: before Tryton gets the request,
// and after Tryton has made the lead and before its answer is there. Whoever
// comes next makes the lead, or finds it.
func (s *stage) survivesKill(t *testing.T) {
	for name, made := range map[string]bool{"before": false, "after": true} {
		key := "cnv_killed_" + name
		s.kill(t, key, made)
		if n := s.leads(t, key); n != map[bool]int{false: 0, true: 1}[made] {
			t.Fatalf("killed %s the request: there are %d leads", name, n)
		}
		next := &stage{tryton: s.tryton, session: s.session}
		next.open(t)
		lead, err := next.upsert(t.Context(), key, "lead", "", map[string]any{"description": "被打断的线索"})
		if err != nil || lead.Duplicate != made || lead.Record.Fields["description"] != "被打断的线索" {
			t.Errorf("killed %s the request: %+v, %v", name, lead, err)
		}
		if n := s.leads(t, key); n != 1 {
			t.Errorf("killed %s the request: in the end there are %d leads, want 1", name, n)
		}
	}
}

// kill starts a process that makes a lead, and kills it.
func (s *stage) kill(t *testing.T, key string, forward bool) {
	t.Helper()
	target, err := url.Parse(s.tryton.URL)
	if err != nil {
		t.Fatal(err)
	}
	var victim *exec.Cmd
	kill := sync.OnceFunc(func() {
		if err := victim.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	before := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte("model.sale.opportunity.create")) {
			proxy.ServeHTTP(w, r)
			return
		}
		if forward {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
		}
		kill()
		panic(http.ErrAbortHandler)
	}))
	defer before.Close()
	told, err := json.Marshal([]string{before.URL, s.tryton.Database, key})
	if err != nil {
		t.Fatal(err)
	}
	victim = exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestVictim$", "-test.v")
	victim.Env = append(os.Environ(), victimVariable+"="+string(told))
	var output bytes.Buffer
	victim.Stdout, victim.Stderr = &output, &output
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if err := victim.Wait(); err == nil || victim.ProcessState.ExitCode() != -1 {
		t.Fatalf("the process was not killed: %v\n%s", err, &output)
	}
}
