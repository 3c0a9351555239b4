package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// claims is the core's state, as far as claims and values go.
type claims struct {
	host.State
	denied bool
	claims map[string]host.Claim
	values map[string][]byte
}

func (c *claims) refused() error {
	if c.denied {
		return errs.Reject(host.CodeDenied, "not allowed")
	}
	return nil
}

func (c *claims) Claim(_ context.Context, req host.ClaimRequest) (host.Claim, error) {
	if err := c.refused(); err != nil {
		return host.Claim{}, err
	}
	old, there := c.claims[req.Key]
	if !there {
		c.claims[req.Key] = host.Claim{State: host.ClaimHeld}
		return host.Claim{State: host.ClaimGranted, Token: "t"}, nil
	}
	return old, nil
}

func (c *claims) Complete(_ context.Context, req host.CompleteRequest) (bool, error) {
	c.claims[req.Key] = host.Claim{State: host.ClaimDone, Result: req.Result}
	return true, c.refused()
}

func (c *claims) Abandon(_ context.Context, key, _ string) error {
	delete(c.claims, key)
	return c.refused()
}

func (c *claims) Put(_ context.Context, req host.PutRequest) (host.PutResponse, error) {
	if err := c.refused(); err != nil {
		return host.PutResponse{}, err
	}
	c.values[req.Key] = req.Value
	return host.PutResponse{Stored: true}, nil
}

func (c *claims) Get(_ context.Context, key string) (*host.Entry, error) {
	if v, there := c.values[key]; there && !c.denied {
		return &host.Entry{Key: key, Value: v}, nil
	}
	return nil, c.refused()
}

func TestKept(t *testing.T) {
	core := &claims{claims: map[string]host.Claim{}, values: map[string][]byte{}}
	store := kept{core, crm.NewMemory(time.Now)}
	do := func(result string, err error) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return []byte(result), err }
	}
	try := func(key string, harmless bool, fn func(context.Context) ([]byte, error)) (string, bool, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		got, before, err := store.Once(ctx, "pin_1", key, harmless, fn)
		return string(got), before, err
	}
	for i, before := range []bool{false, true} {
		if got, again, err := try("a", false, do("first", nil)); got != "first" || again != before || err != nil {
			t.Errorf("try %d: %q, %v, %v", i+1, got, again, err)
		}
	}
	// The far side refused, or did not get it: the key is free again.
	certain := errs.Unavailable(nil, "no connection")
	if _, _, err := try("b", false, do("", certain)); !errors.Is(err, certain) {
		t.Error(err)
	}
	if got, again, err := try("b", false, do("second", nil)); got != "second" || again || err != nil {
		t.Errorf("after a failure: %q, %v, %v", got, again, err)
	}
	// A claim that ran out is done again where that is harmless, and else never.
	core.claims["c"] = host.Claim{State: host.ClaimLapsed, Token: "t"}
	if _, _, err := try("c", false, do("third", nil)); errs.As(err).Code != crm.CodeUnknown {
		t.Errorf("after a lapse: %v", err)
	}
	core.claims["c"] = host.Claim{State: host.ClaimLapsed, Token: "t"}
	if got, again, err := try("c", true, do("third", nil)); got != "third" || again || err != nil {
		t.Errorf("after a lapse, harmless: %q, %v, %v", got, again, err)
	}
	core.claims["d"] = host.Claim{State: host.ClaimHeld}
	if _, _, err := try("d", true, do("", nil)); errs.As(err).Code != "in_progress" {
		t.Errorf("while another does it: %v", err)
	}
	// Without the permission, this process remembers.
	if err := store.Put(t.Context(), "pin_1", "k", []byte("v"), time.Hour); err != nil || string(core.values["k"]) != "v" {
		t.Errorf("put: %v", err)
	}
	core.denied = true
	for i, before := range []bool{false, true} {
		if got, again, err := try("e", false, do("fifth", nil)); got != "fifth" || again != before || err != nil {
			t.Errorf("denied, try %d: %q, %v, %v", i+1, got, again, err)
		}
	}
	if err := store.Put(t.Context(), "pin_1", "k", []byte("mine"), time.Hour); err != nil {
		t.Error(err)
	}
	if v, err := store.Get(t.Context(), "pin_1", "k"); err != nil || string(v) != "mine" {
		t.Errorf("denied, get: %q, %v", v, err)
	}
}
