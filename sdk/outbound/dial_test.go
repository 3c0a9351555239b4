package outbound_test

import (
	"encoding/json"
	"errors"
	"net"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// A connection leads where the manifest says, and nowhere else.
func TestDialer(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	manifest := []byte("manifest_version: 1\nid: a/b\nversion: 1.0.0\nnetwork:\n  - host: localhost\n    ports: [1]\n  - from_config: /server\n")
	config, err := json.Marshal(map[string]string{"server": listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	dial, err := outbound.Dialer(manifest, instance.Instance{ID: "inb_1", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dial(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	for what, c := range map[string]struct{ network, address string }{
		"another port":           {"tcp", "127.0.0.1:9"},
		"another network":        {"udp", listener.Addr().String()},
		"a public name, private": {"tcp", "localhost:1"},
		"nobody":                 {"tcp", ""},
	} {
		_, err := dial(t.Context(), c.network, c.address)
		if e := errs.As(err); e == nil || e.Code != outbound.CodeNotAllowed || !errors.Is(err, outbound.ErrNotSent) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_ = listener.Close()
	if _, err = dial(t.Context(), "tcp", listener.Addr().String()); errs.As(err).Source != errs.FarSide || !errors.Is(err, outbound.ErrNotSent) {
		t.Errorf("a server that is down: %v", err)
	}
	bad, err := json.Marshal(map[string]string{"server": "https://user@"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := outbound.Dialer(manifest, instance.Instance{ID: "inb_1", Config: bad}); err == nil {
		t.Error("an address that is none passes")
	}
}
