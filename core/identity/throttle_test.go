package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// try signs in with a wrong password and returns how long to wait: 0 = it was
// looked at.
func (o *office) try(email, address string) time.Duration {
	o.Helper()
	_, err := o.Sessions.SignIn(o.Context(), email, "a wrong password", identity.Client{Address: address})
	if errs.Is(err, errs.RateLimited) {
		return errs.As(err).RetryAfter
	}
	o.fails(err, identity.WrongCredentials())
	return 0
}

func TestThrottlePerAccount(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	for n := range 5 {
		equal(t, o.try(ownerEmail, fmt.Sprintf("198.51.%d.1", n)), 0)
	}
	// From here each failure doubles the delay, wherever it comes from.
	for n, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		delay := time.Duration(seconds) * time.Second
		if n > 0 {
			o.pass(time.Millisecond)
		}
		address := fmt.Sprintf("203.0.%d.1", n)
		equal(t, o.try(ownerEmail, address), 0)
		equal(t, o.try(ownerEmail, "192.0.2.1"), delay)
		// The right password does not help meanwhile, nor does spelling.
		_, err := o.Sessions.SignIn(t.Context(), " OWNER@example.com", password, o.client)
		o.fails(err, throttled())
		o.pass(delay - time.Millisecond)
	}
	equal(t, o.try("somebody@example.com", "192.0.2.1"), 0)
	// The right password after the delay forgets the failures.
	o.pass(time.Millisecond)
	o.signIn(ownerEmail)
	for n := range 6 {
		equal(t, o.try(ownerEmail, fmt.Sprintf("198.18.%d.1", n)), 0)
	}
	equal(t, o.try(ownerEmail, "198.19.0.1"), time.Second)
}

func TestThrottleUnknownAccountsToo(t *testing.T) {
	o := newOffice(t)
	for _, email := range []string{"nobody@example.com", "rubbish"} {
		for n := range 6 {
			equal(t, o.try(email, fmt.Sprintf("198.51.%d.1", n)), 0)
		}
		equal(t, o.try(email, "203.0.113.1"), time.Second)
		o.pass(time.Hour)
	}
}

func TestThrottlePerNetwork(t *testing.T) {
	for _, c := range []struct {
		name          string
		same, another string
	}{
		{"IPv4", "203.0.113.%d", "203.0.114.1"},
		{"IPv4 in IPv6", "::ffff:203.0.113.%d", "::ffff:203.0.114.1"},
		{"IPv4 with port", "203.0.113.%d:443", "203.0.114.1:443"},
		{"IPv6", "2001:db8:1:2:%d::1", "2001:db8:1:3::1"},
		{"IPv6 with zone and port", "[2001:db8:1:2::%d%%eth0]:443", "[2001:db8:1:3::1]:443"},
		{"unknown", "no address %d", "192.0.2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.founded(ownerEmail)
			for n := range 21 {
				equal(t, o.try(fmt.Sprintf("user%d@example.com", n), fmt.Sprintf(c.same, n)), 0)
			}
			equal(t, o.try("fresh@example.com", fmt.Sprintf(c.same, 99)), time.Second)
			equal(t, o.try("fresh@example.com", c.another), 0)

			// A success does not forgive the network its failures.
			o.pass(time.Second)
			client := identity.Client{Address: fmt.Sprintf(c.same, 7)}
			_, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, client)
			o.ok(err)
			equal(t, o.try("user0@example.com", fmt.Sprintf(c.same, 1)), 0)
			equal(t, o.try("user1@example.com", fmt.Sprintf(c.same, 2)), 2*time.Second)
		})
	}
}

// Who signed in from a network before has a counter of their own there, so
// that others who guess cannot lock them out.
func TestThrottleDoesNotLockOutTheOwner(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	o.signIn(ownerEmail)
	for n := range 6 {
		equal(t, o.try(ownerEmail, fmt.Sprintf("198.51.%d.1", n)), 0)
	}
	equal(t, o.try(ownerEmail, "203.0.113.1"), time.Second)
	o.signIn(ownerEmail)
	// There too, guesses are counted.
	for range 6 {
		equal(t, o.try(ownerEmail, o.client.Address), 0)
	}
	equal(t, o.try(ownerEmail, o.client.Address), time.Second)
}

