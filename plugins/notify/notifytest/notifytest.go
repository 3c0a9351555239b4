// Package notifytest has strict fakes of the robots that the plugin speaks to.
// They refuse what the platforms' documents say is refused, with the codes that
// stand there: wrong addresses and signatures, stale times, messages that are
// too large or malformed, mentions that would not work, too many in a minute.
package notifytest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// Robot is one robot of a group, or one webhook.
//
// Concurrency: safe for concurrent use.
type Robot struct {
	Server  string // where it is: http on this machine
	Webhook string // its address as the platform would show it
	Secret  string // its messages are signed with; "" = they are not

	judge func(r *Robot, req *http.Request, body []byte) answer

	mu       sync.Mutex
	now      func() time.Time
	keyword  string
	disabled bool
	faults   []Fault
	requests []time.Time // in the last minute
	muted    time.Time
	messages []Message
}

// Message is what a group was shown.
type Message struct {
	At       time.Time
	Text     string   // as it was written, with its markup
	Mentions []string // who is called
	Raw      []byte
}

// Fault is what goes wrong with one request.
type Fault uint8

// The faults.
const (
	Trouble Fault = iota + 1 // 503, and nothing is shown
	Cut                      // the connection ends before anything is shown
	Lost                     // it is shown, and the answer does not arrive
	Garbage                  // an answer that is none
)

// answer is what a request gets, and what the group is shown; nil = nothing.
type answer struct {
	status  int
	header  map[string]string
	body    string
	message *Message
}

func said(v any) answer {
	raw, err := json.Marshal(v)
	if err != nil {
		return answer{status: http.StatusInternalServerError}
	}
	return answer{status: http.StatusOK, header: map[string]string{"Content-Type": "application/json"}, body: string(raw)}
}

// open starts a robot.
func open(tb testing.TB, path, host, secret string, judge func(*Robot, *http.Request, []byte) answer) *Robot {
	tb.Helper()
	r := &Robot{Webhook: "https://" + host + path, Secret: secret, judge: judge, now: time.Now}
	server := httptest.NewServer(r)
	tb.Cleanup(server.Close)
	r.Server = server.URL
	return r
}

// ServeHTTP implements http.Handler.
func (r *Robot) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fault := Fault(0)
	if len(r.faults) > 0 {
		fault, r.faults = r.faults[0], r.faults[1:]
	}
	if fault == Trouble {
		http.Error(w, "upstream", http.StatusServiceUnavailable)
		return
	}
	if fault == Cut {
		panic(http.ErrAbortHandler)
	}
	a := r.judge(r, req, body)
	if a.message != nil {
		a.message.At, a.message.Raw = r.now(), body
		r.messages = append(r.messages, *a.message)
	}
	if fault == Lost {
		panic(http.ErrAbortHandler)
	}
	if fault == Garbage {
		a.body = "<html>"
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body) // who asked may be gone
}

// Messages are what the group was shown, the oldest first.
func (r *Robot) Messages() []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Message(nil), r.messages...)
}

// Fail has faults happen to the next requests, one to each.
func (r *Robot) Fail(faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, faults...)
}

// Disable turns the robot off, or on again.
func (r *Robot) Disable(off bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.disabled = off
}

// Keyword has the robot take only messages with a word.
func (r *Robot) Keyword(word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keyword = word
}

// Clock gives the robot another clock.
func (r *Robot) Clock(now func() time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

// tooOften counts a request, and reports whether there were more than most
// within a time. r.mu is held.
func (r *Robot) tooOften(most int, within time.Duration) bool {
	now := r.now()
	count := 1
	for _, t := range r.requests {
		if now.Sub(t) < within {
			count++
		}
	}
	return count > most
}

// counted writes a request down. r.mu is held.
func (r *Robot) counted() { r.requests = append(r.requests, r.now()) }

// malformed reports whether a request is not JSON in UTF-8, posted.
func malformed(req *http.Request, body []byte) bool {
	return req.Method != http.MethodPost || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") || !utf8.Valid(body) || !json.Valid(body)
}
