// Package acmetest is a strict fake of a system of record: "Acme CRM", which the
// guide to mappings teaches with. It knows contacts and deals, refuses whatever
// its interface does not have, and can be made to fail.
package acmetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Token is what lets a program in.
const Token = "acme-token-of-tests"

// CRM is a running fake.
//
// Concurrency: safe for concurrent use.
type CRM struct {
	URL string

	mu       sync.Mutex
	rows     map[string][]map[string]any // by collection
	notes    []map[string]any
	noteKeys map[string]map[string]any
	next     int
	clock    time.Time
	requests []string
	intrude  func(http.ResponseWriter, *http.Request) bool
	token    string
}

// New starts a fake.
func New(tb testing.TB) *CRM {
	tb.Helper()
	c := &CRM{
		rows: map[string][]map[string]any{"contacts": {}, "deals": {}}, noteKeys: map[string]map[string]any{}, next: 100,
		clock: time.Now().UTC().Truncate(time.Microsecond), token: Token,
	}
	s := httptest.NewServer(c)
	tb.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

// Add makes a row and returns its id.
func (c *CRM) Add(collection string, row map[string]any) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.add(collection, row)["id"].(string)
}

func (c *CRM) add(collection string, row map[string]any) map[string]any {
	c.next++
	out := maps.Clone(row)
	out["id"] = strconv.Itoa(c.next)
	c.touch(out)
	c.rows[collection] = append(c.rows[collection], out)
	return out
}

func (c *CRM) touch(row map[string]any) {
	c.clock = c.clock.Add(time.Millisecond)
	row["updated_at"] = c.clock.Format(time.RFC3339Nano)
}

// Change changes a row.
func (c *CRM) Change(collection, id string, values map[string]any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range c.rows[collection] {
		if row["id"] == id {
			maps.Copy(row, values)
			if values["updated_at"] == nil {
				c.touch(row)
			}
		}
	}
}

// Rows returns the rows of a collection.
func (c *CRM) Rows(collection string) []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []map[string]any
	for _, row := range c.rows[collection] {
		out = append(out, maps.Clone(row))
	}
	return out
}

// Notes returns the notes.
func (c *CRM) Notes() []map[string]any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.notes)
}

// Requests returns what was asked, "METHOD /path?query", in order.
func (c *CRM) Requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests)
}

// Intrude lets fn answer instead; it returns false to leave a request alone.
func (c *CRM) Intrude(fn func(http.ResponseWriter, *http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intrude = fn
}

// Revoke changes the token that lets programs in.
func (c *CRM) Revoke(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = token
}

// ServeHTTP implements http.Handler.
func (c *CRM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, r.Method+" "+r.URL.RequestURI())
	intrude, token := c.intrude, c.token
	c.mu.Unlock()
	if intrude != nil && intrude(w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		answer(w, http.StatusUnauthorized, map[string]any{"message": "Who are you?"})
		return
	}
	steps := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/"), "/")
	c.mu.Lock()
	defer c.mu.Unlock()
	collection, known := c.rows[steps[0]]
	switch {
	case !known || !strings.HasPrefix(r.URL.Path, "/api/"):
		answer(w, http.StatusNotFound, map[string]any{"message": "no such place"})
	case len(steps) == 1 && r.Method == http.MethodGet:
		list(w, r, steps[0], collection)
	case len(steps) == 1 && r.Method == http.MethodPost:
		c.create(w, r, steps[0])
	case len(steps) == 2:
		c.one(w, r, steps[0], steps[1])
	case len(steps) == 3 && steps[2] == "notes" && r.Method == http.MethodPost:
		c.note(w, r, steps[1])
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]any{"message": "not so"})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		return // the other side left
	}
}

// filters says what a list can be asked for.
func filters(collection string) []string {
	if collection == "deals" {
		return []string{"external_key", "contact_email", "q", "updated_since", "after_id", "sort", "per_page"}
	}
	return []string{"email", "phone", "q", "updated_since", "after_id", "sort", "per_page"}
}

