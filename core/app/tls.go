package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"github.com/patchbay-im/patchbay/core/certificate"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/system"
)

// acmeFolder keeps the account and the certificates of an authority.
func acmeFolder(c Config) string { return dataPath(c, filepath.Join("keys", "acme")) }

// ports are the listeners: one is public, the others may be absent.
type ports struct {
	public, redirect, metrics net.Listener
}

// listenAll listens on every address of the configuration.
func listenAll(ctx context.Context, c Config) (ports, error) {
	var p ports
	var err error
	if p.public, err = listen(ctx, c.Server.Address); err != nil {
		return p, err
	}
	if at := c.TLS.RedirectAddress; at != "" {
		if p.redirect, err = listenSide(ctx, "tls.redirect_address", at); err != nil {
			return p, errors.Join(err, p.close())
		}
	}
	if at := c.Metrics.Address; at != "" {
		if p.metrics, err = listenSide(ctx, "metrics.address", at); err != nil {
			return p, errors.Join(err, p.close())
		}
	}
	return p, nil
}

func listenSide(ctx context.Context, key, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s, the %s: %w. Stop the other program, or choose another address", address, key, err)
	}
	return l, nil
}

// close is harmless for what is closed already.
func (p ports) close() error {
	var err error
	for _, l := range []net.Listener{p.public, p.redirect, p.metrics} {
		if l == nil {
			continue
		}
		if e := l.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// openTLS reads the certificate, or prepares to get one.
func (s *server) openTLS() error {
	t := s.config.TLS
	switch {
	case t.CertFile != "":
		f, err := certificate.OpenFiles(t.CertFile, t.KeyFile, s.now, s.log)
		if err != nil {
			return err //nolint:wrapcheck // it names the cure
		}
		if at := f.State().Expires; s.now().After(at) {
			s.log.Error("the certificate of tls.cert_file has expired: browsers refuse it", "expired_at", at)
		}
		s.certificate = f
	case len(t.ACME.Domains) > 0:
		a, err := certificate.NewAuthority(certificate.Options{
			Domains: t.ACME.Domains, Email: t.ACME.Email, Directory: t.ACME.DirectoryURL, Folder: acmeFolder(s.config),
			Client: s.out.HTTP(outbound.ACME), Version: s.options.Version, Now: s.now, Log: s.log,
		})
		if err != nil {
			return err //nolint:wrapcheck // it names the folder
		}
		s.certificate, s.authority = a, a
	}
	return nil
}

// openSides makes the servers beside the public one.
func (s *server) openSides() error {
	if s.config.Metrics.Address != "" {
		s.metricsSide = httpapi.NewMetricsSide(s.metrics.Text, s.log)
	}
	if s.config.TLS.RedirectAddress == "" {
		return nil
	}
	var err error
	s.redirectSide, err = httpapi.NewRedirectSide(s.config.BaseURL(), func(next http.Handler) http.Handler { return s.certificate.Challenges(next) }, s.log)
	return err //nolint:wrapcheck // httpapi's own sentence
}

// faceTo is the public listener as people meet it.
func (s *server) faceTo(l net.Listener) net.Listener {
	if s.certificate == nil {
		return l
	}
	return certificate.Listen(l, s.certificate)
}

// restingCertificate looks at the certificate when there is no server.
func restingCertificate(c Config) (state certificate.State) {
	switch {
	case c.TLS.CertFile != "":
		pair, err := certificate.Load(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return certificate.State{Fault: err.Error()}
		}
		return certificate.State{Expires: pair.Leaf.NotAfter}
	case len(c.TLS.ACME.Domains) > 0:
		state.Expires, _ = certificate.Kept(acmeFolder(c), c.TLS.ACME.Domains[0])
	}
	return state
}

// addressFacts adds what is known of the certificate without a visit.
func addressFacts(c Config, live *system.Live, a *system.Address) {
	state := restingCertificate(c)
	if live != nil {
		state.Fault = live.TLS
	}
	a.Config = state.Fault
	if a.Expires.IsZero() {
		a.Expires = state.Expires
	}
}
