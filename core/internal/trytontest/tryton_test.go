package trytontest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/trytontest"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/presets"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// verbs is what the tests drive: the connector in this process, or one behind
// the wire.
type verbs interface {
	connector.Connector
	connector.Searcher
	connector.Upserter
	connector.ActivityKeeper
	connector.Puller
}

// TestTryton drives the connector with the mapping that ships against a real
// Tryton.
func TestTryton(t *testing.T) {
	if os.Getenv("PATCHBAY_TEST_TRYTON") == "" {
		t.Skip("make tryton runs this")
	}
	tryton := trytontest.Start(t)
	session, err := tryton.SignIn(t.Context(), trytontest.User, trytontest.Password)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("suite", func(t *testing.T) { suite(t, tryton, session) })
	t.Run("through the core", (&stage{tryton: tryton, session: session}).throughTheCore)
	t.Run("in process", func(t *testing.T) {
		s := &stage{tryton: tryton, session: session}
		s.open(t)
		s.run(t)
	})
}

// stage is a Tryton and a connector configured for it.
type stage struct {
	tryton  *trytontest.Tryton
	session *trytontest.Session
	url     string // of Tryton, or of what stands before it
	far     verbs
	in      instance.Instance
	wire    *wire
	crm     *crm.Connector
}

func (s *stage) open(t *testing.T) {
	t.Helper()
	shipped, err := presets.All()
	if err != nil {
		t.Fatal(err)
	}
	memory := crm.NewMemory(time.Now)
	if s.url == "" {
		s.url = s.tryton.URL
	}
	at, err := outbound.HostOf(s.url)
	if err != nil {
		t.Fatal(err)
	}
	client, err := outbound.New(outbound.Options{Configured: []string{at}})
	if err != nil {
		t.Fatal(err)
	}
	s.wire = &wire{client: client}
	s.crm, err = crm.New(crm.Surroundings{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: time.Now, Presets: shipped,
		Doer:  func(instance.Instance, outbound.Options) (far.Doer, error) { return s.wire, nil },
		Store: func(instance.Instance) crm.Store { return memory },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.far = s.crm
	s.configure(t, 1, trytontest.Password)
}

func (s *stage) configure(t *testing.T, revision uint64, password string) {
	t.Helper()
	config, err := json.Marshal(map[string]string{
		"preset": "tryton", "base_url": s.url, "database": s.tryton.Database, "username": trytontest.User, "country_code": "86",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.in = instance.Instance{ID: "pin_tryton", Config: config, Revision: revision, Secrets: instance.Secrets{"/password": password}}
	if _, err := s.crm.Configure(t.Context(), instance.ConfigureRequest{Instance: s.in}); err != nil {
		t.Fatal(err)
	}
}

// wire counts and can spoil what goes to Tryton.
type wire struct {
	client *outbound.Client

	mu    sync.Mutex
	calls map[string]int
	spoil func(*http.Request)
}

func (w *wire) Exchange(req *http.Request) (*outbound.Response, error) {
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	var said struct{ Method string }
	if err := json.NewDecoder(body).Decode(&said); err != nil {
		return nil, err
	}
	w.mu.Lock()
	if w.calls == nil {
		w.calls = map[string]int{}
	}
	w.calls[said.Method]++
	spoil := w.spoil
	w.mu.Unlock()
	if spoil != nil {
		spoil(req)
	}
	return w.client.Exchange(req)
}

func (w *wire) logins() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls["common.db.login"]
}

func (w *wire) spoiled(spoil func(*http.Request)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoil = spoil
}

func (s *stage) run(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"finds a party by its phone", s.findsByPhone},
		{"finds a party by its e-mail address", s.findsByEmail},
		{"searches", s.searches},
		{"makes a party, and finds it the second time", s.makesParty},
		{"makes a lead once", s.makesLead},
		{"writes a summary once", s.writesNote},
		{"pulls each change once", s.pulls},
		{"makes a lead once though the process is killed", s.survivesKill},
		{"says what Tryton refuses", s.refusals},
		{"signs in again when the session is gone", s.signsInAgain},
		{"goes on after a restart of the server", s.restarts},
		{"says that the password is wrong", s.wrongPassword},
	} {
		if !t.Run(test.name, test.run) {
			return
		}
	}
}

func (s *stage) call(t *testing.T, into any, method string, params ...any) {
	t.Helper()
	if err := s.session.Call(t.Context(), method, into, append(params, map[string]any{"company": 1})...); err != nil {
		t.Fatal(err)
	}
}

// party makes a party beside the plugin.
func (s *stage) party(t *testing.T, name string, mechanisms ...map[string]any) string {
	t.Helper()
	if mechanisms == nil {
		mechanisms = []map[string]any{}
	}
	var ids []int
	s.call(t, &ids, "model.party.party.create", []any{map[string]any{
		"name": name, "contact_mechanisms": []any{[]any{"create", mechanisms}},
	}})
	return strconv.Itoa(ids[0])
}

func (s *stage) findsByPhone(t *testing.T) {
	id := s.party(t, "李雷", map[string]any{"type": "mobile", "value": "+86 138-0013-8000"}, map[string]any{"type": "email", "value": "Li.Lei@Example.com"})
	var stored []struct {
		Compact string `json:"value_compact"`
	}
	s.call(t, &stored, "model.party.contact_mechanism.search_read", []any{[]any{"party", "=", json.Number(id)}, []any{"type", "=", "mobile"}}, 0, 1, nil, []any{"value_compact"})
	if len(stored) != 1 || stored[0].Compact != "+8613800138000" {
		t.Fatalf("Tryton keeps the number as %+v, want +8613800138000", stored)
	}
	for _, number := range []string{"+8613800138000", "+86 138 0013 8000", "13800138000"} {
		s.finds(t, connector.LookupRequest{Phones: []string{number}}, id, "李雷")
	}
	answer, err := s.far.Lookup(t.Context(), connector.LookupRequest{Instance: s.in, Phones: []string{"+8613800138001"}})
	if err != nil || len(answer.Records) > 0 {
		t.Errorf("a stranger's number found %v, %v", answer.Records, err)
	}
}

func (s *stage) finds(t *testing.T, req connector.LookupRequest, id, title string) {
	t.Helper()
	req.Instance = s.in
	began := time.Now()
	answer, err := s.far.Lookup(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Records) == 0 || answer.Records[0].ID != id || answer.Records[0].Title != title || answer.Records[0].Object != "party" {
		t.Fatalf("%v found %+v, want the party %s %s", req, answer.Records, id, title)
	}
	t.Logf("looked up in %s", time.Since(began).Round(time.Millisecond))
}

func (s *stage) findsByEmail(t *testing.T) {
	id := s.party(t, "韩_梅%梅 👋", map[string]any{"type": "email", "value": "mei_mei@example.com"})
	s.party(t, "another", map[string]any{"type": "email", "value": "meixmei@example.com"})
	for _, address := range []string{"mei_mei@example.com", "Mei_Mei@Example.COM"} {
		s.finds(t, connector.LookupRequest{Emails: []string{address}}, id, "韩_梅%梅 👋")
	}
	answer, err := s.far.Lookup(t.Context(), connector.LookupRequest{Instance: s.in, Emails: []string{"mei_mei@example.com"}})
	if err != nil || len(answer.Records) != 1 {
		t.Errorf("the underscore was taken for any letter: %+v, %v", answer.Records, err)
	}
	if got := answer.Records[0].Fields["email"]; got != "mei_mei@example.com" {
		t.Errorf("the address is shown as %v", got)
	}
}

func (s *stage) searches(t *testing.T) {
	answer, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: "李", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Records) != 1 || answer.Records[0].Title != "李雷" {
		t.Errorf("found %+v", answer.Records)
	}
	for _, query := range []string{"%", "_", `\`, `"}]`, "' OR 1=1 --"} {
		if answer, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "party", Query: query, Limit: 10}); err != nil {
			t.Errorf("the query %q: %v", query, err)
		} else if len(answer.Records) > 1 {
			t.Errorf("the query %q found %d records", query, len(answer.Records))
		}
	}
}

