package identity_test

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// A browser that signed in before is not locked out by others who guess at its
// account from everywhere, and is bounded by itself.
func TestAMarkedBrowserIsNotLockedOut(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	in, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1"})
	o.ok(err)
	if in.Mark == "" {
		t.Fatal("a browser that signs in gets no mark")
	}
	from := func(mark, address string) error {
		_, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: address, Mark: mark})
		return err
	}
	attack := func() {
		for n := 0; o.try(ownerEmail, fmt.Sprintf("198.51.%d.1", n)) == 0; n++ {
			if n > 100 {
				t.Fatal("the account is never locked")
			}
		}
	}
	attack()
	o.fails(from("", "203.0.113.1"), throttled())
	o.ok(from(in.Mark, "203.0.113.1"))

	// It opens nothing, and counts its own failures.
	again := newOffice(t)
	again.founded(ownerEmail)
	kept, err := again.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1"})
	again.ok(err)
	wrong := func() error {
		_, err := again.Sessions.SignIn(t.Context(), ownerEmail, "a wrong password", identity.Client{Address: "203.0.113.9", Mark: kept.Mark})
		return err
	}
	for range 6 {
		again.fails(wrong(), identity.WrongCredentials())
	}
	again.fails(wrong(), throttled())
}

// Whoever has stolen a password and guesses codes from everywhere does not lock
// the second step for a browser that signed in before.
func TestAMarkedBrowserKeepsItsSecondStep(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	in, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1"})
	o.ok(err)
	secret, _ := o.enrolled(in)
	step := func(code, address, mark string) error {
		client := identity.Client{Address: address, Mark: mark}
		half, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, client)
		o.ok(err)
		_, err = o.Sessions.SignInSecond(t.Context(), half.Challenge, code, client)
		return err
	}
	for n := 0; !errs.Is(step("000000", fmt.Sprintf("198.51.%d.1", n), ""), errs.RateLimited); n++ {
		if n > 100 {
			t.Fatal("the second step is never locked")
		}
	}
	o.pass(31 * time.Second)
	for n := 0; !errs.Is(step("000000", fmt.Sprintf("198.18.%d.1", n), ""), errs.RateLimited); n++ {
		if n > 100 {
			t.Fatal("the second step is never locked again")
		}
	}
	code := identity.TOTP(secret, o.now())
	o.fails(step(code, "203.0.113.1", ""), throttled())
	o.ok(step(code, "203.0.113.1", in.Mark))
}

// A mark is one account's and ends; what is none is as no mark.
func TestWhatIsNoMark(t *testing.T) {
	o := newOffice(t)
	m := o.founded(ownerEmail)
	o.hire(m.Workspace.ID, "other@example.com", identity.RoleAgent)
	here := identity.Client{Address: "192.0.2.1"}
	mine, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, here)
	o.ok(err)
	others, err := o.Sessions.SignIn(t.Context(), "other@example.com", password, here)
	o.ok(err)

	kept, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1", Mark: mine.Mark})
	o.ok(err)
	if kept.Mark != "" {
		t.Error("a good mark is replaced")
	}
	for n := 0; o.try(ownerEmail, fmt.Sprintf("198.51.%d.1", n)) == 0; n++ {
	}
	for name, mark := range map[string]string{
		"another account's": others.Mark, "none": "", "rubbish": "v1.x.y", "cut": mine.Mark[:len(mine.Mark)-9], "long": mine.Mark + string(make([]byte, 600)),
	} {
		_, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "203.0.113.1", Mark: mark})
		if !errs.Is(err, errs.RateLimited) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.pass(identity.MarkLife)
	for n := 0; o.try(ownerEmail, fmt.Sprintf("198.51.%d.1", n)) == 0; n++ {
	}
	if _, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "203.0.113.1", Mark: mine.Mark}); !errs.Is(err, errs.RateLimited) {
		t.Errorf("an old mark: %v", err)
	}
}

// While ever new networks ask for all slots, who is known comes first, who is
// not goes by their region, and nobody waits for ever.
func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := identity.NewHasher(identity.HashOptions{MemoryKiB: 8, Iterations: 1, Concurrent: 1, Waiting: 8, Patience: time.Second, Now: time.Now})
		release := h.Occupy()
		type end struct {
			who  string
			err  error
			took time.Duration
		}
		ends, began := make(chan end, 20), time.Now()
		come := func(who string, c identity.Comer) {
			go func() {
				_, err := h.Verify(t.Context(), password, "", c)
				ends <- end{who, err, time.Since(began)}
			}()
			synctest.Wait()
		}
		for n := range 4 {
			come("flood", identity.Comer{Network: fmt.Sprint("new ", n), Region: "theirs"})
		}
		come("newcomer", identity.Comer{Network: "mine", Region: "mine"})
		come("flood", identity.Comer{Network: "new 5", Region: "theirs"})
		come("known", identity.Comer{Network: "new 6", Region: "theirs", Known: true})
		time.Sleep(500 * time.Millisecond)
		release()
		for _, want := range []string{"known", "newcomer"} {
			if got := <-ends; got.who != want || got.err != nil {
				t.Errorf("got %+v, want %s", got, want)
			}
		}
		for range 5 {
			<-ends
		}

		release = h.Occupy()
		began = time.Now()
		come("newcomer", identity.Comer{Network: "another", Region: "another"})
		if got := <-ends; !errs.Is(got.err, errs.Unavailable) || got.took != time.Second || errs.As(got.err).RetryAfter <= 0 {
			t.Errorf("who waited too long got %+v", got)
		}
		release()
	})
}

// TestLoginFloodFromEverNewNetworks floods wrong sign-ins, each from a network
// that nobody saw before: who was here before signs in within a second from
// wherever they are, and who was not is let in or told to come again.
func TestLoginFloodFromEverNewNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("computes real hashes")
	}
	o := newOffice(t)
	o.hasher = identity.NewHasher(identity.HashOptions{Now: time.Now, Patience: 2 * time.Second})
	o.Services = identity.New(identity.Deps{
		Stores: o.fake.Stores(), Hasher: o.hasher, Notifier: o, Sealer: plain{}, OpenID: o.provider,
		Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	o.founded(ownerEmail)
	began := time.Now()
	in, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: "192.0.2.1"})
	o.ok(err)
	price := time.Since(began)

	stop := o.flood(150, func(n, i int) string { return fmt.Sprintf("%d.%d.%d.9", 11+n, i/250%250, i%250) })
	var slowest, longest time.Duration
	for n := range 5 {
		began := time.Now()
		_, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, identity.Client{Address: fmt.Sprintf("203.%d.0.5", n), Mark: in.Mark})
		o.ok(err)
		slowest = max(slowest, time.Since(began))
		began = time.Now()
		_, err = o.Sessions.SignIn(t.Context(), fmt.Sprintf("nobody%d@example.com", n), password, identity.Client{Address: fmt.Sprintf("204.%d.0.5", n)})
		if !errs.Is(err, errs.Unauthenticated) && !errs.Is(err, errs.Unavailable) {
			t.Errorf("a newcomer is told %v", err)
		}
		longest = max(longest, time.Since(began))
	}
	wrong := stop()
	t.Logf("a sign-in alone %v; under %d wrong ones, each from a new network, at most %v for who is known; a newcomer is answered within %v", price, wrong, slowest, longest)
	if wrong == 0 {
		t.Error("nobody flooded")
	}
	if limit := max(time.Second, 8*price); slowest > limit || longest > limit+2*time.Second {
		t.Errorf("a good user waits %v, a newcomer %v", slowest, longest)
	}
}
