package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// TestAdapter is the contract of all channels, with a system that recognises
// what comes twice and with one that does not.
func TestAdapter(t *testing.T) {
	program := plugintest.Build(t, ".")
	for _, keyed := range []bool{true, false} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			channeltest.RunAdapter(t, channeltest.Adapter{
				Plugin: webhook(), Program: program,
				FarSide: func(t *testing.T) (channeltest.FarSide, instance.Instance) {
					app := &app{keyed: keyed, keys: make(map[string]bool), has: make(map[string]channeltest.Got)}
					server := httptest.NewServer(app)
					t.Cleanup(server.Close)
					return app, instance.Instance{
						Config:  json.RawMessage(fmt.Sprintf(`{"url":%q,"templates_url":%q,"send_key":%v,"answer_id":"/id","acts":["edit","recall","typing","read"]}`, server.URL, server.URL+"/templates", keyed)),
						Secrets: instance.Secrets{"/secret": testSecret},
					}
				},
			})
		})
	}
}

// app is the connected system.
type app struct {
	keyed bool

	mu   sync.Mutex
	how  channeltest.Behaviour
	got  []channeltest.Got
	has  map[string]channeltest.Got // by the id that it was given
	keys map[string]bool

	shown []channeltest.Shown

	prepared []channel.Template
	used     []channeltest.Used
}

// Prepare implements channeltest.Preparer.
func (a *app) Prepare(_ *testing.T, all ...channel.Template) []channel.Template {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.prepared = all
	return all
}

// Used implements channeltest.Preparer.
func (a *app) Used(*testing.T) []channeltest.Used {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.used)
}

// list answers with a page of two templates.
func (a *app) list(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.URL.Query().Get("after"))
	to := min(from+2, len(a.prepared))
	page := make([]any, 0, to-from)
	for _, t := range a.prepared[from:to] {
		page = append(page, asListed(t))
	}
	answer := map[string]any{"templates": page}
	if to < len(a.prepared) {
		answer["next"] = to
	}
	_ = json.NewEncoder(w).Encode(answer) // the client's to bear
}

// Has implements channeltest.Keeper.
func (a *app) Has(*testing.T) []channeltest.Got {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Values(a.has))
}

// Shown implements channeltest.Watcher.
func (a *app) Shown(*testing.T) []channeltest.Shown {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.shown)
}

// ServeHTTP implements http.Handler: what agents answer is posted here.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	refusals := map[channeltest.Behaviour]int{
		channeltest.Busy: http.StatusTooManyRequests, channeltest.Broken: http.StatusServiceUnavailable, channeltest.Refusing: http.StatusUnprocessableEntity,
	}
	if a.how == channeltest.Absentee {
		panic(http.ErrAbortHandler)
	}
	if status := refusals[a.how]; status != 0 {
		w.WriteHeader(status)
		return
	}
	if r.Method == http.MethodGet {
		a.list(w, r)
		return
	}
	var said struct {
		Type, Recipient, Text, Message string
		Template                       *channel.TemplateUse
	}
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		panic(http.ErrAbortHandler) // whoever wrote was killed
	}
	if kind := map[string]channel.SignalKind{"typing": channel.SignalTyping, "read": channel.SignalRead}[said.Type]; kind != 0 {
		a.shown = append(a.shown, channeltest.Shown{To: said.Recipient, Kind: kind, Target: said.Message})
		return
	}
	if said.Type == "edit" || said.Type == "recall" {
		a.change(w, said.Type == "recall", said.Message, said.Text)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	id := "far-" + key
	if !a.keyed || !a.keys[key] {
		a.keys[key] = true
		a.got = append(a.got, channeltest.Got{To: said.Recipient, Text: said.Text})
		a.has[id] = a.got[len(a.got)-1]
		if said.Template != nil {
			a.used = append(a.used, channeltest.Used{To: said.Recipient, TemplateUse: *said.Template})
		}
	}
	if a.how == channeltest.Speechless {
		panic(http.ErrAbortHandler)
	}
	_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
}

// change edits what a customer has, or takes it back.
func (a *app) change(w http.ResponseWriter, back bool, id, text string) {
	one, there := a.has[id]
	switch {
	case back:
		delete(a.has, id)
	case there:
		one.Text = text
		a.has[id] = one
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (*app) request(said channeltest.Said, at time.Time, secret string) channeltest.Request {
	message := map[string]any{"id": said.ID, "sender": map[string]string{"id": said.From}, "text": said.Text}
	if said.File != nil {
		message["files"] = []any{map[string]string{"base64": base64.StdEncoding.EncodeToString(said.File), "name": "picture.png"}}
	}
	body, err := json.Marshal(message)
	if err != nil {
		panic(err) // texts alone
	}
	out := channeltest.Request{Name: said.ID, Path: "/messages", Body: string(body), Header: map[string]string{"Content-Type": "application/json"}}
	for name, values := range (signature.Scheme{}).Sign(body, at, secret) {
		out.Header[name] = values[0]
	}
	return out
}

// Write implements channeltest.FarSide.
func (a *app) Write(_ *testing.T, said ...channeltest.Said) ([]channeltest.Request, error) {
	var out []channeltest.Request
	for _, one := range said {
		if one.Unknown {
			return nil, channeltest.Absent("what the guide does not know is refused, so that its author reads it")
		}
		out = append(out, a.request(one, time.Now(), testSecret))
	}
	return out, nil
}

// Forge implements channeltest.FarSide.
func (a *app) Forge(_ *testing.T, how channeltest.Forgery, said channeltest.Said) ([]channeltest.Request, error) {
	r := a.request(said, time.Now(), testSecret)
	switch how {
	case channeltest.Unsigned:
		delete(r.Header, signature.Header)
	case channeltest.WrongSigned:
		r = a.request(said, time.Now(), "guessed")
	case channeltest.Altered:
		r.Body = strings.Replace(r.Body, said.Text, said.Text+"!", 1)
	case channeltest.Stale:
		return []channeltest.Request{
			a.request(said, time.Now().Add(-6*time.Minute), testSecret),
			a.request(said, time.Now().Add(6*time.Minute), testSecret),
		}, nil
	}
	return []channeltest.Request{r}, nil
}

// Behave implements channeltest.FarSide.
func (a *app) Behave(_ *testing.T, how channeltest.Behaviour) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.how = how
	return nil
}

// Got implements channeltest.FarSide.
func (a *app) Got(*testing.T) []channeltest.Got {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]channeltest.Got(nil), a.got...)
}
