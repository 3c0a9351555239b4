// Package searchtest is the conformance suite of search.Index and an
// in-memory fake that passes it.
package searchtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/search"
)

// Fake keeps an index in memory. It is safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	spaces map[identity.WorkspaceID]*space
}

type space struct {
	position search.Position
	docs     map[search.Key]search.Document
}

// NewFake returns an empty Fake.
func NewFake() *Fake { return &Fake{spaces: make(map[identity.WorkspaceID]*space)} }

// Position implements search.Index.
func (f *Fake) Position(_ context.Context, w identity.WorkspaceID) (search.Position, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.spaces[w]; s != nil {
		return s.position, nil
	}
	return search.Position{}, nil
}

// Apply implements search.Index.
func (f *Fake) Apply(_ context.Context, w identity.WorkspaceID, b search.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.spaces[w]
	if s == nil {
		s = &space{docs: make(map[search.Key]search.Document)}
		f.spaces[w] = s
	}
	for _, k := range b.Remove {
		delete(s.docs, k)
	}
	for _, d := range b.Put {
		if _, there := s.docs[d.Key]; !there || d.Again || d.Kind != search.Message {
			s.docs[d.Key] = d
		}
	}
	s.position = b.Position
	return nil
}

// Forget implements search.Index.
func (f *Fake) Forget(_ context.Context, w identity.WorkspaceID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.spaces, w)
	return nil
}

// Find implements search.Index.
func (f *Fake) Find(_ context.Context, w identity.WorkspaceID, l search.Lookup) ([]search.Hit, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []search.Hit
	s := f.spaces[w]
	if s == nil || len(l.Needs) == 0 {
		return nil, nil
	}
	for k, d := range s.docs {
		h := search.Hit{ID: k.ID, Seq: k.Seq, Order: d.At.UnixMicro()}
		if k.Kind == l.Kind && has(d.Terms, l.Needs) && (l.After == nil || newer(*l.After, h) < 0) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, newer)
	return out[:min(len(out), l.Limit)], nil
}

func newer(a, b search.Hit) int {
	switch {
	case a.Order != b.Order:
		return int(max(min(b.Order-a.Order, 1), -1))
	case a.ID != b.ID:
		return strings.Compare(b.ID, a.ID)
	default:
		return int(b.Seq) - int(a.Seq)
	}
}

func has(terms []string, needs []search.Need) bool {
	for _, n := range needs {
		if !slices.ContainsFunc(terms, func(t string) bool { return t == n.Term || n.Prefix && strings.HasPrefix(t, n.Term) }) {
			return false
		}
	}
	return true
}

// Reset implements search.Index.
func (f *Fake) Reset(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.spaces)
	return nil
}

// Lead implements search.Index.
func (*Fake) Lead(context.Context) (bool, error) { return true, nil }

