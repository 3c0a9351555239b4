// Package address says what kind of place an address of the network is: whether
// strangers are there, and whether anybody should connect to it at all. The
// core's own client and those of plugins judge by it.
package address

import (
	"net/netip"
	"slices"
)

// Public reports whether an address is one of the public network.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range []string{ // RFC 6890 and its kin, beside what netip knows
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	} {
		if netip.MustParsePrefix(p).Contains(a) {
			return false
		}
	}
	return true
}

// Reserved reports whether an address is one that no far side has, whoever typed
// its name: nobody's, everybody's, a link's own, and those where clouds tell
// machines their keys; also when one of IPv6 only leads there.
func Reserved(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" { // only local addresses have one
		return true
	}
	a = a.Unmap()
	for _, x := range append(Embedded(a), a) {
		if slices.ContainsFunc(reserved(), func(p netip.Prefix) bool { return p.Contains(x) }) {
			return true
		}
	}
	return false
}

// reserved lists what nothing opens. Link-local networks hold the metadata
// services of AWS, Google, Azure, Huawei, Tencent, Oracle, OpenStack and most
// others (169.254.169.254, 169.254.0.23, 169.254.170.2); the rest are those
// that clouds put elsewhere, as their documentation names them.
func reserved() []netip.Prefix {
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

// Embedded returns the addresses of IPv4 that one of IPv6 leads to: compatible
// (RFC 4291), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380)
// and ISATAP (RFC 5214).
func Embedded(a netip.Addr) []netip.Addr {
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
