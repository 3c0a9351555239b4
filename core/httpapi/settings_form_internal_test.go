package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/patchbay-im/patchbay/core/extension"
)

// TestFormsKnowWhereBrowsersComeBack: the address stands in each x-oauth, and
// nothing else changes: neither the order of the fields, nor a text that tells of
// an x-oauth.
func TestFormsKnowWhereBrowsersComeBack(t *testing.T) {
	s := &Server{Options: Options{SignIns: extension.NewSignIns(nil, nil, nil, "https://help.example")}}
	const before = `{"properties":{"z":{"type":"string","description":"as \"x-oauth\":{} says"},"a":{"x-oauth" : {"authorize_url":"https://far.example"}},"b":{"x-oauth":{"token_url":"t"}}}}`
	const after = `{"properties":{"z":{"type":"string","description":"as \"x-oauth\":{} says"},` +
		`"a":{"x-oauth":{"redirect_url":"https://help.example/api/v1/oauth/plugin/callback","authorize_url":"https://far.example"}},` +
		`"b":{"x-oauth":{"redirect_url":"https://help.example/api/v1/oauth/plugin/callback","token_url":"t"}}}}`
	if got := s.settingsForm([]byte(before)); string(got) != after || !json.Valid(got) {
		t.Errorf("%s", got)
	}
	if got := s.settingsForm([]byte(`{"properties":{}}`)); string(got) != `{"properties":{}}` {
		t.Errorf("%s", got)
	}
}