func TestThrottleForgets(t *testing.T) {
	o := newOffice(t)
	for range 5 {
		equal(t, o.try(ownerEmail, "203.0.113.1"), 0)
	}
	o.pass(10 * time.Minute) // one failure is forgotten
	equal(t, o.try(ownerEmail, "203.0.113.1"), 0)
	equal(t, o.try(ownerEmail, "203.0.113.1"), 0)
	equal(t, o.try(ownerEmail, "203.0.113.1"), time.Second)
	o.pass(time.Hour) // all of them
	for range 6 {
		equal(t, o.try(ownerEmail, "203.0.113.1"), 0)
	}
}

// Many guesses at once gain nothing over one after another.
func TestThrottleAtOnce(t *testing.T) {
	o := newOffice(t)
	results := atOnce(t.Context(), 50, func(ctx context.Context, n int) error {
		_, err := o.Sessions.SignIn(ctx, ownerEmail, "a wrong password", identity.Client{Address: fmt.Sprintf("198.51.%d.1", n)})
		if errs.Is(err, errs.Unauthenticated) {
			return nil // looked at
		}
		return err
	})
	equal(t, o.successes(results, errs.RateLimited), 6)
}

// What was not looked at counts for nothing.
func TestThrottleTakesBack(t *testing.T) {
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	th := identity.NewThrottle(func() time.Time { return now }, identity.ThrottleOptions{})
	client := identity.Client{Address: "192.0.2.1"}
	for n := range 100 {
		a, err := th.Begin("a@example.com", client)
		if err != nil {
			t.Fatalf("attempt %d: %v", n, err)
		}
		a.Withdraw()
	}
	for n := range 100 {
		a, err := th.Begin("", client)
		if err != nil {
			t.Fatalf("attempt %d: %v", n, err)
		}
		a.Succeeded()
	}
	// The delay of a later failure stays when an earlier attempt is taken back.
	options := identity.ThrottleOptions{Account: identity.Allowance{Free: 1}}
	th = identity.NewThrottle(func() time.Time { return now }, options)
	first, err := th.Begin("a@example.com", client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = th.Begin("a@example.com", client); err != nil {
		t.Fatal(err)
	}
	first.Withdraw()
	if _, err = th.Begin("a@example.com", client); !errs.Is(err, errs.RateLimited) {
		t.Fatalf("got %v", err)
	}
}

// Attempts that are taken back do not shorten the longest delay.
func TestThrottleKeepsTheLongestDelay(t *testing.T) {
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	const longest = 4 * time.Second
	th := identity.NewThrottle(func() time.Time { return now }, identity.ThrottleOptions{
		Account: identity.Allowance{Free: 1, Leak: time.Hour, Delay: longest},
	})
	client := identity.Client{Address: "192.0.2.1"}
	for n := range 10 {
		a, err := th.Begin("a@example.com", client)
		if err != nil {
			t.Fatal(err)
		}
		if n >= 5 {
			a.Withdraw()
		}
		now = now.Add(longest)
	}
	if _, err := th.Begin("a@example.com", client); err != nil {
		t.Fatal(err)
	}
	_, err := th.Begin("a@example.com", client)
	equal(t, errs.As(err).RetryAfter, longest)
}

// Its memory is bounded: what was seen longest ago goes.
func TestThrottleIsBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)
	th := identity.NewThrottle(func() time.Time { return now }, identity.ThrottleOptions{
		Account: identity.Allowance{Free: 1}, Entries: 3,
	})
	begin := func(n int) error {
		_, err := th.Begin(fmt.Sprintf("user%d@example.com", n), identity.Client{Address: fmt.Sprintf("198.51.%d.1", n)})
		return err
	}
	for range 2 {
		for n := range 3 {
			if err := begin(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range 3 {
		if err := begin(n); !errs.Is(err, errs.RateLimited) {
			t.Fatalf("user %d: %v", n, err)
		}
	}
	// User 0 was asked for again, so 1 and 2 are forgotten before.
	if err := begin(0); !errs.Is(err, errs.RateLimited) {
		t.Fatal(err)
	}
	for n := 3; n < 5; n++ {
		if err := begin(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := begin(0); !errs.Is(err, errs.RateLimited) {
		t.Fatalf("user 0 is forgotten: %v", err)
	}
	if err := begin(1); err != nil {
		t.Fatalf("user 1 is remembered: %v", err)
	}
}
