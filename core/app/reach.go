package app

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/httpapi"
)

// reach tells from where the server can be reached, the widest first. Without
// a public URL that follows from the address it listens on.
func reach(c config.Config, addrs func() ([]net.Addr, error)) []httpapi.Place {
	if c.Server.PublicURL != "" {
		return []httpapi.Place{{URL: c.BaseURL(), From: fromOf(c.Server.PublicURL)}}
	}
	here := []httpapi.Place{{URL: c.BaseURL(), From: httpapi.FromHere}}
	host, port, err := net.SplitHostPort(c.Server.Address)
	if err != nil {
		return here
	}
	at := func(ip netip.Addr) httpapi.Place {
		return httpapi.Place{URL: "http://" + net.JoinHostPort(ip.String(), port), From: httpapi.FromNetwork}
	}
	if ip, err := netip.ParseAddr(host); err == nil && !ip.IsUnspecified() {
		if ip.IsLoopback() {
			return here
		}
		return []httpapi.Place{at(ip)}
	}
	if host != "" && host != "0.0.0.0" && host != "::" { // a name: localhost, or one that the network knows
		return []httpapi.Place{{URL: c.BaseURL(), From: fromOf(c.BaseURL())}}
	}
	var out []httpapi.Place
	for _, ip := range lan(addrs) {
		out = append(out, at(ip))
	}
	return append(out, here...)
}

// fromOf says from where a URL can be meant to work: a loopback name only here.
func fromOf(raw string) httpapi.From {
	u, err := url.Parse(raw)
	if err != nil {
		return httpapi.FromHere
	}
	ip, err := netip.ParseAddr(u.Hostname())
	switch {
	case u.Hostname() == "localhost", err == nil && ip.IsLoopback():
		return httpapi.FromHere
	case err == nil && ip.IsPrivate():
		return httpapi.FromNetwork
	default:
		return httpapi.FromEverywhere
	}
}

// lan lists this machine's addresses in private networks that a phone beside
// it would use.
func lan(addrs func() ([]net.Addr, error)) []netip.Addr {
	list, err := addrs()
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap().Is4() && ip.Unmap().IsPrivate() {
			out = append(out, ip.Unmap())
		}
	}
	return out
}
