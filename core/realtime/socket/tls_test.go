package socket_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// TestTLS: a TLS connection takes the portable form by itself, since the
// kernel sees nothing but ciphertext.
func TestTLS(t *testing.T) {
	s := serve(t, socket.Options{}, socket.Rate{}, echo)
	client, server := tcpPair(t)
	secure := tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS13})
	plain := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	s.take(secure, nil, echo)
	p := await(t, s.peers, "the connection")
	c := &rawClient{t: t, nc: plain, r: bufioReader(plain)}
	c.write(text("secret"))
	_, got, _ := c.frame()
	equal(t, string(got), "secret")
	p.conn.Close(1012, "restart")
	op, _, _ := c.frame()
	equal(t, op, ws.OpClose)
	_ = client.Close()
	equal(t, await(t, p.closed, "the end"), 1012)
}

// TestPipe: a connection that is no socket at all.
func TestPipe(t *testing.T) {
	s := serve(t, socket.Options{}, socket.Rate{}, echo)
	client, server := net.Pipe()
	s.take(server, nil, echo)
	p := await(t, s.peers, "the connection")
	c := &rawClient{t: t, nc: client, r: bufioReader(client)}
	c.write(text("through a pipe"))
	_, got, _ := c.frame()
	equal(t, string(got), "through a pipe")
	_ = client.Close()
	equal(t, await(t, p.closed, "the end"), socket.CodeAbnormal)
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
