package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrRefused is the cause of every refusal of this package. No connection was made.
var ErrRefused = errors.New("the address is refused")

// guard judges addresses. allowed is what the operator opened.
type guard struct {
	public  *ssrf.Guardian
	allowed []netip.Prefix
	plain   bool // the connection will carry plain HTTP: allowed networks only

	connecting func(netip.AddrPort)
}

func newGuard(allowed []netip.Prefix, plain bool) guard {
	return guard{public: ssrf.New(ssrf.WithAnyPort()), allowed: allowed, plain: plain}
}

// control is called by net.Dialer with the resolved address of every attempt,
// after the socket is made and before it connects.
func (g guard) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: not TCP over IP", ErrRefused)
	}
	if err := g.judge(to.Addr()); err != nil {
		return err
	}
	if g.connecting != nil {
		g.connecting(to)
	}
	return nil
}

// judge says why an address must not be connected to, or nil.
func (g guard) judge(a netip.Addr) error {
	if a.Zone() != "" { // only local addresses have one
		return fmt.Errorf("%w: it belongs to a local link", ErrRefused)
	}
	a = a.Unmap()
	inner := carried(a)
	for _, x := range append(inner, a) {
		if covers(never(), x) {
			return fmt.Errorf("%w: it is link-local or serves metadata of a cloud", ErrRefused)
		}
	}
	for _, x := range inner { // a tunnel leads where its inner address does
		if err := g.judge(x); err != nil {
			return err
		}
	}
	switch {
	case covers(g.allowed, a):
		return nil
	case g.public.SafeAddr(a) != nil:
		return fmt.Errorf("%w: it is not a public address and outbound.allow_networks does not list it", ErrRefused)
	case g.plain:
		return fmt.Errorf("%w: plain http is spoken only to networks that outbound.allow_networks lists; use https", ErrRefused)
	}
	return nil
}

func covers(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// never lists what nothing opens. Link-local networks hold the metadata
// services of AWS, Google, Azure, Huawei, Tencent, Oracle, OpenStack and most
// others (169.254.169.254, 169.254.0.23, 169.254.170.2); the rest are those
// that clouds put elsewhere, as their documentation names them.
func never() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),              // "this host"
		netip.MustParsePrefix("169.254.0.0/16"),         // link-local
		netip.MustParsePrefix("224.0.0.0/3"),            // multicast, reserved, broadcast
		netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba Cloud
		netip.MustParsePrefix("168.63.129.16/32"),       // Azure's wire server: a public address
		netip.MustParsePrefix("192.0.0.192/32"),         // Oracle Cloud, classic
		netip.MustParsePrefix("::/128"),                 // unspecified
		netip.MustParsePrefix("fe80::/10"),              // link-local
		netip.MustParsePrefix("fec0::/10"),              // site-local, withdrawn
		netip.MustParsePrefix("ff00::/8"),               // multicast
		netip.MustParsePrefix("fd00:ec2::/32"),          // AWS
		netip.MustParsePrefix("fd20:ce::254/128"),       // Google Cloud
		netip.MustParsePrefix("fd00:42::42/128"),        // Scaleway
		netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle Cloud
	}
}

// carried returns the addresses of IPv4 that one of IPv6 leads to: compatible
// (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380)
// and ISATAP (RFC 5214).
func carried(a netip.Addr) []netip.Addr {
	if !a.Is6() || a == netip.IPv6Loopback() || a.IsUnspecified() {
		return nil
	}
	b := a.As16()
	four := func(w, x, y, z int) netip.Addr { return netip.AddrFrom4([4]byte{b[w], b[x], b[y], b[z]}) }
	within := func(prefix string) bool { return netip.MustParsePrefix(prefix).Contains(a) }
	switch {
	case within("::/96"), within("64:ff9b::/96"), within("::ffff:0:0:0/96"):
		return []netip.Addr{four(12, 13, 14, 15)}
	case within("64:ff9b:1::/48"): // the operator's own prefix, of one of two lengths
		return []netip.Addr{four(12, 13, 14, 15), four(6, 7, 9, 10)}
	case within("2002::/16"):
		return []netip.Addr{four(2, 3, 4, 5)}
	case within("2001::/32"):
		return []netip.Addr{four(4, 5, 6, 7), netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe:
		return []netip.Addr{four(12, 13, 14, 15)}
	}
	return nil
}
