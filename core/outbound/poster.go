package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Poster implements webhook.Poster.
//
// Concurrency: safe for concurrent use.
type Poster struct {
	client *Client
	http   *http.Client
}

// NewPoster returns a Poster for a sink.
func NewPoster(c *Client, of Sink) *Poster { return &Poster{client: c, http: c.Direct(of)} }

// Check implements webhook.Poster.
func (p *Poster) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "webhook.url", "This is not an address like https://example.com/hook.")
	}
	if u.Fragment != "" {
		return errs.New(errs.Invalid, "webhook.url", "An address to send to has no part after #.")
	}
	if err := p.client.Check(u); err != nil {
		return errs.Wrap(err, errs.Invalid, "webhook.url", sentence(err))
	}
	return nil
}

// sentence is a refusal for people: "The address is refused: ..."
func sentence(err error) string {
	_, why, _ := strings.Cut(err.Error(), ErrRefused.Error())
	return "The address is refused" + why + "."
}

// Post implements webhook.Poster.
func (p *Poster) Post(ctx context.Context, address string, headers [][2]string, body []byte) webhook.Attempt {
	var a webhook.Attempt
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		a.Code, a.Detail = webhook.CodeRefused, "The address cannot be read."
		return a
	}
	for _, h := range headers {
		r.Header[http.CanonicalHeaderKey(h[0])] = []string{h[1]}
	}
	began := time.Now() //nolint:forbidigo // a duration, from the monotonic clock
	answer, err := p.http.Do(r)
	if err != nil {
		a.Took = time.Since(began)
		a.Code, a.Detail = Explain(err)
		return a
	}
	a.Status, a.Headers = answer.StatusCode, known(answer.Header)
	text, whole, err := Read(answer.Body, webhook.MaxAnswer)
	_ = answer.Body.Close() // what matters was read
	a.Took, a.Body, a.Cut = time.Since(began), string(text), !whole
	switch {
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		a.Code, a.Detail = Explain(err)
	case a.Status >= 300 && a.Status < 400:
		a.Code, a.Detail = webhook.CodeRedirect, "It answered with a redirect, which is not followed. Enter the address that it leads to."
	case a.Status < 200 || a.Status >= 300:
		a.Code, a.Detail = webhook.CodeStatus, "It answered "+answer.Status+"."
	}
	return a
}

// known returns the headers of an answer that help and carry no secret.
func known(h http.Header) [][2]string {
	var out [][2]string
	for _, name := range []string{"Content-Type", "Content-Length", "Date", "Server", "Retry-After", "X-Request-Id"} {
		if v := h.Get(name); v != "" {
			out = append(out, [2]string{name, v[:min(len(v), 200)]})
		}
	}
	return out
}

// Explain says what kept an answer from coming, for administrators, without
// what could tell the inside of a network.
func Explain(err error) (code, detail string) {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrRefused):
		return webhook.CodeRefused, sentence(err)
	case errors.As(err, &dns) && !dns.IsTimeout:
		return webhook.CodeName, "Its host name has no address."
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isTimeout(err):
		return webhook.CodeTimeout, "There was no answer in time."
	case errors.As(err, &record):
		return webhook.CodeTLS, "It does not speak TLS."
	case errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid) || errors.As(err, &verify):
		return webhook.CodeTLS, "Its certificate is not good for this address."
	default:
		return webhook.CodeConnect, "No connection could be made, or it broke."
	}
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
