package idempotencytest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is a store with two workspaces.
type Fixture struct {
	Store     idempotency.Store
	Workspace identity.WorkspaceID
	Other     identity.WorkspaceID
	// Write is a transaction of the same database that writes something.
	Write func(ctx context.Context) error
}

// world is a service on a clock of its own.
type world struct {
	*testing.T
	Fixture
	*idempotency.Service
	now time.Time
}

func newWorld(t *testing.T, open func(t *testing.T) Fixture) *world {
	t.Helper()
	w := &world{T: t, Fixture: open(t), now: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)}
	w.Service = idempotency.NewService(w.Store, Sealer{}, func() time.Time { return w.now })
	return w
}

// Sealer seals without a secret: enough to see that answers pass through it.
type Sealer struct{}

// Seal implements idempotency.Sealer.
func (Sealer) Seal(secret []byte, about string) string {
	return "sealed:" + about + ":" + base64.StdEncoding.EncodeToString(secret)
}

// Open implements idempotency.Sealer.
func (Sealer) Open(sealed, about string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, "sealed:"+about+":")
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return base64.StdEncoding.DecodeString(text)
}

func (w *world) key(name string) idempotency.Key {
	return idempotency.Key{Workspace: w.Workspace, Principal: "mem_1", Name: name}
}

// begin claims or fails the test.
func (w *world) begin(name, hash string) idempotency.Claim {
	w.Helper()
	c, a, err := w.Begin(w.Context(), w.key(name), hash)
	if err != nil || a != nil {
		w.Fatalf("begin: %v, answer %v", err, a)
	}
	return c
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused wants Begin to answer a code.
func (w *world) refused(k idempotency.Key, hash, code string) {
	w.Helper()
	_, a, err := w.Begin(w.Context(), k, hash)
	if a != nil || err == nil || errs.As(err).Code != code {
		w.Errorf("begin: %v %v, want %s", a, err, code)
	}
}

// Run is what every store of claims must keep.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*world){
		"an answer is given again": answered, "keys are their principal's": apart, "one of many at once": race,
		"a refusal frees the key": refusal, "a refusal after an effect is kept": halfway,
		"death before the effect": deadBefore, "death after the effect": deadAfter, "a late writer is fenced off": fenced,
		"a day later": expiry, "what is no key": badKeys, "a large answer": large,
	} {
		t.Run(name, func(t *testing.T) { test(newWorld(t, open)) })
	}
}

func answered(w *world) {
	c := w.begin("k", "h1")
	w.refused(w.key("k"), "h1", "idempotency.in_flight")
	w.refused(w.key("k"), "h2", "idempotency.mismatch")
	w.ok(w.Write(idempotency.With(w.Context(), c)))
	w.ok(w.Write(idempotency.With(w.Context(), c))) // a request may have several
	w.ok(w.End(w.Context(), c, idempotency.Answer{Status: 201, MediaType: "application/json", Body: []byte(`{"secret":"s"}`)}))
	w.now = w.now.Add(time.Hour)
	_, a, err := w.Begin(w.Context(), w.key("k"), "h1")
	w.ok(err)
	if a == nil || a.Status != 201 || a.MediaType != "application/json" || string(a.Body) != `{"secret":"s"}` {
		w.Errorf("the answer is %+v", a)
	}
	w.refused(w.key("k"), "h2", "idempotency.mismatch")
	held, err := w.Store.Claim(w.Context(), idempotency.Claim{Key: w.key("k"), Token: "x", Hash: "h1", At: w.now}, w.now)
	w.ok(err)
	if strings.Contains(held.Answer.Body, "secret") || !strings.HasPrefix(held.Answer.Body, "sealed:") {
		w.Errorf("the answer is kept as %q", held.Answer.Body)
	}
}

func apart(w *world) {
	w.begin("k", "h")
	for _, k := range []idempotency.Key{
		{Workspace: w.Workspace, Principal: "mem_2", Name: "k"}, {Workspace: w.Other, Principal: "mem_1", Name: "k"}, w.key("K"),
	} {
		if _, _, err := w.Begin(w.Context(), k, "other"); err != nil {
			w.Errorf("%+v: %v", k, err)
		}
	}
}

func race(w *world) {
	const many = 16
	var mu sync.Mutex
	got := map[string]int{}
	var wait sync.WaitGroup
	for range many {
		wait.Go(func() {
			_, _, err := w.Begin(w.Context(), w.key("k"), "h")
			what := "claimed"
			if err != nil {
				what = errs.As(err).Code
			}
			mu.Lock()
			defer mu.Unlock()
			got[what]++
		})
	}
	wait.Wait()
	if got["claimed"] != 1 || got["idempotency.in_flight"] != many-1 {
		w.Errorf("%v", got)
	}
}

