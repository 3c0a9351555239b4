// Package connectortest is the conformance suite of connectors. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := connectortest.Subject{Manifest: manifest, Customers: customers}
//	t.Run("in process", func(t *testing.T) { subject.Open = connectortest.InProcess(newMine); connectortest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = connectortest.Process(t, "."); connectortest.Run(t, subject) })
package connectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Customers are customers, and the records of them. The far side is the
	// test's own: start a server, and point Config to it.
	Customers []Customer
	// Searches are what agents look for, and what they find.
	Searches []Search
	// Upserts are records to make or to change; each is made once.
	Upserts []Upsert
	// Activities are written down at a record that exists.
	Activities []Activity
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (connector.Connector, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Connector, err = newValue(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

func (s Subject) plugin() conformance.Plugin {
	return conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityConnector, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// Customer is a customer, by what the core knows of them.
type Customer struct {
	Name        string // in the test's output
	Emails      []string
	Phones      []string
	ExternalIDs []string
	Records     []string // "object id", in order
}

// Search is what an agent looks for.
type Search struct {
	Object  string
	Query   string
	Records []string // "object id", in order
}

// Upsert is a record to make, or with an id to change.
type Upsert struct {
	Object string
	ID     string
	Fields string // a JSON object
	Code   string // instead of a record: the code of the refusal
}

// Activity is something to write down.
type Activity struct {
	Object   string
	RecordID string
}

// Run runs the suite. What the connector's object types do not claim is not
// asked for.
func Run(t *testing.T, s Subject) {
	t.Helper()
	ask := func(r *conformance.Rig, id string) error {
		_, err := r.Connector.Lookup(r.Ctx(), &pluginv1.LookupRequest{InstanceId: id, Emails: []string{"nobody@example.com"}})
		return err
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "describes its objects", Run: describes},
		conformance.Case{Name: "knows customers", Run: func(r *conformance.Rig) { customers(r, s.Customers) }},
		conformance.Case{Name: "knows no strangers", Run: strangers},
		conformance.Case{Name: "searches", Run: func(r *conformance.Rig) { searches(r, s.Searches) }},
		conformance.Case{Name: "bears any search", Run: anySearch},
		conformance.Case{Name: "writes once", Run: func(r *conformance.Rig) { writes(r, s) }},
		conformance.Case{Name: "pulls to the end", Run: pulls},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

// objects returns the connector's object types by name.
func objects(r *conformance.Rig, locale string) map[string]*pluginv1.ObjectType {
	r.Helper()
	answer, err := r.Connector.DescribeObjects(r.Ctx(), &pluginv1.DescribeObjectsRequest{InstanceId: conformance.InstanceID, Locale: locale})
	if err != nil {
		r.Fatal(err)
	}
	out := make(map[string]*pluginv1.ObjectType)
	for _, o := range answer.GetObjects() {
		if out[o.GetName()] != nil {
			r.Errorf("the object %q is described twice", o.GetName())
		}
		out[o.GetName()] = o
	}
	return out
}

func describes(r *conformance.Rig) {
	for _, locale := range []string{"en", "zh-CN", "", "x-moon"} {
		all := objects(r, locale)
		if len(all) == 0 {
			r.Error("it describes nothing")
		}
		for name, o := range all {
			if name == "" || o.GetLabel() == "" {
				r.Errorf("an object without its name or its label: %v", o)
			}
			seen := make(map[string]bool)
			for _, f := range o.GetFields() {
				if f.GetName() == "" || f.GetLabel() == "" || f.GetType() == pluginv1.Field_TYPE_UNSPECIFIED || seen[f.GetName()] {
					r.Errorf("%s: a field without its name, label or type, or twice: %v", name, f)
				}
				seen[f.GetName()] = true
			}
		}
	}
}

// check checks that records are what the objects promise, and returns them as
// "object id".
func check(r *conformance.Rig, what string, records []*pluginv1.Record) []string {
	r.Helper()
	known := objects(r, "en")
	var out []string
	for _, record := range records {
		out = append(out, record.GetObject()+" "+record.GetId())
		o := known[record.GetObject()]
		if o == nil || record.GetId() == "" || record.GetTitle() == "" && !record.GetDeleted() {
			r.Errorf("%s: a record without its id or its title, or of no object that is described: %v", what, record)
			continue
		}
		if u, err := url.Parse(record.GetUrl()); record.GetUrl() != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http") {
			r.Errorf("%s: %q is no address", what, record.GetUrl())
		}
		var fields map[string]json.RawMessage
		if raw := record.GetFields(); len(raw) > 0 && json.Unmarshal(raw, &fields) != nil {
			r.Errorf("%s: the fields are no JSON object: %s", what, raw)
		}
		for name := range fields {
			if !slices.ContainsFunc(o.GetFields(), func(f *pluginv1.Field) bool { return f.GetName() == name }) {
				r.Errorf("%s: the field %q is not described", what, name)
			}
		}
	}
	return out
}

func customers(r *conformance.Rig, list []Customer) {
	for _, c := range list {
		answer, err := r.Connector.Lookup(r.Ctx(), &pluginv1.LookupRequest{
			InstanceId: conformance.InstanceID, ContactId: "con_1", Emails: c.Emails, Phones: c.Phones, ExternalIds: c.ExternalIDs,
		})
		if err != nil {
			r.Errorf("%s: %v", c.Name, err)
			continue
		}
		if got := check(r, c.Name, answer.GetRecords()); !slices.Equal(got, c.Records) {
			r.Errorf("%s: it finds %q, not %q", c.Name, got, c.Records)
		}
	}
}

// strangers are customers the far side does not know: nothing is found, and
// that is no error.
func strangers(r *conformance.Rig) {
	for _, req := range []*pluginv1.LookupRequest{
		{},
		{ContactId: "con_2"},
		{Emails: []string{"nobody@stranger.example"}},
		{Phones: []string{"+000"}},
		{ExternalIds: []string{"' OR 1=1 --", "%", "*"}},
		{Emails: []string{"", "\x00", strings.Repeat("a", 5000) + "@x.example"}},
	} {
		req.InstanceId = conformance.InstanceID
		answer, err := r.Connector.Lookup(r.Ctx(), req)
		if err != nil || len(answer.GetRecords()) > 0 {
			r.Errorf("%v: %v %v", req, answer.GetRecords(), err)
		}
	}
}

func search(r *conformance.Rig, object, query string) (*pluginv1.SearchResponse, error) {
	return r.Connector.Search(r.Ctx(), &pluginv1.SearchRequest{InstanceId: conformance.InstanceID, Object: object, Query: query, Limit: 10})
}

func searches(r *conformance.Rig, list []Search) {
	known := objects(r, "en")
	for _, s := range list {
		if !known[s.Object].GetSearch() {
			r.Errorf("%s: it does not claim to search", s.Object)
			continue
		}
		answer, err := search(r, s.Object, s.Query)
		if err != nil {
			r.Errorf("%q: %v", s.Query, err)
			continue
		}
		if got := check(r, s.Query, answer.GetRecords()); !slices.Equal(got, s.Records) {
			r.Errorf("%q: it finds %q, not %q", s.Query, got, s.Records)
		}
	}
}

func anySearch(r *conformance.Rig) {
	for name, o := range objects(r, "en") {
		if !o.GetSearch() {
			continue
		}
		for _, query := range conformance.HardTexts() {
			_, err := search(r, name, query)
			r.NoFault(fmt.Sprintf("%s, %.20q", name, query), err)
		}
	}
}

// writes repeats each write under one key: there is one record, one activity.
func writes(r *conformance.Rig, s Subject) {
	for i, u := range s.Upserts {
		req := &pluginv1.UpsertRequest{
			InstanceId: conformance.InstanceID, IdempotencyKey: fmt.Sprintf("key-%d", i),
			Record: &pluginv1.Record{Object: u.Object, Id: u.ID, Fields: []byte(conformance.Or(u.Fields, "{}"))},
		}
		first, firstErr := r.Connector.Upsert(r.Ctx(), req)
		again, err := r.Connector.Upsert(r.Ctx(), req)
		if err := errors.Join(firstErr, err); err != nil {
			r.Errorf("%s: %v", u.Object, err)
			continue
		}
		if u.Code != "" {
			if first.GetResult().GetOutcome() != pluginv1.Outcome_OUTCOME_REJECTED || first.GetResult().GetCode() != u.Code {
				r.Errorf("%s: it is not refused with %s: %v", u.Object, u.Code, first.GetResult())
			}
			continue
		}
		if err := errors.Join(conformance.ErrorOf(first.GetResult()), conformance.ErrorOf(again.GetResult())); err != nil {
			r.Errorf("%s: %v", u.Object, err)
			continue
		}
		check(r, u.Object, []*pluginv1.Record{first.GetRecord(), again.GetRecord()})
		if first.GetRecord().GetId() != again.GetRecord().GetId() {
			r.Errorf("%s: the record is %s, written again with the same key %s", u.Object, first.GetRecord().GetId(), again.GetRecord().GetId())
		}
	}
	for i, a := range s.Activities {
		req := &pluginv1.AddActivityRequest{
			InstanceId: conformance.InstanceID, IdempotencyKey: fmt.Sprintf("activity-%d", i), Object: a.Object, RecordId: a.RecordID,
			Subject: "A conversation", Text: "Summary · 摘要 🙂\nsecond line", Url: "https://desk.example/c/1",
		}
		first, firstErr := r.Connector.AddActivity(r.Ctx(), req)
		again, err := r.Connector.AddActivity(r.Ctx(), req)
		if err := errors.Join(firstErr, err, conformance.ErrorOf(first.GetResult()), conformance.ErrorOf(again.GetResult())); err != nil {
			r.Errorf("%s %s: %v", a.Object, a.RecordID, err)
		}
		if first.GetId() != again.GetId() {
			r.Errorf("%s %s: the activity is %q, written again with the same key %q", a.Object, a.RecordID, first.GetId(), again.GetId())
		}
	}
}

// pages bounds how long pulling may go on.
const pages = 1000

// pulls asks for every object to its end: the same cursor gives the same page, and
// the end stays the end.
func pulls(r *conformance.Rig) {
	for name, o := range objects(r, "en") {
		if !o.GetPull() {
			continue
		}
		req := &pluginv1.PullChangesRequest{InstanceId: conformance.InstanceID, Object: name}
		for page := range pages + 1 {
			if page == pages {
				r.Fatalf("%s: after %d pages there is no end", name, pages)
			}
			answer, err := r.Connector.PullChanges(r.Ctx(), req)
			if err != nil {
				r.Fatalf("%s: %v", name, err)
			}
			if again, err := r.Connector.PullChanges(r.Ctx(), req); page == 0 && (err != nil || !proto.Equal(answer, again)) {
				r.Errorf("%s: the same cursor gives another page: %v %v", name, again, err)
			}
			check(r, name, answer.GetRecords())
			req.Cursor = answer.GetCursor()
			if !answer.GetMore() {
				break
			}
		}
		if last, err := r.Connector.PullChanges(r.Ctx(), req); err != nil || last.GetMore() {
			r.Errorf("%s: after the end there is more: %v", name, err)
		}
	}
}