// Run runs the suite. open returns an empty index each time.
func Run(t *testing.T, open func(t *testing.T) search.Index) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, search.Index){
		"what is put is found":     testPut,
		"words, beginnings, Han":   testNeeds,
		"pages, the newest first":  testPages,
		"the same again":           testAgain,
		"changed and removed":      testChanged,
		"said otherwise":           testRevised,
		"tenants apart":            testTenants,
		"position and reset":       testReset,
		"a workspace forgotten":    testForget,
		"many in one step":         testMany,
		"words that are operators": testOperators,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

const ws = identity.WorkspaceID("wsp_1")

func at(n int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

func message(n int, text string) search.Document {
	return search.Document{Key: search.Key{Kind: search.Message, ID: fmt.Sprintf("cnv_%03d", n%7), Seq: uint64(n)}, At: at(n), Terms: search.Terms(text)}
}

func put(t *testing.T, x search.Index, w identity.WorkspaceID, docs ...search.Document) {
	t.Helper()
	if err := x.Apply(t.Context(), w, search.Batch{Put: docs, Position: search.Position{Feed: 1, Ready: true}}); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, x search.Index, w identity.WorkspaceID, kind search.Kind, question string) []uint64 {
	t.Helper()
	hits, err := x.Find(t.Context(), w, search.Lookup{Kind: kind, Needs: search.ParseQuery(question).Needs, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	out := []uint64{}
	for _, h := range hits {
		out = append(out, h.Seq)
	}
	return out
}

func want(t *testing.T, what string, got []uint64, seqs ...uint64) {
	t.Helper()
	if !slices.Equal(got, seqs) {
		t.Errorf("%s finds %v, want %v", what, got, seqs)
	}
}

func testPut(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, "hello world"), message(2, "hello again"))
	want(t, "hello", find(t, x, ws, search.Message, "hello"), 2, 1)
	want(t, "hello world", find(t, x, ws, search.Message, "hello world"), 1)
	want(t, "bye", find(t, x, ws, search.Message, "bye"))
	want(t, "no question", find(t, x, ws, search.Message, "!?"))
	want(t, "a contact", find(t, x, ws, search.Contact, "hello"))
}

func testNeeds(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, "我要申请退款，订单号 PB-2026"), message(2, "退了款没有"), message(3, "Ärger mit der Rückzahlung"),
		message(4, "ＡＢＣ１２３ full width"), message(5, "メッセージを送る"), message(6, "配送"), message(7, "환불 요청"))
	for question, seqs := range map[string][]uint64{
		"退款": {1}, "申请退款": {1}, "退": {2, 1}, "款": {2, 1}, "送": {6, 5}, "pb": {1}, "2026": {1}, "202": {1}, "026 x": {},
		"arger": {3}, "ÄRGER": {3}, "ruckz": {3}, "ruckz ": {}, "abc123": {4}, "ａｂｃ": {4}, "メッセージ": {5}, "セー": {5}, "환불": {7},
	} {
		want(t, question, find(t, x, ws, search.Message, question), seqs...)
	}
}

func testPages(t *testing.T, x search.Index) {
	var docs []search.Document
	for n := range 50 {
		d := message(n+1, "same word")
		d.At = at((n * 17 % 50) / 3) // several at one instant
		docs = append(docs, d)
	}
	put(t, x, ws, docs...)
	var seen []search.Hit
	for after := (*search.Hit)(nil); ; {
		hits, err := x.Find(t.Context(), ws, search.Lookup{Kind: search.Message, Needs: []search.Need{{Term: "word"}}, After: after, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, hits...)
		if len(hits) < 7 {
			break
		}
		after = &hits[6]
	}
	if len(seen) != 50 || !slices.IsSortedFunc(seen, func(a, b search.Hit) int { return int(max(min(b.Order-a.Order, 1), -1)) }) {
		t.Errorf("%d of 50 are found, in order %v", len(seen), seen)
	}
	unique := make(map[uint64]bool)
	for _, h := range seen {
		unique[h.Seq] = true
	}
	if len(unique) != 50 {
		t.Errorf("only %d of 50 are different", len(unique))
	}
}

func testAgain(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, "once"))
	put(t, x, ws, message(1, "once"), message(2, "once"))
	want(t, "once", find(t, x, ws, search.Message, "once"), 2, 1)
}

func testChanged(t *testing.T, x search.Index) {
	thing := func(kind search.Kind, text string) search.Document {
		return search.Document{Key: search.Key{Kind: kind, ID: "id_1"}, At: at(1), Terms: search.Terms(text)}
	}
	put(t, x, ws, thing(search.Contact, "Li Ming"), thing(search.Conversation, "Li Ming"))
	put(t, x, ws, thing(search.Contact, "王芳"))
	want(t, "the name before", find(t, x, ws, search.Contact, "Ming"))
	want(t, "the name now", find(t, x, ws, search.Contact, "王芳"), 0)
	want(t, "the conversation", find(t, x, ws, search.Conversation, "li min"), 0)
	err := x.Apply(t.Context(), ws, search.Batch{Remove: []search.Key{{Kind: search.Contact, ID: "id_1"}, {Kind: search.Contact, ID: "unknown"}}})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "what was removed", find(t, x, ws, search.Contact, "王芳"))
	want(t, "what was not", find(t, x, ws, search.Conversation, "li"), 0)
	put(t, x, ws, thing(search.Contact, "back again"))
	want(t, "what is back", find(t, x, ws, search.Contact, "back"), 0)
}

