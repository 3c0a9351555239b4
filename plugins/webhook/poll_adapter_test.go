package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel/channeltest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// TestPolledAdapter is the contract of all channels for a system that is asked.
func TestPolledAdapter(t *testing.T) {
	channeltest.RunAdapter(t, channeltest.Adapter{
		Plugin: hasty(), Program: plugintest.Build(t, "."),
		FarSide: func(t *testing.T) (channeltest.FarSide, instance.Instance) {
			t.Helper()
			far := newListing(t)
			return far, far.inbox(t, map[string]any{})
		},
	})
}

// hasty is the plugin in a hurry: nobody waits for a test.
func hasty() sdk.Plugin {
	return opened(func(env sdk.Env) *plugin {
		p := newPlugin(env, time.Now)
		p.fast = 20 * time.Millisecond
		return p
	})
}

// inbox connects to the list, with other settings on top of the usual ones.
func (l *listing) inbox(t *testing.T, other map[string]any) instance.Instance {
	t.Helper()
	config := map[string]any{
		"receive": "polled", "poll_every_s": 10, "poll_url": "/list?after={{cursor}}&limit=3", "poll_items": "/rows", "poll_cursor_at": "n", "poll_start": "0",
		"url": l.url, "templates_url": l.url + "/templates", "send_key": true, "answer_id": "/id", "acts": []string{"edit", "recall", "typing", "read"},
		"shape": "mapped", "map_id": "id", "map_sender": "who.id", "map_text": "text", "map_files": "file",
	}
	maps.Copy(config, other)
	config["poll_url"] = l.url + fmt.Sprint(config["poll_url"])
	encoded, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return instance.Instance{Config: encoded, Secrets: instance.Secrets{"/authorization": listingToken}}
}

const listingToken = "Bearer the-token-of-the-list"

// row is a message as the listing system has it.
type row struct {
	N    int            `json:"n"`
	ID   string         `json:"id"`
	Who  map[string]any `json:"who"`
	Text string         `json:"text"`
	File string         `json:"file,omitempty"`
	Dir  string         `json:"dir,omitempty"`
}

// listing is a system that calls nobody: what its customers write stands in a
// list. It takes answers as app does.
type listing struct {
	*app
	url string

	mu    sync.Mutex
	rows  []row
	files map[string][]byte
	asked int // requests for the list
	deny  int // a status to answer with; 0 = none
	wait  string
}

func newListing(t *testing.T) *listing {
	t.Helper()
	l := &listing{app: &app{keyed: true, keys: make(map[string]bool), has: make(map[string]channeltest.Got)}, files: make(map[string][]byte)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /list", l.list)
	mux.HandleFunc("GET /files/{name}", func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_, _ = w.Write(l.files[r.PathValue("name")])
	})
	mux.Handle("POST /", l.app)
	mux.Handle("GET /templates", l.app)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// list answers with the rows after a number, or with a page from the newest on.
func (l *listing) list(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	status := l.deny
	if r.Header.Get("Authorization") != listingToken {
		status = http.StatusUnauthorized
	}
	if status != 0 {
		w.Header().Set("Retry-After", l.wait)
		w.WriteHeader(status)
		return
	}
	query := r.URL.Query()
	limit, _ := strconv.Atoi(query.Get("limit"))
	page, _ := strconv.Atoi(query.Get("page"))
	after, _ := strconv.Atoi(query.Get("after"))
	rows := []row{}
	for i := range l.rows {
		if query.Get("order") == "newest" {
			i = len(l.rows) - 1 - i
		}
		if l.rows[i].N > after {
			rows = append(rows, l.rows[i])
		}
	}
	begin := min(max(page-1, 0)*limit, len(rows))
	rows = rows[begin:min(begin+limit, len(rows))]
	_ = json.NewEncoder(w).Encode(map[string]any{"rows": rows})
}

// add puts rows into the list.
func (l *listing) add(rows ...row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range rows {
		one.N = len(l.rows) + 1
		l.rows = append(l.rows, one)
	}
}

func (l *listing) behave(status int, wait string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deny, l.wait = status, wait
}

func (l *listing) requests() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

// Write implements channeltest.FarSide.
func (l *listing) Write(_ *testing.T, all ...channeltest.Said) ([]channeltest.Request, error) {
	for _, said := range all {
		if said.Unknown {
			return nil, channeltest.Absent("what the form does not map is told as refused")
		}
		one := row{ID: said.ID, Who: map[string]any{"id": said.From}, Text: said.Text}
		if said.File != nil {
			l.mu.Lock()
			name := fmt.Sprintf("%d.png", len(l.files))
			l.files[name] = said.File
			l.mu.Unlock()
			one.File = l.url + "/files/" + name
		}
		l.add(one)
	}
	return nil, nil
}

// Forge implements channeltest.FarSide.
func (l *listing) Forge(_ *testing.T, how channeltest.Forgery, said channeltest.Said) ([]channeltest.Request, error) {
	if how == channeltest.Stale {
		return nil, channeltest.Absent("without a secret nothing is signed")
	}
	r := l.request(said, time.Now(), strings.Repeat("guessed", 3)) // an inbox without a secret has a door that is shut
	if how == channeltest.Unsigned {
		delete(r.Header, "Patchbay-Signature")
	}
	return []channeltest.Request{r}, nil
}