func refusal(w *world) {
	c := w.begin("k", "h")
	w.ok(w.End(w.Context(), c, idempotency.Answer{Status: http.StatusUnprocessableEntity, Body: []byte("no")}))
	c = w.begin("k", "h2") // even with another body
	w.ok(w.Abandon(w.Context(), c))
	w.begin("k", "h3")
}

func halfway(w *world) {
	c := w.begin("k", "h")
	w.ok(w.Write(idempotency.With(w.Context(), c)))
	w.ok(w.Abandon(w.Context(), c))
	w.refused(w.key("k"), "h", "idempotency.in_flight")
	w.ok(w.End(w.Context(), c, idempotency.Answer{Status: http.StatusServiceUnavailable, Body: []byte("half")}))
	_, a, err := w.Begin(w.Context(), w.key("k"), "h")
	w.ok(err)
	if a == nil || a.Status != http.StatusServiceUnavailable {
		w.Errorf("the answer is %+v", a)
	}
}

func deadBefore(w *world) {
	w.begin("k", "h")
	w.now = w.now.Add(idempotency.Lease - time.Second)
	w.refused(w.key("k"), "h", "idempotency.in_flight")
	w.now = w.now.Add(time.Second)
	w.begin("k", "h")
}

func deadAfter(w *world) {
	c := w.begin("k", "h")
	w.ok(w.Write(idempotency.With(w.Context(), c)))
	w.now = w.now.Add(idempotency.Lease)
	w.refused(w.key("k"), "h", "idempotency.answer_lost")
	w.refused(w.key("k"), "h2", "idempotency.mismatch")
	w.ok(w.End(w.Context(), c, idempotency.Answer{Status: 200, Body: []byte("late")})) // the process lived after all
	if _, a, err := w.Begin(w.Context(), w.key("k"), "h"); err != nil || a == nil || string(a.Body) != "late" {
		w.Errorf("%+v %v", a, err)
	}
}

func fenced(w *world) {
	slow := w.begin("k", "h")
	w.now = w.now.Add(idempotency.Lease)
	quick := w.begin("k", "h")
	if err := w.Write(idempotency.With(w.Context(), slow)); err == nil || errs.As(err).Code != "idempotency.in_flight" {
		w.Errorf("the slow request writes: %v", err)
	}
	w.ok(w.End(w.Context(), slow, idempotency.Answer{Status: 200, Body: []byte("slow")}))
	w.refused(w.key("k"), "h", "idempotency.in_flight")
	w.ok(w.Write(idempotency.With(w.Context(), quick)))
}

func expiry(w *world) {
	for _, name := range []string{"a", "b", "c"} {
		w.ok(w.End(w.Context(), w.begin(name, "h"), idempotency.Answer{Status: 200, Body: []byte("x")}))
	}
	w.now = w.now.Add(idempotency.Life - time.Second)
	w.begin("d", "h")
	w.ok(w.Sweep(w.Context()))
	if _, a, err := w.Begin(w.Context(), w.key("a"), "h"); err != nil || a == nil {
		w.Errorf("within a day: %v %v", a, err)
	}
	w.now = w.now.Add(time.Second)
	w.begin("b", "another") // expired, though not swept yet
	n, err := w.Store.Sweep(w.Context(), w.now, 1)
	w.ok(err)
	rest, err := w.Store.Sweep(w.Context(), w.now, 10)
	w.ok(err)
	if n != 1 || rest != 1 {
		w.Errorf("swept %d, then %d", n, rest)
	}
}

func badKeys(w *world) {
	for _, name := range []string{"", strings.Repeat("x", 256), "a\nb", "clé", "\x7f"} {
		w.refused(w.key(name), "h", "idempotency.key")
	}
	w.begin(strings.Repeat("x", 255), "h")
	w.begin(" ~", "h")
}

func large(w *world) {
	c := w.begin("k", "h")
	w.ok(w.Write(idempotency.With(w.Context(), c)))
	w.ok(w.End(w.Context(), c, idempotency.Answer{Status: 200, Body: make([]byte, idempotency.MaxAnswer+1)}))
	w.refused(w.key("k"), "h", "idempotency.answer_lost")
	none := w.begin("n", "h")
	w.ok(w.End(w.Context(), none, idempotency.Answer{Status: http.StatusNoContent}))
	if _, a, err := w.Begin(w.Context(), w.key("n"), "h"); err != nil || a == nil || a.Status != http.StatusNoContent || len(a.Body) != 0 {
		w.Errorf("without a body: %+v %v", a, err)
	}
}