func list(w http.ResponseWriter, r *http.Request, collection string, rows []map[string]any) {
	query := r.URL.Query()
	for name := range query {
		if !slices.Contains(filters(collection), name) || len(query[name]) != 1 {
			answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "there is no filter " + name})
			return
		}
	}
	since, err := time.Parse(time.RFC3339Nano, query.Get("updated_since"))
	if err != nil && query.Has("updated_since") {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "updated_since is no time"})
		return
	}
	out := []map[string]any{}
	for _, row := range rows {
		if fits(row, query, since) {
			out = append(out, row)
		}
	}
	if query.Get("sort") == "updated_at,id" {
		slices.SortFunc(out, func(a, b map[string]any) int {
			if n := updated(a).Compare(updated(b)); n != 0 {
				return n
			}
			return strings.Compare(a["id"].(string), b["id"].(string))
		})
	}
	size := 20
	if query.Has("per_page") {
		if size, err = strconv.Atoi(query.Get("per_page")); err != nil || size < 1 || size > 100 {
			answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "per_page is 1 to 100"})
			return
		}
	}
	answer(w, http.StatusOK, map[string]any{"data": out[:min(len(out), size)]})
}

func updated(row map[string]any) time.Time {
	at, err := time.Parse(time.RFC3339Nano, row["updated_at"].(string))
	if err != nil {
		return time.Time{}
	}
	return at
}

func fits(row map[string]any, query map[string][]string, since time.Time) bool {
	for name, values := range query {
		want := values[0]
		switch name {
		case "email", "contact_email":
			if !strings.EqualFold(fmt.Sprint(row[name]), want) {
				return false
			}
		case "phone", "external_key":
			if fmt.Sprint(row[name]) != want {
				return false
			}
		case "q":
			if !strings.Contains(fmt.Sprint(row["name"], row["title"], row["email"]), want) {
				return false
			}
		case "updated_since": // with after_id: strictly after the row that has both
			at, after := updated(row), query["after_id"]
			if at.Before(since) || after != nil && at.Equal(since) && row["id"].(string) <= after[0] {
				return false
			}
		}
	}
	return true
}

// members says what a row takes.
func members(collection string) []string {
	if collection == "deals" {
		return []string{"title", "contact_email", "external_key", "value"}
	}
	return []string{"name", "email", "phone", "vip", "balance"}
}

func (c *CRM) decode(w http.ResponseWriter, r *http.Request, allowed []string) (map[string]any, bool) {
	raw, err := io.ReadAll(r.Body)
	var body map[string]any
	if err != nil || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(raw, &body) != nil {
		answer(w, http.StatusBadRequest, map[string]any{"message": "no JSON object"})
		return nil, false
	}
	for name := range body {
		if !slices.Contains(allowed, name) {
			answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "there is no member " + name})
			return nil, false
		}
	}
	return body, true
}

func (c *CRM) create(w http.ResponseWriter, r *http.Request, collection string) {
	body, ok := c.decode(w, r, members(collection))
	if !ok {
		return
	}
	if body["name"] == nil && body["title"] == nil {
		answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "a name is required"})
		return
	}
	answer(w, http.StatusCreated, c.add(collection, body))
}

func (c *CRM) one(w http.ResponseWriter, r *http.Request, collection, id string) {
	i := slices.IndexFunc(c.rows[collection], func(row map[string]any) bool { return row["id"] == id })
	switch {
	case i < 0:
		answer(w, http.StatusNotFound, map[string]any{"message": "gone"})
	case r.Method == http.MethodGet:
		answer(w, http.StatusOK, c.rows[collection][i])
	case r.Method == http.MethodPatch:
		if body, ok := c.decode(w, r, members(collection)); ok {
			maps.Copy(c.rows[collection][i], body)
			c.touch(c.rows[collection][i])
			answer(w, http.StatusOK, c.rows[collection][i])
		}
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]any{"message": "not so"})
	}
}

// note keeps a note; Acme knows the header Idempotency-Key.
func (c *CRM) note(w http.ResponseWriter, r *http.Request, record string) {
	body, ok := c.decode(w, r, []string{"title", "text", "link", "at"})
	if !ok {
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if old := c.noteKeys[key]; key != "" && old != nil {
		answer(w, http.StatusOK, old)
		return
	}
	c.next++
	body["id"], body["record"] = "n"+strconv.Itoa(c.next), record
	c.notes = append(c.notes, body)
	c.noteKeys[key] = body
	answer(w, http.StatusCreated, body)
}
