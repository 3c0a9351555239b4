package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"

	"github.com/patchbay-im/patchbay/sdk/outbound/address"
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
func (g guard) control(network, target string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(target)
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
	if address.Reserved(a) {
		return fmt.Errorf("%w: it is link-local or serves metadata of a cloud", ErrRefused)
	}
	a = a.Unmap()
	for _, x := range address.Embedded(a) { // a tunnel leads where its inner address does
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
