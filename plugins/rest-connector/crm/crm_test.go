package crm_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/crm"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

const root = "../../.."

// desk is a connector, configured for an Acme CRM as the guide has it.
type desk struct {
	*crm.Connector
	acme   *acmetest.CRM
	in     instance.Instance
	memory *crm.Memory
	now    func() time.Time
}

func open(t *testing.T, acme *acmetest.CRM, mapping string) *desk {
	t.Helper()
	d := &desk{acme: acme, memory: crm.NewMemory(time.Now), now: time.Now}
	d.restart(t)
	d.configure(t, mapping)
	return d
}

// restart makes a new connector, which remembers what the Store has.
func (d *desk) restart(t *testing.T) {
	t.Helper()
	manifest, err := os.ReadFile("../plugin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d.Connector, err = crm.New(crm.Surroundings{
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: d.now,
		Doer:  func(in instance.Instance, o outbound.Options) (far.Doer, error) { return outbound.For(manifest, in, o) },
		Store: func(instance.Instance) crm.Store { return d.memory },
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *desk) configure(t *testing.T, mapping string) {
	t.Helper()
	config, err := json.Marshal(map[string]string{"preset": "custom", "base_url": d.acme.URL, "mapping": mapping, "country_code": "86"})
	if err != nil {
		t.Fatal(err)
	}
	d.in = instance.Instance{ID: "pin_1", Config: config, Revision: 1, Secrets: instance.Secrets{"/token": acmetest.Token}}
	if _, err := d.Configure(t.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		t.Fatal(err)
	}
}

func guide(t *testing.T) string {
	t.Helper()
	return acmetest.Guide(t, root, "crm-mapping.md")
}

func TestDescribe(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	for locale, want := range map[string]string{"zh-CN": "联系人 姓名", "zh": "联系人 姓名", "en": "Contact Name", "de": "Contact Name", "": "Contact Name"} {
		answer, err := d.DescribeObjects(t.Context(), connector.DescribeObjectsRequest{Instance: d.in, Locale: locale})
		if err != nil {
			t.Fatal(err)
		}
		contact, deal := answer.Objects[0], answer.Objects[1]
		if got := contact.Label + " " + contact.Fields[0].Label; got != want {
			t.Errorf("in %q: %q, want %q", locale, got, want)
		}
		if !contact.Lookup || !contact.Search || !contact.Upsert || !contact.Activities || !contact.Pull || deal.Search || deal.Activities || deal.Pull {
			t.Errorf("the verbs are %+v and %+v", contact, deal)
		}
		if !contact.Fields[0].Required || !contact.Fields[0].Writable || contact.Fields[3].Writable {
			t.Errorf("the fields are %+v", contact.Fields)
		}
	}
}

func TestLookup(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	id := d.acme.Add("contacts", map[string]any{
		"name": "李雷 👋", "email": "li@example.com", "phone": "+8613800138000", "vip": true,
		"balance": map[string]any{"amount": json.Number("12.50"), "currency": "CNY"},
	})
	d.acme.Add("contacts", map[string]any{"name": "another", "email": "other@example.com"})
	d.acme.Add("deals", map[string]any{"title": "100 台", "contact_email": "li@example.com"})
	for name, req := range map[string]connector.LookupRequest{
		"e-mail":          {Emails: []string{"LI@example.com"}},
		"phone":           {Phones: []string{"+86 138 0013 8000"}},
		"national phone":  {Phones: []string{"138-0013-8000"}},
		"trunk prefix":    {Phones: []string{"013800138000"}},
		"id":              {ExternalIDs: []string{id}},
		"all, once each":  {Emails: []string{"li@example.com", " ", "li@example.com"}, Phones: []string{"+8613800138000"}, ExternalIDs: []string{id}},
		"some unknown id": {Emails: []string{"li@example.com"}, ExternalIDs: []string{"999"}},
	} {
		req.Instance = d.in
		answer, err := d.Lookup(t.Context(), req)
		if err != nil {
			t.Errorf("by %s: %v", name, err)
			continue
		}
		contacts := slices.DeleteFunc(slices.Clone(answer.Records), func(r connector.Record) bool { return r.Object != "contact" })
		if len(contacts) != 1 || contacts[0].ID != id || contacts[0].Title != "李雷 👋" || contacts[0].URL != "" {
			t.Errorf("by %s: %+v", name, answer.Records)
			continue
		}
		if f := contacts[0].Fields; f["vip"] != true || f["balance"] != "12.5 CNY" && f["balance"] != "12.50 CNY" {
			t.Errorf("the fields are %+v", f)
		}
		if len(req.Emails) > 0 && len(answer.Records) != 2 {
			t.Errorf("by %s: the deal is missing in %+v", name, answer.Records)
		}
	}
	for _, evil := range []string{"..", "../deals", "a/b?q=1#x", "\x00", "%2e%2e"} {
		before := len(d.acme.Requests())
		answer, err := d.Lookup(t.Context(), connector.LookupRequest{Instance: d.in, ExternalIDs: []string{evil}})
		if err != nil || len(answer.Records) > 0 {
			t.Errorf("the id %q: %v, %v", evil, answer.Records, err)
		}
		for _, asked := range d.acme.Requests()[before:] {
			if !strings.HasPrefix(asked, "GET /api/contacts/") || strings.Count(asked, "/") > 3 || strings.ContainsAny(asked, "?#") {
				t.Errorf("the id %q led to %s", evil, asked)
			}
		}
	}
}

func TestOneFailureDoesNotHideTheRest(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	d.acme.Add("contacts", map[string]any{"name": "李雷", "email": "li@example.com"})
	d.acme.Intrude(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/api/deals") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	})
	answer, err := d.Lookup(t.Context(), connector.LookupRequest{Instance: d.in, Emails: []string{"li@example.com"}})
	if err != nil || len(answer.Records) != 1 {
		t.Errorf("%+v, %v", answer.Records, err)
	}
	if _, err := d.Lookup(t.Context(), connector.LookupRequest{Instance: d.in, Emails: []string{"nobody@example.com"}}); errs.As(err).Source != errs.FarSide {
		t.Errorf("nothing found and one request failed: %v", err)
	}
}

func upsert(t *testing.T, d *desk, key, object, id string, fields map[string]any) (connector.UpsertResponse, error) {
	t.Helper()
	return d.Upsert(t.Context(), connector.UpsertRequest{Instance: d.in, IdempotencyKey: key, Record: connector.Record{Object: object, ID: id, Fields: fields}})
}

func TestUpsertOnce(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	fields := map[string]any{"title": "想买 100 台", "email": "li@example.com", "value": nil}
	delete(fields, "value")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := upsert(t, d, "conv-1", "deal", "", fields); err != nil && errs.As(err).Code != "in_progress" {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first, err := upsert(t, d, "conv-1", "deal", "", fields)
	if err != nil || !first.Duplicate || first.Record.Fields["key"] != "conv-1" {
		t.Fatalf("%+v, %v", first, err)
	}
	d.memory = crm.NewMemory(time.Now) // all forgotten
	d.restart(t)
	d.configure(t, guide(t))
	again, err := upsert(t, d, "conv-1", "deal", "", fields)
	if err != nil || !again.Duplicate || again.Record.ID != first.Record.ID {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
	if other, err := upsert(t, d, "conv-2", "deal", "", fields); err != nil || other.Duplicate || other.Record.ID == first.Record.ID {
		t.Errorf("another key: %+v, %v", other, err)
	}
	if n := len(d.acme.Rows("deals")); n != 2 {
		t.Errorf("there are %d deals, want 2", n)
	}
}

// TestUpsertWithoutAnAnswer cuts the answer to a creation off: the deal is
// there, and neither a second call at once nor one after a restart makes another.
func TestUpsertWithoutAnAnswer(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	cut := true
	d.acme.Intrude(func(_ http.ResponseWriter, r *http.Request) bool {
		if !cut || r.Method != http.MethodPost {
			return false
		}
		cut = false
		d.acme.Add("deals", map[string]any{"title": "x", "external_key": "conv-1"})
		panic(http.ErrAbortHandler)
	})
	_, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"})
	if e := errs.As(err); e == nil || e.Source != errs.FarSide {
		t.Fatalf("the first: %v", err)
	}
	if _, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"}); errs.As(err).Code != "in_progress" {
		t.Errorf("at once: %v", err)
	}
	d.memory = crm.NewMemory(time.Now)
	d.restart(t)
	d.configure(t, guide(t))
	if again, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"}); err != nil || !again.Duplicate {
		t.Errorf("later: %+v, %v", again, err)
	}
	if n := len(d.acme.Rows("deals")); n != 1 {
		t.Errorf("there are %d deals, want 1", n)
	}
}

func TestUpsertFindsAndChanges(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	id := d.acme.Add("contacts", map[string]any{"name": "old", "email": "li@example.com", "phone": "+8613800138000", "vip": true})
	changed, err := upsert(t, d, "k1", "contact", "", map[string]any{"name": "李雷", "phone": "138 0013 8000"})
	if err != nil || changed.Record.ID != id || changed.Record.Title != "李雷" || changed.Record.Fields["vip"] != true {
		t.Fatalf("%+v, %v", changed, err)
	}
	made, err := upsert(t, d, "k2", "contact", "", map[string]any{"name": "new", "email": "new@example.com"})
	if err != nil || made.Record.ID == id {
		t.Fatalf("%+v, %v", made, err)
	}
	for name, try := range map[string]struct {
		key, id string
		fields  map[string]any
		code    string
	}{
		"no name":           {"k3", "", map[string]any{"email": "x@example.com"}, errs.CodeBadRequest},
		"a field not known": {"k4", "", map[string]any{"name": "x", "admin": true}, errs.CodeBadRequest},
		"one not writable":  {"k5", "", map[string]any{"name": "x", "vip": true}, errs.CodeBadRequest},
		"a list":            {"k6", "", map[string]any{"name": []any{"x"}}, errs.CodeBadRequest},
		"gone":              {"k7", "999", map[string]any{"name": "x"}, far.CodeNotFound},
	} {
		if _, err := upsert(t, d, try.key, "contact", try.id, try.fields); errs.As(err) == nil || errs.As(err).Code != try.code || errs.As(err).Source != errs.Rejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.acme.Add("contacts", map[string]any{"name": "twin", "email": "li@example.com"})
	if _, err := upsert(t, d, "k8", "contact", "", map[string]any{"name": "x", "email": "li@example.com"}); errs.As(err).Code != crm.CodeAmbiguous {
		t.Errorf("two fit: %v", err)
	}
}

func TestActivityOnce(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	id := d.acme.Add("contacts", map[string]any{"name": "李雷"})
	req := connector.AddActivityRequest{
		Instance: d.in, IdempotencyKey: "sum-1", Object: "contact", RecordID: id, Subject: "小结", Text: "两行\n文字", URL: "https://desk.example.com/c/1", At: time.Unix(1763700000, 0),
	}
	first, err := d.AddActivity(t.Context(), req)
	if err != nil || first.Duplicate {
		t.Fatal(first, err)
	}
	again, err := d.AddActivity(t.Context(), req)
	if err != nil || again.ID != first.ID || !again.Duplicate {
		t.Errorf("again: %+v, %v", again, err)
	}
	notes := d.acme.Notes()
	if len(notes) != 1 || notes[0]["text"] != "两行\n文字" || notes[0]["at"] != float64(1763700000) {
		t.Errorf("the notes are %+v", notes)
	}
}

func TestFarSideInTrouble(t *testing.T) {
	say := func(status int, header, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if name, value, ok := strings.Cut(header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for _, test := range []struct {
		name    string
		intrude func(http.ResponseWriter, *http.Request) bool
		source  errs.Source
		code    string
		after   time.Duration
		detail  string
	}{
		{"busy", say(429, "Retry-After: 7", ""), errs.FarSide, errs.CodeRateLimited, 7 * time.Second, ""},
		{"busy for ages", say(429, "Retry-After: 999999999", ""), errs.FarSide, errs.CodeRateLimited, 15 * time.Minute, ""},
		{"down", say(500, "", "oops"), errs.FarSide, errs.CodeUnavailable, 0, ""},
		{"maintenance", say(503, "Retry-After: 30", `{"message":"back soon"}`), errs.FarSide, errs.CodeUnavailable, 30 * time.Second, "back soon"},
		{"unauthorised", say(401, "", ""), errs.FarSide, errs.CodeAuthExpired, 0, ""},
		{"forbidden", say(403, "", ""), errs.Rejected, far.CodeForbidden, 0, ""},
		{"refused", say(422, "", `{"message":"no: `+acmetest.Token+"\\u0000"+`"}`), errs.Rejected, errs.CodeBadRequest, 0, "no: ***"},
		{"HTML", say(200, "Content-Type: text/html", "<html>"), errs.FarSide, far.CodeBadAnswer, 0, ""},
		{"two values", say(200, "", "{} {}"), errs.FarSide, far.CodeBadAnswer, 0, ""},
		{"elsewhere", say(302, "Location: https://example.com/", ""), errs.FarSide, far.CodeBadAnswer, 0, "302"},
		{"elsewhere at home", say(307, "Location: /again", ""), errs.FarSide, far.CodeBadAnswer, 0, "307"},
		{"too much", say(200, "", `"`+strings.Repeat("x", 3<<20)+`"`), errs.FarSide, far.CodeBadAnswer, 0, "2048 KiB"},
		{"cut off", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, errs.FarSide, errs.CodeUnavailable, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := open(t, acmetest.New(t), guide(t))
			d.acme.Intrude(test.intrude)
			_, err := d.Search(t.Context(), connector.SearchRequest{Instance: d.in, Object: "contact", Query: "x", Limit: 5})
			e := errs.As(err)
			if e == nil || e.Source != test.source || e.Code != test.code || e.RetryAfter != test.after || !strings.Contains(e.Detail, test.detail) {
				t.Fatalf("got %+v", e)
			}
			if strings.Contains(e.Error(), acmetest.Token) || strings.Contains(e.Error(), "\x00") {
				t.Errorf("the error tells a secret or is unclean: %v", e)
			}
			health, err := d.CheckHealth(t.Context(), instance.CheckHealthRequest{Instance: d.in})
			if err != nil || (health.Health.State == instance.OK) != (test.source == errs.Rejected) {
				t.Errorf("the health is %+v, %v", health.Health, err)
			}
		})
	}
}

// TestPause keeps away from a far side that asked for it.
func TestPause(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	d.acme.Intrude(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	for range 5 {
		if _, err := d.Search(t.Context(), connector.SearchRequest{Instance: d.in, Object: "contact", Query: "x", Limit: 5}); errs.As(err).Code != errs.CodeRateLimited {
			t.Errorf("got %v", err)
		}
	}
	if n := len(d.acme.Requests()); n != 1 {
		t.Errorf("%d requests were made of a system that asked for a pause", n)
	}
}

func TestProbe(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	try := func(change map[string]any, token string) []instance.Problem {
		var config map[string]any
		if err := json.Unmarshal(d.in.Config, &config); err != nil {
			t.Fatal(err)
		}
		maps.Copy(config, change)
		encoded, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := d.ValidateConfig(t.Context(), instance.ValidateConfigRequest{Config: encoded, Secrets: instance.Secrets{"/token": token}, Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Problems
	}
	if problems := try(nil, acmetest.Token); len(problems) > 0 {
		t.Errorf("a good one: %+v", problems)
	}
	for _, test := range []struct {
		name    string
		change  map[string]any
		token   string
		pointer string
		message string
	}{
		{"a wrong token", nil, "wrong", "/token", "does not accept this token"},
		{"nobody there", map[string]any{"base_url": "http://127.0.0.1:1"}, acmetest.Token, "/base_url", "Check the port"},
		{"another place", map[string]any{"base_url": d.acme.URL + "/elsewhere"}, acmetest.Token, "/base_url", "Check the path"},
		{"credentials in the address", map[string]any{"base_url": "https://user:secret@example.com"}, acmetest.Token, "/base_url", "more than a host"},
		{"no mapping", map[string]any{"mapping": ""}, acmetest.Token, "/mapping", "needs its mapping"},
		{"no preset", map[string]any{"preset": "sap"}, acmetest.Token, "/preset", "no such preset"},
		{"a fault", map[string]any{"mapping": strings.Replace(guide(t), "{{phone}}", "{{fone}}", 1)}, acmetest.Token, "/mapping", "line 25, /objects/0/lookup/1/query/phone: {{fone}} means nothing here"},
	} {
		problems := try(test.change, test.token)
		if !slices.ContainsFunc(problems, func(p instance.Problem) bool {
			return p.Pointer == test.pointer && strings.Contains(p.Message, test.message)
		}) {
			t.Errorf("%s: %+v", test.name, problems)
		}
	}
}

// TestOutcomeUnknown writes to a system that has no field for our key: after a
// broken answer nothing is written again, however long that is ago.
func TestOutcomeUnknown(t *testing.T) {
	blind := strings.Replace(guide(t), "      key: {path: /api/deals, query: {external_key: \"{{key}}\"}, items: /data}\n", "", 1)
	blind = strings.Replace(blind, "          external_key: \"{{key}}\"\n", "", 1)
	d := open(t, acmetest.New(t), blind)
	at := time.Now()
	d.memory = crm.NewMemory(func() time.Time { return at })
	d.restart(t)
	d.configure(t, blind)
	d.acme.Intrude(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	for i, want := range []string{errs.CodeUnavailable, "in_progress", crm.CodeUnknown} {
		if i == 2 {
			at = at.Add(time.Hour)
			d.acme.Intrude(nil)
		}
		if _, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"}); errs.As(err) == nil || errs.As(err).Code != want {
			t.Errorf("try %d: %v, want %s", i+1, err, want)
		}
	}
	if n := len(d.acme.Rows("deals")); n != 0 {
		t.Errorf("there are %d deals", n)
	}
}

// TestNotSent leaves the key free when the far side did not get the request.
func TestNotSent(t *testing.T) {
	d := open(t, acmetest.New(t), guide(t))
	config := strings.Replace(string(d.in.Config), d.acme.URL, "http://127.0.0.1:1", 1)
	good := d.in.Config
	d.in.Config = json.RawMessage(config)
	if _, err := d.Configure(t.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		t.Fatal(err)
	}
	if _, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"}); errs.As(err).Code != errs.CodeUnavailable {
		t.Fatal(err)
	}
	d.in.Config = good
	if _, err := d.Configure(t.Context(), instance.ConfigureRequest{Instance: d.in}); err != nil {
		t.Fatal(err)
	}
	if made, err := upsert(t, d, "conv-1", "deal", "", map[string]any{"title": "x"}); err != nil || made.Duplicate {
		t.Errorf("%+v, %v", made, err)
	}
}
