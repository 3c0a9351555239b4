package address_test

import (
	"net/netip"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/outbound/address"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "169.254.169.254": false, "100.64.0.1": false,
		"::1": false, "fe80::1": false, "fd00::1": false, "::ffff:127.0.0.1": false, "64:ff9b::7f00:1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false,
	} {
		if got := address.Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestReserved(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": false, "10.0.0.8": false, "127.0.0.1": false, "::1": false, "fd12::1": false, "2606:4700::1111": false,
		"169.254.169.254": true, "::ffff:169.254.169.254": true, "64:ff9b::a9fe:a9fe": true, "2002:a9fe:a9fe::1": true, "fe80::1%eth0": true,
		"fe80::1": true, "0.0.0.0": true, "::": true, "224.0.0.1": true, "ff02::1": true, "255.255.255.255": true, "100.100.100.200": true,
		"168.63.129.16": true, "fd00:ec2::254": true,
	} {
		if got := address.Reserved(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if !address.Reserved(netip.Addr{}) {
		t.Error("no address at all is one")
	}
}
