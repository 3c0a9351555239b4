package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

func TestKept(t *testing.T) {
	core := plugintest.NewHost(t)
	core.Connect(instance.Instance{ID: "pin_1"})
	state := core.For("pin_1").State
	store := kept{state, crm.NewMemory(time.Now)}
	claim := func(key string) {
		t.Helper()
		if _, err := state.Claim(t.Context(), host.ClaimRequest{Key: key, Within: time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
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
	claim("c")
	core.Jump(time.Minute)
	if _, _, err := try("c", false, do("third", nil)); errs.As(err).Code != crm.CodeUnknown {
		t.Errorf("after a lapse: %v", err)
	}
	if got, again, err := try("c", true, do("third", nil)); got != "third" || again || err != nil {
		t.Errorf("after a lapse, harmless: %q, %v, %v", got, again, err)
	}
	claim("d")
	if _, _, err := try("d", true, do("", nil)); errs.As(err).Code != "in_progress" {
		t.Errorf("while another does it: %v", err)
	}
	// Without the permission, this process remembers.
	if err := store.Put(t.Context(), "pin_1", "k", []byte("v"), time.Hour); err != nil || string(core.State("pin_1")["k"]) != "v" {
		t.Errorf("put: %v", err)
	}
	core.Revoke("state")
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
