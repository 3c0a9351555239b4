package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/connector/connectortest"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
)

const manifest = `manifest_version: 1
id: test/subject
version: 1.0.0
name: {en: Subject}
summary: {en: A plugin to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [connector]
`

// subject is a CRM in memory.
type subject struct {
	fault string

	mu      sync.Mutex
	parties []connector.Record
	done    map[string]string
}

func newSubject(fault string) *subject {
	s := &subject{fault: fault, done: make(map[string]string)}
	for i := range 5 {
		s.parties = append(s.parties, s.record(i, "alice@example.com"))
	}
	return s
}

func (s *subject) record(i int, email string) connector.Record {
	fields := map[string]any{"email": email}
	if s.fault == "shows more" {
		fields["mood"] = "fine"
	}
	return connector.Record{Object: "party", ID: strconv.Itoa(i), Title: "Party " + strconv.Itoa(i), Fields: fields}
}

func (s *subject) DescribeObjects(_ context.Context, req connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	label := "Party"
	if s.fault == "speaks English" && req.Locale != "en" {
		label = ""
	}
	return connector.DescribeObjectsResponse{Objects: []connector.ObjectType{{
		Name: "party", Label: label, Fields: []connector.Field{{Name: "email", Label: "E-mail", Type: connector.Email, Writable: true}},
		Lookup: true, Search: true, Upsert: true, Activities: true, Pull: true,
	}}}, nil
}

func (s *subject) Lookup(_ context.Context, req connector.LookupRequest) (connector.LookupResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(req.Emails, "alice@example.com") {
		return connector.LookupResponse{Records: s.parties[:2]}, nil
	}
	if s.fault == "fails strangers" && len(req.Phones) > 0 {
		return connector.LookupResponse{}, errors.New("404")
	}
	return connector.LookupResponse{}, nil
}

func (s *subject) Search(_ context.Context, req connector.SearchRequest) (connector.SearchResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == "fails quotes" && strings.Contains(req.Query, "'") {
		return connector.SearchResponse{}, errors.New("syntax error")
	}
	var out connector.SearchResponse
	for _, p := range s.parties {
		if strings.Contains(p.Title, req.Query) && req.Query != "" && len(out.Records) < req.Limit && s.fault != "finds nothing" {
			out.Records = append(out.Records, p)
		}
	}
	return out, nil
}

func (s *subject) Upsert(_ context.Context, req connector.UpsertRequest) (connector.UpsertResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	email, _ := req.Record.Fields["email"].(string)
	if email == "" {
		return connector.UpsertResponse{}, errs.Reject("no_email", "An e-mail address, please.")
	}
	id, known := s.done[req.IdempotencyKey]
	if !known || s.fault == "writes twice" {
		id = strconv.Itoa(len(s.parties))
		i := len(s.parties)
		s.parties = append(s.parties, s.record(i, email))
		s.done[req.IdempotencyKey] = id
	}
	i, err := strconv.Atoi(id)
	return connector.UpsertResponse{Record: s.parties[i], Duplicate: known}, err
}

func (s *subject) AddActivity(_ context.Context, req connector.AddActivityRequest) (connector.AddActivityResponse, error) {
	return connector.AddActivityResponse{ID: "of " + req.IdempotencyKey}, nil
}

func (s *subject) PullChanges(_ context.Context, req connector.PullChangesRequest) (connector.PullChangesResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := strconv.Atoi(string(req.Cursor))
	if s.fault == "stands still" && at == 2 {
		return connector.PullChangesResponse{Cursor: []byte("2"), More: true}, nil
	}
	end := min(at+2, len(s.parties))
	return connector.PullChangesResponse{Records: s.parties[at:end], Cursor: fmt.Append(nil, end), More: end < len(s.parties)}, nil
}

func TestSubject(t *testing.T) {
	connectortest.Run(t, connectortest.Subject{
		Manifest: []byte(manifest),
		Open:     connectortest.InProcess(func(sdk.Env) (connector.Connector, error) { return newSubject(conformance.Fault()), nil }),
		Customers: []connectortest.Customer{
			{Name: "Alice", Emails: []string{"alice@example.com"}, Records: []string{"party 0", "party 1"}},
			{Name: "Bob", Emails: []string{"bob@example.com"}},
		},
		Searches:   []connectortest.Search{{Object: "party", Query: "Party 3", Records: []string{"party 3"}}},
		Upserts:    []connectortest.Upsert{{Object: "party", Fields: `{"email":"new@example.com"}`}, {Object: "party", Code: "no_email"}},
		Activities: []connectortest.Activity{{Object: "party", RecordID: "1"}},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"speaks English":  "describes its objects",
		"fails strangers": "knows no strangers",
		"finds nothing":   "searches",
		"fails quotes":    "bears any search",
		"writes twice":    "writes once",
		"stands still":    "pulls to the end",
	})
}