func (s *stage) upsert(ctx context.Context, key, object, id string, fields map[string]any) (connector.UpsertResponse, error) {
	return s.far.Upsert(ctx, connector.UpsertRequest{
		Instance: s.in, IdempotencyKey: key, Record: connector.Record{Object: object, ID: id, Fields: fields},
	})
}

func (s *stage) makesParty(t *testing.T) {
	fields := map[string]any{"name": "王 小明", "email": "xiaoming@example.com", "phone": "139 0013 9000"}
	first, err := s.upsert(t.Context(), "party-1", "party", "", fields)
	if err != nil {
		t.Fatal(err)
	}
	if first.Duplicate || first.Record.Title != "王 小明" || first.Record.Fields["phone"] != "+86 139 0013 9000" {
		t.Errorf("made %+v", first)
	}
	again, err := s.upsert(t.Context(), "party-2", "party", "", map[string]any{"name": "王小明", "phone": "+8613900139000"})
	if err != nil {
		t.Fatal(err)
	}
	if again.Record.ID != first.Record.ID || again.Record.Title != "王小明" {
		t.Errorf("the second time %+v, want the party %s under its new name", again.Record, first.Record.ID)
	}
	if _, err := s.upsert(t.Context(), "party-3", "party", "", map[string]any{"email": "x@example.com"}); errs.As(err).Source != errs.Rejected {
		t.Errorf("a party without a name: %v", err)
	}
}

