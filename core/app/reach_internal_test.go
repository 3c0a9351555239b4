package app

import (
	"net"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/httpapi"
)

func TestReach(t *testing.T) {
	addrs := func() ([]net.Addr, error) {
		var out []net.Addr
		for _, s := range []string{"127.0.0.1/8", "192.168.1.20/24", "172.17.0.1/16", "::1/128", "fe80::1/64", "203.0.113.9/24"} {
			ip, n, err := net.ParseCIDR(s)
			if err != nil {
				t.Fatal(err)
			}
			n.IP = ip
			out = append(out, n)
		}
		return out, nil
	}
	lan := []httpapi.Place{
		{URL: "http://192.168.1.20:8080", From: httpapi.FromNetwork},
		{URL: "http://172.17.0.1:8080", From: httpapi.FromNetwork},
	}
	for _, c := range []struct {
		address, public string
		want            []httpapi.Place
	}{
		{"127.0.0.1:8080", "", []httpapi.Place{{URL: "http://127.0.0.1:8080", From: httpapi.FromHere}}},
		{"localhost:8080", "", []httpapi.Place{{URL: "http://localhost:8080", From: httpapi.FromHere}}},
		{"192.168.1.20:8080", "", lan[:1]},
		{"0.0.0.0:8080", "", append(slices.Clone(lan), httpapi.Place{From: httpapi.FromHere})},
		{":8080", "", append(slices.Clone(lan), httpapi.Place{From: httpapi.FromHere})},
		{"127.0.0.1:8080", "https://help.example.com", []httpapi.Place{{URL: "https://help.example.com", From: httpapi.FromEverywhere}}},
		{"0.0.0.0:8080", "http://192.168.1.20:8080/", lan[:1]},
		{"0.0.0.0:8080", "http://localhost:9000", []httpapi.Place{{URL: "http://localhost:9000", From: httpapi.FromHere}}},
	} {
		var cfg config.Config
		cfg.Server.Address, cfg.Server.PublicURL = c.address, c.public
		got := reach(cfg, addrs)
		for i := range got { // how the server calls itself here is configuration's business
			if c.want[min(i, len(c.want)-1)].URL == "" {
				got[i].URL = ""
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s: got %v, want %v", c.address, c.public, got, c.want)
		}
	}
}
