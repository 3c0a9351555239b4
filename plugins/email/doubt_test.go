package main

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// A mail of which nobody saw the end is in doubt, also when it is asked for after
// a crash. Whoever wants it sent again has that at once, and once.
func TestDoubt(t *testing.T) {
	rig := mailrig.Start(t, mailrig.Options{Postfix: true})
	for _, who := range []string{care, alice} {
		if err := rig.Account(t.Context(), who, "secret"); err != nil {
			t.Fatal(err)
		}
	}
	gate := rig.NewGate(t)
	config, err := json.Marshal(map[string]any{"address": care, "provider": "other", "incoming": rig.IMAP, "outgoing": gate.Address, "security": "none"})
	if err != nil {
		t.Fatal(err)
	}
	h := plugintest.NewHost(t, plugintest.Manifest(manifest))
	in := h.Connect(instance.Instance{Config: config, Secrets: instance.Secrets{"/password": "secret"}})
	plug := plugintest.InProcess(t, h, sdk.Plugin{Manifest: manifest, Channel: open})
	req := channel.SendRequest{
		Instance: instance.Instance{ID: in.ID}, DeliveryID: "dlv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", Recipient: alice,
		Content: message.Content{Text: "On its way."}, Attempt: 1,
	}
	gate.Behave(mailrig.SayNothing)
	for _, suspect := range []bool{false, true} {
		req.Suspect = suspect
		if _, err := plug.Send(req); err == nil || errs.As(err).Source != errs.InDoubt {
			t.Fatalf("nobody heard the end, suspect %t: %v", suspect, err)
		}
	}
	gate.Behave(mailrig.Pass)
	req.Suspect, req.Attempt = false, 2
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // less than a claim lasts
	defer cancel()
	done := make(chan error, 1)
	go func() { _, err := plug.Send(req); done <- err }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-ctx.Done():
		t.Fatal("it waits for the claim of the first time")
	}
	before := len(gate.Passed())
	req.Suspect = true
	if _, err := plug.Send(req); err != nil || len(gate.Passed()) != before {
		t.Errorf("after a crash it is sent again: %v, %d mails of %d", err, len(gate.Passed()), before)
	}
}

// A mailbox whose plugin is denied its state is told of; what is to be sent waits.
func TestDeniedState(t *testing.T) {
	h := plugintest.NewHost(t, plugintest.Manifest(manifest))
	h.RefuseNext("GetState", host.CodeDenied)
	config, err := json.Marshal(map[string]any{"address": care, "provider": "other", "incoming": "127.0.0.1:9", "outgoing": "127.0.0.1:9", "security": "none"})
	if err != nil {
		t.Fatal(err)
	}
	in := h.Connect(instance.Instance{Config: config, Secrets: instance.Secrets{"/password": "secret"}})
	plug := plugintest.InProcess(t, h, sdk.Plugin{Manifest: manifest, Channel: open})
	_, err = plug.Send(channel.SendRequest{Instance: instance.Instance{ID: in.ID}, DeliveryID: "dlv_01JD3X4Z5Y6W7V8T9S0R1Q2P3N", Recipient: alice, Content: message.Content{Text: "x"}})
	if e := errs.As(err); err == nil || e.Source != errs.FarSide || e.Code != host.CodeDenied {
		t.Errorf("it is sent, or given up: %v", err)
	}
	if health := plug.Health(in.ID); health.State != instance.Down || health.Code != host.CodeDenied {
		t.Errorf("its health is %+v", health)
	}
}
