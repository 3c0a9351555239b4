package machine

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/system"
)

// How long a visit waits: for one answer, and for what comes through a socket.
const (
	visitTimeout  = 10 * time.Second
	socketTimeout = 6 * time.Second
	maxAnswer     = 64 << 10
	// trialPause is what the server waits before its last frame; see httpapi's trial.
	trialPause = 400 * time.Millisecond
)

// Visitor visits our own public address.
type Visitor struct {
	Base  string // without a slash at the end
	Trial string // path of the trial, with its pass
	Roots *x509.CertPool
	Now   func() time.Time
}

// answer is what the trial says; see httpapi's trialBody.
type answer struct {
	Patchbay bool   `json:"patchbay"`
	Arrived  bool   `json:"arrived"`
	Upgrade  bool   `json:"upgrade"`
	Opened   bool   `json:"opened"`
	Code     string `json:"code"`
	Host     string `json:"host"`
}

// Visit asks the address whether it leads to us, looks at its certificate, and
// opens a WebSocket. The second result is nil when the address does not lead here.
func (v Visitor) Visit(ctx context.Context) (system.Address, *system.Knock) {
	out := system.Address{URL: v.Base}
	u, err := url.Parse(v.Base)
	if err != nil {
		out.Fault = err.Error()
		return out, nil
	}
	if u.Scheme == "https" {
		v.certificate(ctx, u, &out)
	}
	a, err := v.ask(ctx)
	switch {
	case err != nil:
		out.Fault = plain(err)
		return out, nil
	case !a.Patchbay:
		out.Other = true
		return out, nil
	}
	knock := v.knock(ctx, u)
	if heard, err := v.ask(ctx); err == nil {
		knock.Arrived, knock.Upgrade, knock.Code, knock.HeardAs = heard.Arrived, heard.Upgrade, heard.Code, heard.Host
	}
	return out, &knock
}

// plain takes method and address away from an error of http.Client: the
// address holds a pass.
func plain(err error) string {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return err.Error()
}

// certificate looks at what a browser would see.
func (v Visitor) certificate(ctx context.Context, u *url.URL, out *system.Address) {
	conn, err := v.dialTLS(ctx, u)
	if err != nil {
		out.Fault = err.Error()
		return
	}
	defer conn.Close() //nolint:errcheck // only looked at
	seen := conn.ConnectionState().PeerCertificates
	if len(seen) == 0 {
		return
	}
	out.Expires, out.LongLife = seen[0].NotAfter, seen[0].NotAfter.Sub(seen[0].NotBefore)
	between := x509.NewCertPool()
	for _, c := range seen[1:] {
		between.AddCert(c)
	}
	_, err = seen[0].Verify(x509.VerifyOptions{DNSName: u.Hostname(), Roots: v.Roots, Intermediates: between, CurrentTime: v.Now()})
	if expired, ok := errors.AsType[x509.CertificateInvalidError](err); ok && expired.Reason == x509.Expired {
		return // said by Expires
	}
	if err != nil {
		out.Untrust = err.Error()
	}
}

// dialTLS connects without judging the certificate: certificate judges it.
func (v Visitor) dialTLS(ctx context.Context, u *url.URL) (*tls.Conn, error) {
	d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: visitTimeout}, Config: &tls.Config{
		ServerName: u.Hostname(), MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		InsecureSkipVerify: true, //nolint:gosec // certificate verifies it, and what is sent opens nothing
	}}
	conn, err := d.DialContext(ctx, "tcp", hostPort(u))
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil //nolint:forcetypeassert // tls.Dialer says so
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// ask asks the trial what it has heard.
func (v Visitor) ask(ctx context.Context) (answer, error) {
	var out answer
	client := &http.Client{
		Timeout: visitTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, //nolint:gosec // as above
		},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.Base+v.Trial, nil)
	if err != nil {
		return out, err
	}
	res, err := client.Do(r)
	if err != nil {
		return out, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return out, err
	}
	_ = json.Unmarshal(text, &out) // who answers otherwise is not us
	return out, nil
}

// knock opens a WebSocket and sees what comes through (RFC 6455).
func (v Visitor) knock(ctx context.Context, u *url.URL) system.Knock {
	out := system.Knock{URL: v.Base, WantedAs: u.Host}
	ctx, cancel := context.WithTimeout(ctx, socketTimeout)
	defer cancel()
	conn, err := v.dial(ctx, u)
	if err != nil {
		out.Fault = err.Error()
		return out
	}
	defer conn.Close() //nolint:errcheck // the trial is over
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	in, status, err := v.shake(conn, u)
	if err != nil {
		out.Fault = err.Error()
		return out
	}
	if status != http.StatusSwitchingProtocols {
		out.Fault = fmt.Sprintf("it answers %d instead of 101", status)
		return out
	}
	out.Opened = true
	out.Spoke, out.Late = v.listen(conn, in)
	return out
}

func (v Visitor) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	if u.Scheme == "https" {
		return v.dialTLS(ctx, u)
	}
	return (&net.Dialer{Timeout: visitTimeout}).DialContext(ctx, "tcp", hostPort(u))
}

func (v Visitor) shake(conn net.Conn, u *url.URL) (in *bufio.Reader, status int, err error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails: see crypto/rand
	_, err = fmt.Fprintf(conn, "GET %s/socket HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		v.Trial, u.Host, v.Base, base64.StdEncoding.EncodeToString(key))
	if err != nil {
		return nil, 0, err
	}
	in = bufio.NewReader(io.LimitReader(conn, maxAnswer))
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, 0, errors.New("the connection ended without an answer")
	}
	_ = res.Body.Close()
	return in, res.StatusCode, nil
}

// listen reads the three frames of the trial: the first comes at once, the
// second answers us, the last one comes after a pause.
func (v Visitor) listen(conn net.Conn, in *bufio.Reader) (spoke, late bool) {
	// "hi", masked with zeros as a client's frames must be.
	if _, err := conn.Write([]byte{0x81, 0x80 | 2, 0, 0, 0, 0, 'h', 'i'}); err != nil {
		return false, false
	}
	var at []time.Time
	for len(at) < 3 {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			return false, false
		}
		if _, err := io.CopyN(io.Discard, in, int64(head[1]&0x7f)); err != nil {
			return false, false
		}
		at = append(at, v.Now())
	}
	return true, at[2].Sub(at[0]) < trialPause/2
}

// Ask asks the running server at an address of this machine for what only it
// knows, with a pass. Nobody answering is an error.
func Ask(ctx context.Context, base, path, pass string, most int64) ([]byte, error) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, //nolint:gosec // it is this machine, by its address; the pass is good for two minutes and this question
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+pass)
	res, err := client.Do(r)
	if err != nil {
		return nil, errors.New(plain(err))
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %d", res.StatusCode)
	}
	return text, nil
}
