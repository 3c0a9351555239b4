package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// administrator signs somebody in who may do everything but read the audit log.
func (s *site) administrator() string {
	s.Helper()
	m := s.Member(s.WS, "once@example.com", "Admin", 5)
	s.change(m, func(m *identity.Member) { m.Role = identity.RoleAdministrator })
	return s.signIn(m)
}

func TestIdempotencyKey(t *testing.T) {
	s := newSite(t, nil)
	cookie, base := s.administrator(), "/api/v1/workspaces/"+string(s.WS)
	post := func(path, body, key string, header ...string) answer {
		return s.ask(http.MethodPost, base+path, body, append([]string{"Cookie", cookie, "Idempotency-Key", key}, header...)...)
	}
	first := post("/labels", `{"name":"Refund","color":"#2f80ed"}`, "a")
	if first.StatusCode != http.StatusCreated || first.Header.Get("Idempotency-Replayed") != "" {
		t.Fatalf("%d %s", first.StatusCode, first.text)
	}
	again := post("/labels", `{"name":"Refund","color":"#2f80ed"}`, "a")
	if again.StatusCode != first.StatusCode || again.text != first.text || again.Header.Get("Idempotency-Replayed") != "true" ||
		again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
		t.Errorf("again: %d %v %s", again.StatusCode, again.Header, again.text)
	}
	for name, a := range map[string]answer{
		"another body":  post("/labels", `{"name":"Other","color":"#2f80ed"}`, "a"),
		"another route": post("/teams", `{"name":"Refund","color":"#2f80ed"}`, "a"),
		"another query": post("/labels?x=1", `{"name":"Refund","color":"#2f80ed"}`, "a"),
	} {
		if a.StatusCode != http.StatusUnprocessableEntity || a.code != "idempotency.mismatch" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
		}
	}
	if a := post("/labels", `{"name":"x","color":"#2f80ed"}`, strings.Repeat("k", 256)); a.code != "idempotency.key" {
		t.Errorf("a long key: %d %s", a.StatusCode, a.text)
	}
	// A refusal changes nothing, so the key is free for what was meant.
	if a := post("/labels", `{"name":"","color":"#2f80ed"}`, "b"); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d %s", a.StatusCode, a.text)
	}
	if a := post("/labels", `{"name":"Named","color":"#2f80ed"}`, "b"); a.StatusCode != http.StatusCreated {
		t.Errorf("named: %d %s", a.StatusCode, a.text)
	}
	// Another principal has keys of their own; who may not post learns nothing.
	bearer := "Bearer " + s.makeKey(cookie, "catalog.manage").Secret
	if a := s.ask(http.MethodPost, base+"/labels", `{"name":"By key","color":"#2f80ed"}`, "Authorization", bearer, "Idempotency-Key", "a"); a.StatusCode != http.StatusCreated {
		t.Errorf("of an API key: %d %s", a.StatusCode, a.text)
	}
	reader := "Bearer " + s.makeKey(cookie, "contact.read").Secret
	if a := s.ask(http.MethodPost, base+"/labels", `{"name":"Refund","color":"#2f80ed"}`, "Authorization", reader, "Idempotency-Key", "a"); a.code != "forbidden" {
		t.Errorf("of a key that may not: %d %s", a.StatusCode, a.text)
	}
}

// TestIdempotentSecret: an answer with a secret is given again, and is the same key.
func TestIdempotentSecret(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.administrator()
	make1 := func() string {
		a := s.ask(http.MethodPost, "/api/v1/workspaces/"+string(s.WS)+"/api-keys", `{"name":"CI","scopes":["contact.read"]}`, "Cookie", cookie, "Idempotency-Key", "the key")
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", a.StatusCode, a.text)
		}
		return a.text
	}
	if a, b := make1(), make1(); a != b {
		t.Errorf("two keys: %s and %s", a, b)
	}
}

// TestIdempotencyInParallel: of many at once, one is done.
func TestIdempotencyInParallel(t *testing.T) {
	s := newSite(t, nil)
	cookie, base := s.administrator(), "/api/v1/workspaces/"+string(s.WS)
	const many = 24
	var wait sync.WaitGroup
	ids, busy := make(chan string, many), make(chan struct{}, many)
	for range many {
		wait.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com"+base+"/contacts", bytes.NewReader([]byte(`{"name":"Once"}`)))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Cookie", cookie)
			r.Header.Set("Idempotency-Key", "p")
			res, err := s.Test(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = res.Body.Close() }()
			var got struct{ ID, Code string }
			if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
				t.Error(err)
			}
			switch {
			case res.StatusCode == http.StatusCreated:
				ids <- got.ID
			case got.Code == "idempotency.in_flight" && res.StatusCode == http.StatusConflict && res.Header.Get("Retry-After") == "1":
				busy <- struct{}{}
			default:
				t.Errorf("%d %+v", res.StatusCode, got)
			}
		})
	}
	wait.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("contacts %s and %s were made", first, id)
		}
	}
	if a := s.ask(http.MethodGet, base+"/contacts?q=Once", "", "Cookie", cookie); strings.Count(a.text, `"Once"`) != 1 {
		t.Errorf("the contacts are %s", a.text)
	}
}

// TestEveryPostOffersOnce asks the description: each POST of a member has the header.
func TestEveryPostOffersOnce(t *testing.T) {
	s := newSiteOn(t, func(*conversationtest.World) func() time.Time { return time.Now }, nil)
	a := s.ask(http.MethodGet, "/openapi.json", "")
	var document struct {
		Paths map[string]map[string]struct {
			Access     string `json:"x-access"`
			Parameters []struct{ Name, In string }
		}
	}
	s.OK(json.Unmarshal([]byte(a.text), &document))
	offered := 0
	for path, operations := range document.Paths {
		for method, op := range operations {
			has := false
			for _, p := range op.Parameters {
				has = has || p.Name == "Idempotency-Key" && p.In == "header"
			}
			if want := method == "post" && strings.Contains(op.Access, "."); has != want {
				t.Errorf("%s %s offers Idempotency-Key: %t", method, path, has)
			}
			if has {
				offered++
			}
		}
	}
	if offered < 30 {
		t.Errorf("only %d routes offer it", offered)
	}
}
