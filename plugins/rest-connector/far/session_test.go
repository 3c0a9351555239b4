package far_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const signing = `
mapping: 1
limits: {per_second: 1000, burst: 1000}
auth:
  type: login
  login:
    - {path: /login, form: {user: "{{config.username}}", password: "{{secret.password}}"}, take: {token: /token}, expires_in: /expires}
    - {path: /me, take: {team: /team}}
  headers: {X-Session: "{{session.token}}"}
objects:
  - name: thing
    label: {en: Thing}
    id: /id
    title: x
    fields: [{name: a, label: {en: A}}]
    search: {path: /things, query: {q: "{{query}}", team: "{{session.team}}"}}
`

// door is a system that is entered by signing in.
type door struct {
	logins   atomic.Int32
	token    atomic.Value // of the session that is good now
	password string
	expires  string
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/login":
		n := d.logins.Add(1)
		if r.FormValue("password") != d.password || r.Header.Get("X-Session") != "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		token := "session-" + string('a'+n)
		d.token.Store(token)
		_, _ = w.Write([]byte(`{"token":"` + token + `","expires":` + d.expires + `}`))
	case r.Header.Get("X-Session") != d.token.Load():
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/me":
		_, _ = w.Write([]byte(`{"team":7}`))
	case r.URL.Query().Get("team") != "7":
		w.WriteHeader(http.StatusTeapot)
	default:
		_, _ = w.Write([]byte(`[]`))
	}
}

func TestSession(t *testing.T) {
	reader, err := mapping.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	m, faults := reader.Read([]byte(signing))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	d := &door{password: "right", expires: "100"}
	d.token.Store("nobody")
	s := httptest.NewServer(d)
	defer s.Close()
	var mu sync.Mutex
	at := time.Now()
	pass := func(by time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(by)
	}
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	place, err := outbound.HostOf(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	doer, err := outbound.New(outbound.Options{Configured: []string{place}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := far.New(m, far.Settings{BaseURL: s.URL, Username: "u", Password: "right"}, doer, now)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error {
		_, err := client.Do(t.Context(), m.Objects[0].Search, expr.Scope{"query": "x", "limit": 1})
		return err
	}
	logins := func(want int32, after string) {
		t.Helper()
		if n := d.logins.Load(); n != want {
			t.Errorf("%s: signed in %d times, want %d", after, n, want)
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := ask(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	logins(1, "eight at once")
	pass(91 * time.Second) // of a session of 100, of which a tenth is kept back
	if err := ask(); err != nil {
		t.Error(err)
	}
	logins(2, "the session's time was over")
	d.token.Store("another")
	for range 8 {
		wg.Go(func() {
			if err := ask(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	logins(3, "eight whose session was refused")
	d.password = "changed"
	d.token.Store("another")
	for range 5 {
		if err := ask(); errs.As(err).Code != errs.CodeAuthExpired || strings.Contains(err.Error(), "right") {
			t.Errorf("got %v", err)
		}
	}
	logins(4, "refused credentials")
	for i, pause := range []time.Duration{59 * time.Second, 2 * time.Second, 61 * time.Second, 60 * time.Second} {
		pass(pause)
		if ask() == nil {
			t.Error("it was let in")
		}
		logins([]int32{4, 5, 5, 6}[i], "pauses that double")
	}
}
