package httpapi

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// address returns the network address a request comes from. Behind trusted
// proxies that is the last one in X-Forwarded-For that is no trusted proxy's:
// each proxy appends whom it heard, and what stands before, the client may have
// written itself.
func (s *Server) address(c *fiber.Ctx) string {
	at, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return ""
	}
	at = at.Unmap()
	heard := strings.Split(string(bytes.Join(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), []byte(","))), ",")
	for _, hop := range slices.Backward(heard) {
		if !s.trusted(at) {
			break
		}
		before, ok := hopAddress(hop)
		if !ok {
			break
		}
		at = before
	}
	return at.String()
}

// trusted reports whether an address is a proxy's whose word counts.
func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// hopAddress reads one entry of X-Forwarded-For; some proxies add the port.
func hopAddress(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if a, err := netip.ParseAddr(hop); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(hop)
	return a.Addr().Unmap().WithZone(""), err == nil
}