func (s *stage) leads(t *testing.T, key string) int {
	t.Helper()
	return s.count(t, "sale.opportunity", "reference", key)
}

// count is how many rows of a model have a value.
func (s *stage) count(t *testing.T, model, field, value string) int {
	t.Helper()
	var n int
	s.call(t, &n, "model."+model+".search_count", []any{[]any{field, "=", value}})
	return n
}

func (s *stage) makesLead(t *testing.T) {
	party, err := s.upsert(t.Context(), "party-of-lead", "party", "", map[string]any{"name": "张三", "email": "zhang@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{"description": "想买 100 台 “接线台”", "comment": "来自会话\n第二行 👍", "party": party.Record.ID}
	const key = "cnv_01JCONVERSATION"
	first, err := s.upsert(t.Context(), key, "lead", "", fields)
	if err != nil {
		t.Fatal(err)
	}
	if first.Record.Fields["state"] != "lead" || first.Record.Fields["description"] != "想买 100 台 “接线台”" || first.Record.Fields["comment"] != "来自会话\n第二行 👍" || first.Record.Fields["party_name"] != "张三" {
		t.Errorf("the lead is %+v", first.Record)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := s.upsert(t.Context(), key, "lead", "", fields)
			if err != nil || again.Record.ID != first.Record.ID || !again.Duplicate {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
	const other = "cnv_01JAT-ONCE"
	for range 8 {
		wg.Go(func() {
			if _, err := s.upsert(t.Context(), other, "lead", "", fields); err != nil && errs.As(err).Code != "in_progress" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, m := s.leads(t, key), s.leads(t, other); n != 1 || m != 1 {
		t.Errorf("there are %d and %d leads, want 1 and 1", n, m)
	}
	// Another process, which remembers nothing: Tryton is asked.
	forgetful := &stage{tryton: s.tryton, session: s.session}
	forgetful.open(t)
	again, err := forgetful.upsert(t.Context(), key, "lead", "", fields)
	if err != nil || !again.Duplicate || again.Record.ID != first.Record.ID {
		t.Errorf("a new process: %+v, %v", again, err)
	}
	if n := s.leads(t, key); n != 1 {
		t.Errorf("there are %d leads after a restart of the plugin, want 1", n)
	}
	found, err := s.far.Lookup(t.Context(), connector.LookupRequest{Instance: s.in, Emails: []string{"zhang@example.com"}})
	if err != nil || len(found.Records) != 3 {
		t.Errorf("the panel shows %+v, %v, want the party and its two leads", found.Records, err)
	}
}

func (s *stage) writesNote(t *testing.T) {
	found, err := s.far.Search(t.Context(), connector.SearchRequest{Instance: s.in, Object: "lead", Query: "接线台", Limit: 1})
	if err != nil || len(found.Records) != 1 {
		t.Fatal(found, err)
	}
	req := connector.AddActivityRequest{
		Instance: s.in, IdempotencyKey: "summary-1", Object: "lead", RecordID: found.Records[0].ID, Subject: "会话小结",
		Text: "客户想买 100 台。\n下周二回电。", URL: "https://desk.example.com/c/1", At: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC),
	}
	first, err := s.far.AddActivity(t.Context(), req)
	if err != nil || first.ID == "" || first.Duplicate {
		t.Fatal(first, err)
	}
	again, err := s.far.AddActivity(t.Context(), req)
	if err != nil || again.ID != first.ID || !again.Duplicate {
		t.Errorf("again: %+v, %v", again, err)
	}
	forgetful := &stage{tryton: s.tryton, session: s.session}
	forgetful.open(t)
	if again, err := forgetful.far.AddActivity(t.Context(), req); err != nil || again.ID != first.ID || !again.Duplicate {
		t.Errorf("a new process: %+v, %v", again, err)
	}
	var notes []struct{ Message string }
	s.call(t, &notes, "model.ir.note.search_read", []any{[]any{"resource", "=", "sale.opportunity," + req.RecordID}}, 0, 10, nil, []any{"message"})
	if len(notes) != 1 || !strings.Contains(notes[0].Message, "客户想买 100 台。\n下周二回电。") || !strings.Contains(notes[0].Message, req.URL) {
		t.Errorf("the notes are %+v", notes)
	}
}

func (s *stage) pull(t *testing.T, object string, cursor []byte) (records []connector.Record, next []byte) {
	t.Helper()
	for range 50 {
		answer, err := s.far.PullChanges(t.Context(), connector.PullChangesRequest{Instance: s.in, Object: object, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		records, cursor = append(records, answer.Records...), answer.Cursor
		if !answer.More {
			return records, cursor
		}
	}
	t.Fatal("the pull does not end")
	return nil, nil
}

func titles(records []connector.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, r.Title)
	}
	return out
}

func (s *stage) pulls(t *testing.T) {
	many := make([]any, 250) // of one transaction: all with one time
	for i := range many {
		many[i] = map[string]any{"name": fmt.Sprintf("批量 %03d", i)}
	}
	s.call(t, nil, "model.party.party.create", many)
	var total int
	s.call(t, &total, "model.party.party.search_count", []any{})
	all, cursor := s.pull(t, "party", nil)
	seen := map[string]int{}
	for _, r := range all {
		seen[r.ID]++
	}
	// Those the plugin wrote itself are no news.
	for id, n := range seen {
		if n != 1 {
			t.Errorf("the party %s came %d times", id, n)
		}
	}
	if ours := 2; len(seen) != total-ours {
		t.Errorf("%d parties came of %d, of which the plugin made %d", len(seen), total, ours)
	}
	if again, _ := s.pull(t, "party", cursor); len(again) > 0 {
		t.Errorf("nothing changed, and %v came", titles(again))
	}
	fresh := s.party(t, "新客户")
	s.call(t, nil, "model.party.party.write", []any{json.Number(all[0].ID)}, map[string]any{"name": "改名"})
	s.call(t, nil, "model.party.party.write", []any{json.Number(all[1].ID)}, map[string]any{"active": false})
	changes, cursor := s.pull(t, "party", cursor)
	got := map[string]connector.Record{}
	for _, r := range changes {
		got[r.ID] = r
	}
	if len(changes) != 3 || got[fresh].Title != "新客户" || got[all[0].ID].Title != "改名" || !got[all[1].ID].Deleted {
		t.Errorf("the changes are %+v", changes)
	}
	// Our own write is no news; somebody else's after it is.
	if _, err := s.upsert(t.Context(), "party-own", "party", fresh, map[string]any{"name": "我们改的"}); err != nil {
		t.Fatal(err)
	}
	if own, next := s.pull(t, "party", cursor); len(own) > 0 {
		t.Errorf("our own write came back: %v", titles(own))
	} else {
		cursor = next
	}
	s.call(t, nil, "model.party.party.write", []any{json.Number(fresh)}, map[string]any{"name": "别人改的"})
	if theirs, _ := s.pull(t, "party", cursor); len(theirs) != 1 || theirs[0].Title != "别人改的" {
		t.Errorf("the other's change came as %v", titles(theirs))
	}
	if leads, _ := s.pull(t, "lead", []byte("no cursor of ours")); len(leads) != 0 {
		t.Errorf("the leads, all of our own making, came as %v", titles(leads))
	}
}

func (s *stage) refusals(t *testing.T) {
	for name, try := range map[string]func() error{
		"a bad number": func() error {
			_, err := s.upsert(t.Context(), "bad-1", "party", "", map[string]any{"name": "x", "phone": "123"})
			return err
		},
		"a party that is not": func() error {
			_, err := s.upsert(t.Context(), "bad-2", "lead", "", map[string]any{"description": "x", "party": "999999"})
			return err
		},
		"an id that is none": func() error {
			_, err := s.upsert(t.Context(), "bad-3", "lead", "abc", map[string]any{"description": "x"})
			return err
		},
		"a record that is gone": func() error {
			_, err := s.upsert(t.Context(), "bad-4", "party", "999999", map[string]any{"name": "x"})
			return err
		},
	} {
		e := errs.As(try())
		if e == nil || e.Source != errs.Rejected || e.Detail == "" {
			t.Errorf("%s: %v", name, e)
			continue
		}
		t.Logf("%s: %s", name, e.Detail)
	}
}
