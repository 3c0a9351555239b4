package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// ServesTLS reports whether the process itself speaks TLS.
func (c Config) ServesTLS() bool { return c.TLS.CertFile != "" || len(c.TLS.ACME.Domains) > 0 }

func (c Config) checkTLS() error {
	t := c.TLS
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if (t.CertFile == "") != (t.KeyFile == "") {
		refuse("tls.cert_file and tls.key_file go together: give both or neither")
	}
	if t.CertFile != "" && len(t.ACME.Domains) > 0 {
		refuse("tls.cert_file and tls.acme.domains exclude each other: the certificate comes from files or from an authority")
	}
	if t.RedirectAddress != "" {
		if !c.ServesTLS() {
			refuse("tls.redirect_address needs tls.cert_file or tls.acme.domains: there is no https to redirect to")
		}
		if err := hostPort("tls.redirect_address", t.RedirectAddress); err != nil {
			wrong = append(wrong, err)
		}
		if t.RedirectAddress == c.Server.Address {
			refuse("tls.redirect_address %q is server.address: plain HTTP needs a port of its own, as a rule :80", t.RedirectAddress)
		}
	}
	for _, d := range t.ACME.Domains {
		if !isName(d) {
			refuse("tls.acme.domains: %q is not a name that an authority certifies over HTTP or TLS, such as help.example.com; wildcards and addresses are not", d)
		}
	}
	if u, err := url.Parse(t.ACME.DirectoryURL); len(t.ACME.Domains) > 0 && (err != nil || u.Scheme != "https" || u.Host == "") {
		refuse("tls.acme.directory_url %q is not an https address", t.ACME.DirectoryURL)
	}
	if c.ServesTLS() && strings.HasPrefix(c.Server.PublicURL, "http://") {
		refuse("server.public_url begins with http://, and this process speaks TLS: write https://")
	}
	return errors.Join(wrong...)
}

// isName reports whether a domain has at least two labels of letters, digits
// and dashes.
func isName(d string) bool {
	if _, err := netip.ParseAddr(d); err == nil || !strings.Contains(d, ".") || len(d) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.ToLower(d), ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func (c Config) checkMetrics() error {
	m := c.Metrics.Address
	if m == "" {
		return nil
	}
	if m == c.Server.Address || m == c.TLS.RedirectAddress {
		return fmt.Errorf("metrics.address %q is taken by the public server: give the metrics a port of their own, for example 127.0.0.1:9464", m)
	}
	return hostPort("metrics.address", m)
}

func hostPort(key, value string) error {
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		return fmt.Errorf("%s %q is not host:port", key, value)
	}
	return nil
}
