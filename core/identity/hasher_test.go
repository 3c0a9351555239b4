package identity_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestHasher(t *testing.T) {
	h := identity.NewHasher(identity.HashOptions{})
	one, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("the default cost is not the one we promise: %s", one)
	}
	two, err := h.Hash(t.Context(), password)
	if err != nil || one == two {
		t.Fatalf("two hashes of a password are equal (%v)", err)
	}
	for _, c := range []struct {
		password, hash string
		same           bool
	}{
		{password, one, true},
		{password, two, true},
		{password + " ", one, false},
		{"", one, false},
		{password, "", false},
		{"", "", false},
	} {
		same, err := h.Verify(t.Context(), c.password, c.hash, identity.Comer{})
		if err != nil || same != c.same {
			t.Fatalf("Verify(%q, %q) = %v, %v", c.password, c.hash, same, err)
		}
	}
	if _, err := h.Verify(t.Context(), password, "$2b$12$rubbish", identity.Comer{}); errs.KindOf(err) != errs.Internal {
		t.Fatalf("a hash that is none gives %v", err)
	}
}

// At most Concurrent run and Waiting wait: the next is turned away at once,
// and who gives up waiting is told.
func TestHasherIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := identity.NewHasher(identity.HashOptions{MemoryKiB: 8, Iterations: 1, Concurrent: 1, Waiting: 2})
		release := h.Occupy()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var patient, impatient error
		wg.Go(func() { _, patient = h.Hash(t.Context(), password) })
		wg.Go(func() { _, impatient = h.Hash(ctx, password) })
		synctest.Wait() // both wait
		_, err := h.Hash(t.Context(), password)
		if e := errs.As(err); e == nil || e.Kind != errs.Unavailable || e.RetryAfter <= 0 {
			t.Fatalf("the third waiter got %v", err)
		}
		cancel()
		synctest.Wait()
		if !errs.Is(impatient, errs.Unavailable) {
			t.Fatalf("who gave up got %v", impatient)
		}
		release()
		wg.Wait()
		if patient != nil {
			t.Fatalf("who waited got %v", patient)
		}
		if _, err := h.Hash(t.Context(), password); err != nil {
			t.Fatalf("a place was not given back: %v", err)
		}
	})
}
