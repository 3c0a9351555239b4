package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// maxRequest bounds what the provider reads of a request, in bytes.
const maxRequest = 8 << 20

// provider is a far side with HTTP: records that can be made and read, and one
// answer for everything else. It keeps a ledger of what it was told to do.
//
// Concurrency: safe for concurrent use.
type provider struct {
	*ledger
	spec   Provider
	url    string
	server *http.Server
	served chan struct{}

	mu   sync.Mutex
	rows map[string][]map[string]any // by the collection's path
	keys map[string]reply            // by our key
	last int
}

// reply is what a request got.
type reply struct {
	status int
	body   any
	made   string // the id in it; "" = a record's, or none
}

// firstID is above all small numbers of a request, so that an id is known again
// wherever it stands.
const firstID = 700_000

func newProvider(ctx context.Context, spec Provider) (*provider, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the provider: %w", err)
	}
	p := &provider{
		ledger: newLedger(), spec: spec, url: "http://" + listener.Addr().String(), served: make(chan struct{}),
		rows: make(map[string][]map[string]any), keys: make(map[string]reply), last: firstID,
	}
	for _, c := range spec.Collections {
		for _, row := range c.Rows {
			p.add(c.Path, row)
		}
	}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: budget}
	go func() {
		defer close(p.served)
		_ = p.server.Serve(listener) // until Close
	}()
	return p, nil
}

func (p *provider) close() error {
	p.behave(manner{}) // who hangs is let go
	err := p.server.Close()
	<-p.served
	return err
}

// ServeHTTP implements http.Handler.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return // the plugin went away
	}
	how, turn := p.manner()
	w.Header().Set("Date", now().Add(how.Clock).UTC().Format(http.TimeFormat))
	switch {
	case how.Hang:
		select {
		case <-turn:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler) // how net/http is told to cut a connection
	case how.Cut:
		panic(http.ErrAbortHandler) // how net/http is told to cut a connection
	case how.Garbage:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("\x00\xff{\"ok\":tr<html>")) // the client's to bear
		return
	case how.Status != 0:
		p.refuse(w, how)
		return
	}
	if !wait(r.Context(), how.Delay) {
		return
	}
	answer := p.answer(r, body)
	if how.Delay > 0 {
		w.Header().Set("Server-Timing", fmt.Sprintf("delay;dur=%d", how.Delay.Milliseconds()))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	if answer.body != nil {
		_ = json.NewEncoder(w).Encode(answer.body) // the client's to bear
	}
}

// wait waits for d; false when ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *provider) refuse(w http.ResponseWriter, how manner) {
	if how.RetryAfter > 0 {
		value := strconv.Itoa(int(how.RetryAfter.Seconds()))
		if how.Dated {
			value = now().Add(how.Clock + how.RetryAfter).UTC().Format(http.TimeFormat)
		}
		w.Header().Set("Retry-After", value)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(how.Status)
	_, _ = w.Write([]byte(`{"error":"the kit's provider says so"}`)) // the client's to bear
}

// answer does what a request asks for.
func (p *provider) answer(r *http.Request, body []byte) reply {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads {
		return p.read(r)
	}
	key := p.keyOf(r, body)
	came := farside.Arrival{Text: readable(r, body), Raw: r.Method + " " + r.URL.RequestURI() + "\n" + string(body)}
	p.mu.Lock()
	before, again := p.keys[key]
	p.mu.Unlock()
	if key != "" && again {
		came.Duplicate, came.Made = true, before.made
		p.note(came)
		return before
	}
	out := p.write(r, body)
	came.Made = out.made
	p.note(came)
	if key != "" {
		p.mu.Lock()
		p.keys[key] = out
		p.mu.Unlock()
	}
	return out
}

// readable is a request's body with its texts as they are, not as they were
// escaped on the way.
func readable(r *http.Request, body []byte) string {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if values, err := url.ParseQuery(string(body)); err == nil {
			var all []string
			for _, list := range values {
				all = append(all, list...)
			}
			return strings.Join(all, "\n")
		}
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&value) != nil || !errors.Is(d.Decode(new(any)), io.EOF) {
		return string(body)
	}
	var all []string
	collect(value, &all)
	return strings.Join(all, "\n")
}

