package trytontest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/patchbay-im/patchbay/core/internal/trytontest"
	"github.com/patchbay-im/patchbay/sdk/connector/connectortest"
)

// suite runs the suite of connectors on the plugin as the process that ships.
func suite(t *testing.T, tryton *trytontest.Tryton, session *trytontest.Session) {
	t.Helper()
	var ids []int
	if err := session.Call(t.Context(), "model.party.party.create", &ids, []any{map[string]any{
		"name": "测试客户", "code": "SUITE-1", "contact_mechanisms": []any{[]any{"create", []any{
			map[string]any{"type": "mobile", "value": "+86 137 0013 7000"}, map[string]any{"type": "email", "value": "suite@example.com"},
		}}},
	}}, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	party := "party " + strconv.Itoa(ids[0])
	source, err := os.ReadFile(filepath.Join(plugin, "plugin.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]string{
		"preset": "tryton", "base_url": tryton.URL, "database": tryton.Database, "username": trytontest.User, "country_code": "86",
	})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Subject{
		Manifest: source, Open: connectortest.Process(t, plugin), Config: string(config), Secrets: map[string]string{"/password": trytontest.Password},
		Customers: []connectortest.Customer{
			{Name: "by phone", Phones: []string{"+8613700137000"}, Records: []string{party}},
			{Name: "by e-mail", Emails: []string{"Suite@example.com"}, Records: []string{party}},
			{Name: "by number", ExternalIDs: []string{"SUITE-1"}, Records: []string{party}},
		},
		Searches: []connectortest.Search{{Object: "party", Query: "测试", Records: []string{party}}},
		Upserts: []connectortest.Upsert{
			{Object: "lead", Fields: `{"description":"线索 👍"}`},
			{Object: "party", ID: strconv.Itoa(ids[0]), Fields: `{"name":"测试客户"}`},
			{Object: "party", Fields: `{"name":"x","phone":"+861"}`, Code: "bad_request"},
		},
		Activities: []connectortest.Activity{{Object: "party", RecordID: strconv.Itoa(ids[0])}},
	})
	forgetLeads(t, session)
}

// forgetLeads deletes what a test made: it is not the other tests' news.
func forgetLeads(t *testing.T, session *trytontest.Session) {
	t.Helper()
	if err := session.Call(t.Context(), "model.sale.opportunity.delete", nil, everything(t, session, "model.sale.opportunity.search"), map[string]any{}); err != nil {
		t.Fatal(err)
	}
}

// plugin is the folder of the plugin.
const plugin = "../../../plugins/rest-connector"

// everything returns the ids of all rows.
func everything(t *testing.T, session *trytontest.Session, search string) []int {
	t.Helper()
	ids := []int{}
	if err := session.Call(t.Context(), search, &ids, []any{}, 0, nil, nil, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	return ids
}
