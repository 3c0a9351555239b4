package main

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
	"github.com/patchbay-im/patchbay/sdk/connector/connectortest"
)

// TestConnector runs the suite of connectors with the guide's example.
func TestConnector(t *testing.T) {
	subject := func(t *testing.T) connectortest.Subject {
		t.Helper()
		acme := acmetest.New(t)
		alice := acme.Add("contacts", map[string]any{"name": "Alice", "email": "alice@example.com", "phone": "+8613800138000"})
		bob := acme.Add("contacts", map[string]any{"name": "Bob 👋 李", "email": "bob@example.com"})
		deal := acme.Add("deals", map[string]any{"title": "100 台", "contact_email": "alice@example.com"})
		for i := range 70 {
			acme.Add("contacts", map[string]any{"name": "c" + strconv.Itoa(i)})
		}
		config, err := json.Marshal(map[string]string{
			"preset": "custom", "base_url": acme.URL, "country_code": "86", "mapping": acmetest.Guide(t, "../..", "crm-mapping.md"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return connectortest.Subject{
			Manifest: manifest, Config: string(config), Secrets: map[string]string{"/token": acmetest.Token},
			BadConfigs: []string{
				`{}`, `{"preset":"sap","base_url":"https://example.com"}`, `{"preset":"tryton","base_url":"ftp://example.com"}`,
				`{"preset":"tryton","base_url":"https://user:secret@example.com"}`, `{"preset":"tryton","base_url":"https://example.com?x=1"}`,
				`{"preset":"custom","base_url":"https://example.com"}`, `{"preset":"custom","base_url":"https://example.com","mapping":"mapping: 2"}`,
			},
			Customers: []connectortest.Customer{
				{Name: "by e-mail", Emails: []string{"Alice@example.com"}, Records: []string{"contact " + alice, "deal " + deal}},
				{Name: "by phone", Phones: []string{"138 0013 8000"}, Records: []string{"contact " + alice}},
				{Name: "by id", ExternalIDs: []string{bob}, Records: []string{"contact " + bob}},
			},
			Searches: []connectortest.Search{{Object: "contact", Query: "李", Records: []string{"contact " + bob}}},
			Upserts: []connectortest.Upsert{
				{Object: "contact", Fields: `{"name":"新 客户","email":"new@example.com"}`},
				{Object: "contact", ID: bob, Fields: `{"name":"Bob"}`},
				{Object: "deal", Fields: `{"title":"线索","value":"12.50 CNY"}`},
				{Object: "contact", Fields: `{"email":"x@example.com"}`, Code: "bad_request"},
				{Object: "order", Fields: `{"title":"x"}`, Code: "bad_request"},
				{Object: "contact", ID: "999999", Fields: `{"name":"x"}`, Code: "not_found"},
			},
			Activities: []connectortest.Activity{{Object: "contact", RecordID: alice}},
		}
	}
	t.Run("in process", func(t *testing.T) {
		s := subject(t)
		s.Open = connectortest.InProcess(open)
		connectortest.Run(t, s)
	})
	t.Run("process", func(t *testing.T) {
		s := subject(t)
		s.Open = connectortest.Process(t, ".")
		connectortest.Run(t, s)
	})
}
