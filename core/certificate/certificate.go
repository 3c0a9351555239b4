// Package certificate is who we are over TLS: a certificate in files, read
// again when they change, or one that an authority gives by ACME (RFC 8555).
//
// Concurrency: everything here is safe for concurrent use.
package certificate

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// State is how a certificate fares.
type State struct {
	Expires time.Time // zero = there is none yet
	Fault   string    // what is wrong and what to do; "" = nothing
}

// Source gives certificates.
type Source interface {
	// Config is TLS as we speak it.
	Config() *tls.Config
	// State looks at the certificate now.
	State() State
	// Challenges answers what an authority asks over plain HTTP, and leaves the
	// rest to next.
	Challenges(next http.Handler) http.Handler
}

// modern is TLS 1.2 with forward secrecy and authenticated encryption, and 1.3.
// Only HTTP/1.1 is offered: that is what the server behind speaks.
func modern(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: get,
		NextProtos:     append([]string{"http/1.1"}, protocols...),
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are Go's
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
}

// Listen speaks TLS on a listener. Handshakes are made when a connection is
// first read from, so that a slow one holds nobody else up.
func Listen(l net.Listener, s Source) net.Listener { return tls.NewListener(l, s.Config()) }
