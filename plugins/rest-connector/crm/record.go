package crm

import (
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/far"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

// record makes a record of a row; false when the row has no id.
func record(client *far.Client, o *mapping.Object, row any) (connector.Record, bool) {
	id, _ := o.ID.In(row)
	r := connector.Record{Object: o.Name, ID: text(id, maxID+1), Fields: map[string]any{}}
	if r.ID == "" || len(r.ID) > maxID || strings.ContainsAny(r.ID, "\n\t") {
		return r, false
	}
	size := 0
	for i := range o.Fields {
		v, there := read(&o.Fields[i], row)
		if size += len(expr.Plain(v)); there && size <= maxFields {
			r.Fields[o.Fields[i].Name] = v
		}
	}
	if v, there := first(row, o.UpdatedAt); there {
		r.UpdatedAt, _ = moment(v, o.Times)
	}
	if o.Deleted != nil {
		v, there := o.Deleted.At.In(row)
		r.Deleted = there && far.Among(v, o.Deleted.In)
	}
	scope := client.Scope(expr.Scope{"id": r.ID, "field": r.Fields})
	if title, err := o.Title.String(scope, nil); err == nil {
		r.Title = text(title, maxTitle)
	}
	if r.Title == "" {
		r.Title = r.ID
	}
	if o.URL != nil {
		address, err := o.URL.String(scope, nil)
		if err == nil && strings.HasPrefix(address, "https://") && len(address) <= maxURL {
			r.URL = address // people are led over TLS alone
		}
	}
	return r, true
}

// records makes records of rows; rows without an id and rows seen before are
// left out, and so is what is gone.
func records(client *far.Client, o *mapping.Object, rows []any, limit int) []connector.Record {
	var out []connector.Record
	seen := map[string]bool{}
	for _, row := range rows {
		r, ok := record(client, o, row)
		if !ok || seen[r.ID] || r.Deleted {
			continue
		}
		seen[r.ID] = true
		if out = append(out, r); len(out) == limit {
			break
		}
	}
	return out
}

// fingerprint is the fingerprint of what a record says, and of more: 32 bytes.
func fingerprint(r connector.Record, more ...any) string {
	encoded, err := json.Marshal([]any{r.Object, r.ID, r.Deleted, r.Title, r.Fields, more})
	if err != nil { // a value that no JSON was read from
		encoded = []byte(r.Object + r.ID)
	}
	sum := sha256.Sum256(encoded)
	return string(sum[:])
}