func testRevised(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, "the kettle"), message(2, "the kettle"))
	for _, text := range []string{"a 茶壶 and a teapot", "a lid"} {
		d := message(1, text)
		d.Again = true
		put(t, x, ws, d)
	}
	fresh := message(3, "a teapot")
	fresh.Again = true // it was never put: nothing is lost by that
	put(t, x, ws, fresh)
	want(t, "the words now", find(t, x, ws, search.Message, "lid"), 1)
	want(t, "the message beside", find(t, x, ws, search.Message, "kettle")[:1], 2)
	want(t, "one that came so", find(t, x, ws, search.Message, "teapot")[:1], 3)
	put(t, x, ws, message(4, "a lid"))
	want(t, "what came after", find(t, x, ws, search.Message, "lid"), 4, 1)
}

func testTenants(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, "secret 退款"))
	put(t, x, "wsp_2", message(2, "other"))
	for _, question := range []string{"secret", "sec", "退款", "退"} {
		want(t, question+" from outside", find(t, x, "wsp_2", search.Message, question))
	}
	want(t, "a workspace nobody knows", find(t, x, "wsp_3", search.Message, "secret"))
}

func testReset(t *testing.T, x search.Index) {
	p := search.Position{Feed: 7, Scan: "message:cnv_1/5"}
	if err := x.Apply(t.Context(), ws, search.Batch{Put: []search.Document{message(1, "word")}, Position: p}); err != nil {
		t.Fatal(err)
	}
	if got, err := x.Position(t.Context(), ws); err != nil || got != p {
		t.Fatalf("the position is %+v, %v", got, err)
	}
	if lead, err := x.Lead(t.Context()); err != nil || !lead {
		t.Fatalf("the only node does not lead: %v", err)
	}
	if err := x.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := x.Position(t.Context(), ws); err != nil || got != (search.Position{}) {
		t.Fatalf("after a reset the position is %+v, %v", got, err)
	}
	want(t, "after a reset", find(t, x, ws, search.Message, "word"))
	put(t, x, ws, message(1, "word"))
	want(t, "when it is put again", find(t, x, ws, search.Message, "word"), 1)
}

func testForget(t *testing.T, x search.Index) {
	person := search.Document{Key: search.Key{Kind: search.Contact, ID: "con_1"}, At: at(1), Terms: search.Terms("王芳")}
	put(t, x, ws, message(1, "word"), message(2, "word"), person)
	put(t, x, "wsp_2", message(1, "word"), person)
	for range 2 { // the second time there is nothing to forget
		if err := x.Forget(t.Context(), ws); err != nil {
			t.Fatal(err)
		}
		if got, err := x.Position(t.Context(), ws); err != nil || got != (search.Position{}) {
			t.Fatalf("the position of one that is forgotten is %+v, %v", got, err)
		}
		want(t, "in one that is forgotten", find(t, x, ws, search.Message, "word"))
		want(t, "a person in it", find(t, x, ws, search.Contact, "王芳"))
	}
	want(t, "in another", find(t, x, "wsp_2", search.Message, "word"), 1)
	want(t, "a person in another", find(t, x, "wsp_2", search.Contact, "王芳"), 0)
	put(t, x, ws, message(3, "word"))
	want(t, "when it is filled again", find(t, x, ws, search.Message, "word"), 3)
	put(t, x, "wsp_4", message(4, "word"))
	want(t, "in a new one", find(t, x, "wsp_4", search.Message, "word"), 4)
}

func testMany(t *testing.T, x search.Index) {
	var docs []search.Document
	for n := range 1500 {
		docs = append(docs, message(n, fmt.Sprintf("all of them %d 共有的", n)))
	}
	put(t, x, ws, docs...)
	want(t, "one of many", find(t, x, ws, search.Message, "them 1234 共有"), 1234)
	if got := find(t, x, ws, search.Message, "共有"); len(got) != 100 || got[0] != 1499 {
		t.Errorf("the newest of many are %v", got)
	}
}

// testOperators asks for what databases take for words of their own.
func testOperators(t *testing.T, x search.Index) {
	put(t, x, ws, message(1, `AND OR NOT NEAR "quoted" it's a:b c* (d) | & ! <-> \ back`))
	for _, question := range []string{"AND", "or not", "NEAR", `"quoted"`, "it's", "a:b", "c*", "(d)", `\ back`, "| & ! back", "NOT near"} {
		want(t, question, find(t, x, ws, search.Message, question), 1)
	}
}
