package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/expr"
)

// Read reads an item and checks it. key is what the header Idempotency-Key says,
// for items without an id of their own.
func Read(k Kind, raw json.RawMessage, key string) (*Inbound, *Fault) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || object == nil {
		return nil, Faultf(http.StatusUnprocessableEntity, CodeNotObject, "", "An item is a JSON object.")
	}
	var in Inbound
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, unread(err)
	}
	for field := range object {
		if !slices.ContainsFunc(k.fields(), func(may string) bool { return strings.EqualFold(may, field) }) {
			return nil, Faultf(http.StatusUnprocessableEntity, CodeUnknown, "/"+expr.Escape(field), "%s have no such field. There are: %s.", k, strings.Join(k.fields(), ", "))
		}
	}
	if in.ID == "" {
		in.ID = key
	}
	return &in, in.Check(k)
}

// unread words why an object cannot be read.
func unread(err error) *Fault {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return wrong("/"+strings.ReplaceAll(typed.Field, ".", "/"), "It must not be a %s here.", typed.Value)
	}
	if found := regexp.MustCompile(`unknown field "(.*)"`).FindStringSubmatch(err.Error()); found != nil {
		return Faultf(http.StatusUnprocessableEntity, CodeUnknown, "/"+expr.Escape(found[1]), "There is no such field.")
	}
	return wrong("", "The item cannot be read.")
}

func pointer(list string, i int) string { return "/" + list + "/" + strconv.Itoa(i) }
