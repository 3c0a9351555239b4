package identity

import (
	"net/netip"
	"strings"
)

// Client is where a request comes from.
type Client struct {
	Address   string // IP address, with or without a port
	UserAgent string
	Via       string // id of the session or API key the request came by; "" = none
	Mark      string // of SignedIn, which the browser kept; "" = none
}

// maxUserAgent is how many bytes of a user agent are kept.
const maxUserAgent = 256

// ip returns the address without port and zone; the zero Addr when it is none.
func (c Client) ip() netip.Addr {
	address, err := netip.ParseAddr(c.Address)
	if err != nil {
		port, err := netip.ParseAddrPort(c.Address)
		if err != nil {
			return netip.Addr{}
		}
		address = port.Addr()
	}
	return address.Unmap().WithZone("")
}

// network returns the network that guessing is counted by.
func (c Client) network() string {
	address := c.ip()
	bits := 64
	if address.Is4() {
		bits = 24
	}
	prefix, err := address.Prefix(bits)
	if err != nil || !address.IsValid() {
		return "unknown"
	}
	return prefix.String()
}

// region returns the larger network around it, as registries give them away: of
// a flood from ever new networks most share few of these.
func (c Client) region() string {
	address := c.ip()
	bits := 32
	if address.Is4() {
		bits = 16
	}
	prefix, err := address.Prefix(bits)
	if err != nil || !address.IsValid() {
		return "unknown"
	}
	return prefix.String()
}

// address returns the address as it is stored.
func (c Client) address() string {
	if address := c.ip(); address.IsValid() {
		return address.String()
	}
	return ""
}

// userAgent returns the user agent as it is stored: bounded, valid UTF-8,
// without NUL.
func (c Client) userAgent() string {
	agent := c.UserAgent[:min(len(c.UserAgent), maxUserAgent)]
	return strings.ReplaceAll(strings.ToValidUTF8(agent, ""), "\x00", "")
}
