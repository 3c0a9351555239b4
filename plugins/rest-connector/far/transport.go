package far

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errForbidden says that an address is none that a system of record has.
var errForbidden = errors.New("the address is one that is not to be asked")

// NewHTTP returns the client that speaks to far sides. It follows no redirects
// and knows no proxies, so that it asks the configured host alone, and it does
// not connect to addresses where the machine's own cloud answers (link-local),
// to everybody (multicast, broadcast) or to nobody (unspecified), whatever a
// name resolves to. Private addresses and this machine's are allowed: that is
// where many systems of record are, and an administrator names them.
func NewHTTP() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Control: judge}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 30 * time.Second, IdleConnTimeout: time.Minute,
			MaxIdleConnsPerHost: 8, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// judge sees the address that is about to be connected to, after its name was
// resolved.
func judge(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !Allowed(to.Addr()) {
		return errForbidden
	}
	return nil
}

// Allowed reports whether an address may be asked.
func Allowed(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case !a.IsValid(), a.IsUnspecified(), a.IsMulticast(), a.IsLinkLocalUnicast(), a.IsInterfaceLocalMulticast():
		return false
	default:
		// Where clouds tell machines their keys beside 169.254.169.254.
		return a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && a != netip.AddrFrom4([4]byte{100, 100, 100, 200}) &&
			a != netip.MustParseAddr("fd00:ec2::254")
	}
}