// collect gathers the texts and numbers in a JSON value.
func collect(value any, into *[]string) {
	switch v := value.(type) {
	case string:
		*into = append(*into, v)
	case json.Number:
		*into = append(*into, v.String())
	case []any:
		for _, one := range v {
			collect(one, into)
		}
	case map[string]any:
		for _, one := range v {
			collect(one, into)
		}
	}
}

// keyOf is our key, where the provider knows requests by it.
func (p *provider) keyOf(r *http.Request, body []byte) string {
	if p.spec.KeyHeader != "" {
		return r.Header.Get(p.spec.KeyHeader)
	}
	if p.spec.KeyField == "" {
		return ""
	}
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return ""
	}
	key, _ := object[p.spec.KeyField].(string)
	return key
}

// collection finds whom a path is about; id is "" for all of them.
func (p *provider) collection(path string) (c Collection, id string, found bool) {
	for _, c := range p.spec.Collections {
		if path == c.Path {
			return c, "", true
		}
		if rest, ok := strings.CutPrefix(path, c.Path+"/"); ok {
			id, _, _ := strings.Cut(rest, "/")
			return c, id, true
		}
	}
	return Collection{}, "", false
}

func (p *provider) read(r *http.Request) reply {
	c, id, found := p.collection(r.URL.Path)
	if !found {
		return p.other(r.URL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []map[string]any{}
	for _, row := range p.rows[c.Path] {
		if id != "" && row["id"] == id {
			return reply{status: http.StatusOK, body: row}
		}
		if id == "" && fits(row, r.URL.Query()) {
			list = append(list, row)
		}
	}
	switch {
	case id != "":
		return reply{status: http.StatusNotFound, body: map[string]any{"error": "there is none"}}
	case c.Items == "":
		return reply{status: http.StatusOK, body: list}
	default:
		return reply{status: http.StatusOK, body: map[string]any{c.Items: list}}
	}
}

// fits reports whether a row has what a query asks for; what it has no member
// for does not choose.
func fits(row map[string]any, query url.Values) bool {
	for name, values := range query {
		if value, has := row[name]; has && fmt.Sprint(value) != values[0] {
			return false
		}
	}
	return true
}

func (p *provider) write(r *http.Request, body []byte) reply {
	c, id, found := p.collection(r.URL.Path)
	if !found {
		return p.other(r.URL)
	}
	var row map[string]any
	if err := json.Unmarshal(body, &row); err != nil {
		return reply{status: http.StatusBadRequest, body: map[string]any{"error": "no JSON object"}}
	}
	if id == "" {
		return reply{status: http.StatusCreated, body: p.add(c.Path, row)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, old := range p.rows[c.Path] {
		if old["id"] != id {
			continue
		}
		changed := maps.Clone(old)
		maps.Copy(changed, row)
		p.rows[c.Path][i] = changed
		return reply{status: http.StatusOK, body: changed}
	}
	return reply{status: http.StatusNotFound, body: map[string]any{"error": "there is none"}}
}

func (p *provider) add(path string, row map[string]any) map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := make(map[string]any, len(row)+2)
	maps.Copy(made, row)
	p.last++
	if made["id"] == nil {
		made["id"] = strconv.Itoa(p.last)
	}
	if made["updated_at"] == nil {
		made["updated_at"] = now().UTC().Format(time.RFC3339Nano)
	}
	p.rows[path] = append(p.rows[path], made)
	return made
}

// other is the answer to what no collection knows.
func (p *provider) other(asked *url.URL) reply {
	answer := p.spec.Answer
	if i := slices.IndexFunc(p.spec.Answers, func(a PathAnswer) bool { return a.fits(asked) }); i >= 0 {
		answer = p.spec.Answers[i].Answer
	}
	status := answer.Status
	if status == 0 {
		status = http.StatusOK
	}
	if answer.Body == nil {
		return reply{status: status, body: map[string]any{}}
	}
	p.mu.Lock()
	p.last++
	id := strconv.Itoa(p.last)
	p.mu.Unlock()
	return reply{status: status, body: json.RawMessage(jsonOf(answer.Body, "{}", `"{{number}}"`, id, "{{id}}", id)), made: id}
}

// fits reports whether a request gets the answer.
func (a PathAnswer) fits(asked *url.URL) bool {
	query := asked.Query()
	for name, value := range a.Query {
		if !query.Has(name) || query.Get(name) != value {
			return false
		}
	}
	return strings.HasSuffix(asked.Path, a.Path)
}
