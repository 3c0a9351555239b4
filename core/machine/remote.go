package machine

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxReply bounds what a server may answer, in bytes.
const maxReply = 8 << 20

// Remote is a running server, spoken to as a program does: with an API key.
type Remote struct {
	URL string // of the server, without a path
	Key string
}

// refusal is an answer of the API that is none.
type refusal struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// Call sends a request below /api/v1 and reads the answer into into, which may
// be nil. in is sent as JSON; nil sends nothing. The error is a sentence for who
// typed the command.
func (r Remote) Call(ctx context.Context, method, path string, in, into any) error {
	base, err := url.Parse(r.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return fmt.Errorf("%q is not the address of a server, such as https://help.example.com: set --url or PATCHBAY_URL", r.URL)
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(r.URL, "/")+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.Key)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{
		Timeout:   2 * time.Minute, // an upgrade waits for the new version
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it sends elsewhere: give the address of the server itself")
		},
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s does not answer: %s", base.Host, plain(err))
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil {
		return fmt.Errorf("%s broke off its answer: %w", base.Host, err)
	}
	if res.StatusCode/100 != 2 {
		return said(base.Host, res.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s answers, but not as Patchbay does: is that its address?", base.Host)
	}
	return nil
}

// said words an answer that is none.
func said(host string, status int, text []byte) error {
	var p refusal
	if json.Unmarshal(text, &p) != nil || p.Code == "" {
		return fmt.Errorf("%s answers %d, and not as Patchbay does: is that its address?", host, status)
	}
	sentence := p.Detail
	if sentence == "" {
		sentence = p.Title
	}
	switch status {
	case http.StatusUnauthorized:
		return fmt.Errorf("%s does not take the key: make one under Settings › API keys, and set --key or PATCHBAY_KEY. (%s)", host, p.Code)
	case http.StatusForbidden:
		return fmt.Errorf("the key may not do that: it needs the scope plugin.manage, for lists plugin.read. (%s)", p.Code)
	}
	return fmt.Errorf("%s (%s)", sentence, p.Code)
}
