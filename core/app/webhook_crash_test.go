package app_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// receiver is a strict receiver of webhooks: it takes nothing that is not
// signed by a secret it knows, fresh, and whole. Every fifth request fails.
type receiver struct {
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	secrets map[string]string
	asked   int
	taken   []delivered // in the order in which they were taken
}

// delivered is an event that was taken.
type delivered struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Version   int       `json:"version"`
	Workspace string    `json:"workspace"`
	At        time.Time `json:"occurred_at"`
	Seq       uint64    `json:"seq"`
	Data      struct {
		Change       *rig.Change       `json:"change"`
		Conversation *rig.Conversation `json:"conversation"`
	} `json:"data"`
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, secrets: make(map[string]string)}
	r.server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
	if err != nil { // the sender was killed while it spoke
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.signed(q.Header.Get("Patchbay-Signature"), body) {
		r.t.Errorf("a request is not signed: %v", q.Header)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.asked++; r.asked%5 == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var d delivered
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	if err := decoder.Decode(&d); err != nil || d.Version != 1 || q.Header.Get("Patchbay-Event") != d.Type || !strings.HasPrefix(q.Header.Get("Patchbay-Delivery"), "whd_") {
		r.t.Errorf("a request is %s with %v", body, q.Header)
	}
	r.taken = append(r.taken, d)
}

// signed checks a signature: of the newest or of an older secret, over the
// body as it came, at most five minutes old.
func (r *receiver) signed(header string, body []byte) bool {
	parts := strings.Split(header, ",")
	at, ok := strings.CutPrefix(parts[0], "t=")
	unix, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || time.Since(time.Unix(unix, 0)).Abs() > 5*time.Minute {
		return false
	}
	for i := 1; i+1 < len(parts); i += 2 {
		secret := r.secrets[strings.TrimPrefix(parts[i], "kid=")]
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = fmt.Fprintf(mac, "%s.%s", at, body)
		if secret != "" && hmac.Equal([]byte(parts[i+1]), []byte("v1="+hex.EncodeToString(mac.Sum(nil)))) {
			return true
		}
	}
	return false
}

// first returns the events taken, each at its first time.
func (r *receiver) first() []delivered {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := make(map[string]bool)
	var out []delivered
	for _, d := range r.taken {
		if !seen[d.ID] {
			seen[d.ID] = true
			out = append(out, d)
		}
	}
	return out
}

// TestWebhooksSurviveCrashes kills the server under load, again and again.
// Every event of every conversation arrives, in order of its conversation.
func TestWebhooksSurviveCrashes(t *testing.T) {
	r := newReceiver(t)
	s := open(t, func(o *rig.Options) {
		o.Env = append(o.Env, "PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8", "PATCHBAY_WEBHOOKS_RETRY="+strings.Repeat("50ms,", 20)+"5m") // the last: so that nothing dies of old age
	})
	var hook struct{ ID, KID, Secret string }
	_, err := s.owner.Call(t.Context(), http.MethodPost, s.owner.At("/webhooks"), map[string]any{"url": r.server.URL + "/hook", "events": []string{"*"}}, &hook)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.secrets[hook.KID] = hook.Secret
	r.mu.Unlock()
	before := s.chats(t.Context())
	visitors := []rig.Visitor{s.visitor}
	for range 3 {
		visitors = append(visitors, s.admit())
	}
	for crash := range 4 {
		for i := range 60 {
			s.visitor = visitors[i%len(visitors)]
			if err := s.try(fmt.Sprintf("%d/%d", crash, i)); err != nil {
				t.Fatal(err)
			}
		}
		s.crash() // while deliveries are under way
	}
	want := make(map[string]bool)
	for chat, from := range before {
		for _, c := range s.history(t.Context(), chat) {
			if c.Seq > from {
				want[c.ID] = true
			}
		}
	}
	for chat := range s.chats(t.Context()) {
		if _, old := before[chat]; !old {
			for _, c := range s.history(t.Context(), chat) {
				want[c.ID] = true
			}
		}
	}
	if len(want) < 240 {
		t.Fatalf("only %d events", len(want))
	}
	var missing []string
	if !rig.Await(t.Context(), time.Minute, func() bool {
		missing = nil
		got := make(map[string]bool)
		for _, d := range r.first() {
			got[d.ID] = true
		}
		for id := range want {
			if !got[id] {
				missing = append(missing, id)
			}
		}
		return len(missing) == 0
	}) {
		slices.Sort(missing)
		t.Fatalf("%d of %d events never arrived: %v\n%s", len(missing), len(want), missing[:min(5, len(missing))], s.out.Tail())
	}
	last := make(map[string]uint64)
	for _, d := range r.first() {
		if d.Seq == 0 {
			continue
		}
		chat := d.Data.Change.ConversationID
		if before := last[chat]; before > 0 && d.Seq != before+1 {
			t.Errorf("%s: %d came after %d", chat, d.Seq, before)
		}
		last[chat] = d.Seq
	}
	t.Logf("%d events, %d requests, %d taken", len(want), r.asked, len(r.taken))
}

// chats lists conversations with their last seq.
func (s *site) chats(ctx context.Context) map[string]uint64 {
	s.t.Helper()
	var list struct {
		Items []struct {
			ID      string `json:"id"`
			LastSeq uint64 `json:"last_seq"`
		} `json:"items"`
	}
	if _, err := s.owner.Call(ctx, http.MethodGet, s.owner.At("/conversations?limit=200"), nil, &list); err != nil {
		s.t.Fatal(err)
	}
	out := make(map[string]uint64)
	for _, c := range list.Items {
		out[c.ID] = c.LastSeq
	}
	return out
}

// history reads a conversation's changes.
func (s *site) history(ctx context.Context, chat string) []rig.Change {
	s.t.Helper()
	var out []rig.Change
	for {
		var page struct {
			Items   []rig.Change `json:"items"`
			HasMore bool         `json:"has_more"`
		}
		path := s.owner.At(fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", chat, len(out)))
		if _, err := s.owner.Call(ctx, http.MethodGet, path, nil, &page); err != nil {
			s.t.Fatal(err)
		}
		if out = append(out, page.Items...); !page.HasMore {
			return out
		}
	}
}
