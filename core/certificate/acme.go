package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Options of ACME.
type Options struct {
	Domains   []string
	Email     string // the authority writes to it; "" = to nobody
	Directory string // URL of the authority
	Folder    string // keeps account and certificates; made when it is not there
	Client    *http.Client
	Version   string
	Now       func() time.Time
	Log       *slog.Logger
}

// Authority gets certificates by ACME: the first at start, new ones before the
// old ones end (autocert: 30 days, or a third of a shorter life). It shows that
// the names are ours by TLS-ALPN-01 (RFC 8737) on the TLS port, or by HTTP-01
// on the plain one.
type Authority struct {
	o       Options
	manager *autocert.Manager

	mu     sync.Mutex
	faults map[string]string // by domain
}

// NewAuthority returns an Authority. Nothing is asked yet.
func NewAuthority(o Options) (*Authority, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of certificates: %w", err)
	}
	a := &Authority{o: o, faults: make(map[string]string)}
	a.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Folder), HostPolicy: autocert.HostWhitelist(o.Domains...), Email: o.Email,
		Client: &acme.Client{DirectoryURL: o.Directory, HTTPClient: o.Client, UserAgent: "Patchbay/" + o.Version},
	}
	return a, nil
}

// get gives the certificate of a name. A program that names no host, by
// address, is shown the first one.
func (a *Authority) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		named := *hello
		named.ServerName = a.o.Domains[0]
		hello = &named
	}
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	c, err := a.manager.GetCertificate(hello)
	if !a.ours(name) {
		return c, err // a stranger's name: no fault of ours
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch was := a.faults[name]; {
	case err == nil:
		delete(a.faults, name)
	case was != "" && strings.Contains(err.Error(), "missing certificate"): // autocert's own word for: not tried again yet
	case was != err.Error() && !errors.Is(err, context.Canceled):
		a.faults[name] = err.Error()
		a.o.Log.Warn("no certificate was got; it is tried again", "domain", name, "error", err)
	}
	return c, err
}

func (a *Authority) ours(name string) bool {
	for _, d := range a.o.Domains {
		if strings.EqualFold(d, name) {
			return true
		}
	}
	return false
}

// Config implements Source.
func (a *Authority) Config() *tls.Config { return modern(a.get, acme.ALPNProto) }

// Challenges implements Source. An authority that asks at another port than 80
// names it, and autocert knows names without ports only.
func (a *Authority) Challenges(next http.Handler) http.Handler {
	answer := a.manager.HTTPHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, _, err := net.SplitHostPort(r.Host); err == nil {
			named := *r
			named.Host = name
			r = &named
		}
		answer.ServeHTTP(w, r)
	})
}

// Fetch gets the certificates that are missing, until all are there or ctx
// ends, so that no visitor waits for one.
func (a *Authority) Fetch(ctx context.Context) {
	const again = time.Minute // the authority limits failed tries to some in an hour
	wait := time.NewTimer(0)
	defer wait.Stop()
	for tries := 1; ; tries++ {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		missing := 0
		for _, d := range a.o.Domains {
			hello := &tls.ClientHelloInfo{
				ServerName: d, SupportedVersions: []uint16{tls.VersionTLS13}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
				SupportedCurves: []tls.CurveID{tls.CurveP256}, SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			}
			if _, err := a.get(hello); err != nil {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		wait.Reset(min(time.Hour, time.Duration(tries)*again))
	}
}

// State implements Source: of the certificate that ends first.
func (a *Authority) State() State {
	var out State
	for _, d := range a.o.Domains {
		at, ok := Kept(a.o.Folder, d)
		if ok && (out.Expires.IsZero() || at.Before(out.Expires)) {
			out.Expires = at
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.o.Domains {
		if fault := a.faults[strings.ToLower(d)]; fault != "" {
			out.Fault = d + ": " + fault
			break
		}
	}
	return out
}

// Kept reports when the certificate of a domain in the folder ends; false when
// there is none yet.
func Kept(folder, domain string) (time.Time, bool) {
	text, err := os.ReadFile(folder + string(os.PathSeparator) + domain) //nolint:gosec // a domain of the configuration
	if err != nil {
		return time.Time{}, false
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, false
		}
		return c.NotAfter, true
	}
	return time.Time{}, false
}
