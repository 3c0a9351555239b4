// Package telegramrig is a Bot API server for tests that is as strict as
// Telegram's: the token in the path, the parameters of each method, lengths in
// UTF-16, sizes of files, who may be written to, one poller, webhooks with their
// secret, updates that are there until they are confirmed. What it knows of
// Telegram is from core.telegram.org/bots/api; it uses nothing of what it tests.
//
// Concurrency: safe for concurrent use.
package telegramrig

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server has bots.
type Server struct {
	URL string

	mu     sync.Mutex
	now    func() time.Time
	bots   map[string]*Bot // by token
	nextID int64
	faults map[string][]Fault // by method
	always Fault              // of all that send
	calls  map[string]int
	http   *http.Client // posts to webhooks
}

// New returns a server without bots; it is an http.Handler.
func New() *Server {
	return &Server{
		now:  time.Now,
		bots: make(map[string]*Bot), nextID: 1000, faults: make(map[string][]Fault), calls: make(map[string]int),
		http: &http.Client{Timeout: 10 * time.Second},
	}
}

// Start runs a server until the test ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := New()
	web := httptest.NewServer(s)
	s.URL = web.URL
	tb.Cleanup(func() {
		s.Close()
		web.CloseClientConnections()
		web.Close()
	})
	return s
}

// Close ends what waits: questions for updates, and posting.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bots {
		b.silence()
	}
}

// Fault is how the next call of a method fails.
type Fault struct {
	Status int    // the answer's; 0 = the call is done
	Body   string // of the answer; "" = Telegram's words for the status
	After  int    // retry_after of 429, in seconds
	Cut    bool   // the connection ends without an answer; with Status 0 after the call was done
	Words  string // of the failure; "" = the status's own
}

// Behave has all that bots send, edit and delete fail so from now on; the zero
// value ends that.
func (s *Server) Behave(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// Fail has the next calls of a method fail, one after the other.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// Calls is how often a method was called with a right token.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Pass moves the server's clock on.
func (s *Server) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	s.now = func() time.Time { return now().Add(d) }
}

// failure is an answer that is none of success.
type failure struct {
	status  int
	words   string
	after   int
	movedTo int64
}

func (f *failure) Error() string { return f.words }

func bad(words string) *failure {
	return &failure{status: http.StatusBadRequest, words: "Bad Request: " + words}
}

func forbiddenBy(words string) *failure {
	return &failure{status: http.StatusForbidden, words: "Forbidden: " + words}
}

var path = regexp.MustCompile(`^/bot([^/]*)/([A-Za-z]+)$`)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/file/bot") {
		s.serveFile(w, r)
		return
	}
	at := path.FindStringSubmatch(r.URL.Path)
	if at == nil || !regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`).MatchString(at[1]) {
		answer(w, nil, &failure{status: http.StatusNotFound, words: "Not Found"})
		return
	}
	s.mu.Lock()
	b := s.bots[at[1]]
	s.mu.Unlock()
	if b == nil {
		answer(w, nil, &failure{status: http.StatusUnauthorized, words: "Unauthorized"})
		return
	}
	p, err := readParams(w, r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.call(w, r, b, at[2], p)
}

// call does a method, unless a fault is in the way.
func (s *Server) call(w http.ResponseWriter, r *http.Request, b *Bot, method string, p params) {
	s.mu.Lock()
	s.calls[method]++
	var f Fault
	if strings.HasPrefix(method, "send") || strings.HasPrefix(method, "edit") || method == "deleteMessage" {
		f = s.always
	}
	if all := s.faults[method]; len(all) > 0 {
		f, s.faults[method] = all[0], all[1:]
	}
	s.mu.Unlock()
	switch {
	case f.Status != 0 && f.Cut:
		panic(http.ErrAbortHandler)
	case f.Status != 0 && f.Body != "":
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
		return
	case f.Status != 0:
		answer(w, nil, &failure{status: f.Status, words: cmp.Or(f.Words, http.StatusText(f.Status)), after: f.After})
		return
	}
	m, known := methods()[method]
	if !known {
		answer(w, nil, &failure{status: http.StatusNotFound, words: "Not Found"})
		return
	}
	result, err := b.do(r, m, p)
	if f.Cut {
		panic(http.ErrAbortHandler)
	}
	answer(w, result, err)
}

// method is one of the API.
type method struct {
	takes []string // parameters
	needs []string
	do    func(b *Bot, r *http.Request, p params) (any, *failure)
}

// do checks the parameters and does a method.
func (b *Bot) do(r *http.Request, m method, p params) (any, *failure) {
	for name := range p.values {
		if !slices.Contains(m.takes, name) && !slices.Contains(m.needs, name) {
			return nil, bad("there is no parameter " + name)
		}
	}
	for name := range p.files {
		if !slices.Contains(m.needs, name) {
			return nil, bad("there is no file " + name)
		}
	}
	for _, name := range m.needs {
		if _, file := p.files[name]; !file && p.values[name] == "" {
			if name == "text" {
				return nil, bad("message text is empty")
			}
			return nil, bad(name + " is empty")
		}
	}
	return m.do(b, r, p)
}

// answer writes an answer as Telegram does.
func answer(w http.ResponseWriter, result any, f *failure) {
	out := map[string]any{"ok": f == nil, "result": result}
	status := http.StatusOK
	if f != nil {
		status = f.status
		delete(out, "result")
		out["error_code"], out["description"] = f.status, f.words
		parameters := map[string]any{}
		if f.after > 0 {
			parameters["retry_after"] = f.after
			out["description"] = fmt.Sprintf("Too Many Requests: retry after %d", f.after)
		}
		if f.movedTo != 0 {
			parameters["migrate_to_chat_id"] = f.movedTo
		}
		if len(parameters) > 0 {
			out["parameters"] = parameters
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the client's to bear
}

// upload is a file in a request.
type upload struct {
	name string
	data []byte
}

// params are those of a request.
type params struct {
	values map[string]string // JSON where the API wants an object
	files  map[string]upload
}

// maxRequest is what Telegram takes of a request: a file of 50 MB.
const maxRequest = 50<<20 + 64<<10

func readParams(w http.ResponseWriter, r *http.Request) (params, *failure) {
	p := params{values: make(map[string]string), files: make(map[string]upload)}
	for name, values := range r.URL.Query() {
		p.values[name] = values[0]
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "multipart/form-data":
		return p, p.readForm(r)
	case "application/json":
		return p, p.readJSON(r)
	}
	return p, nil
}

// readForm reads fields and files.
func (p params) readForm(r *http.Request) *failure {
	reader, err := r.MultipartReader()
	if err != nil {
		return bad("the form cannot be read")
	}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) { // also where a form has nothing in it
			return nil
		}
		if err != nil {
			return tooLarge(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return tooLarge(err)
		}
		if part.FileName() != "" {
			p.files[part.FormName()] = upload{part.FileName(), data}
			continue
		}
		p.values[part.FormName()] = string(data)
	}
}

// readJSON reads the members of an object; what is no text stays JSON.
func (p params) readJSON(r *http.Request) *failure {
	var object map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
		return bad("the JSON cannot be read")
	}
	for name, raw := range object {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		p.values[name] = text
	}
	return nil
}

func tooLarge(err error) *failure {
	if strings.Contains(err.Error(), "too large") {
		return &failure{status: http.StatusRequestEntityTooLarge, words: "Request Entity Too Large"}
	}
	return bad("the form cannot be read")
}
