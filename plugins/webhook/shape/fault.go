package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Codes of faults. They are stable, and documented in docs/use/webhook.md.
const (
	CodeNotJSON      = "body_not_json"
	CodeNotObject    = "body_not_object"
	CodeBatch        = "batch_too_large"
	CodeKeyMissing   = "key_missing"
	CodeKeyReused    = "key_reused"
	CodeMissing      = "field_missing"
	CodeWrong        = "field_wrong"
	CodeUnknown      = "field_unknown"
	CodeMediaType    = "media_type"
	CodeTooLarge     = "body_too_large"
	CodeFileTooLarge = "file_too_large"
	CodeNoSuchPath   = "no_such_path"
	CodeMethod       = "method_not_allowed"
	CodeNotStored    = "file_not_stored"
)

// Fault is why something is not taken.
type Fault struct {
	Status  int    `json:"-"`               // of HTTP
	Code    string `json:"code"`            // stable
	Message string `json:"message"`         // a sentence for whoever writes the other side
	Field   string `json:"field,omitempty"` // JSON pointer into the item; "" = the whole
}

// Error returns the sentence.
func (f *Fault) Error() string { return f.Code + " " + f.Field + ": " + f.Message }

// Faultf returns a Fault.
func Faultf(status int, code, field, format string, args ...any) *Fault {
	return &Fault{Status: status, Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

func missing(field, what string) *Fault {
	return Faultf(http.StatusUnprocessableEntity, CodeMissing, field, "%s is missing.", what)
}

func wrong(field, format string, args ...any) *Fault {
	return Faultf(http.StatusUnprocessableEntity, CodeWrong, field, format, args...)
}

// Split reads a body: one object, or a list of up to MaxBatch.
func Split(body []byte) (items []json.RawMessage, batch bool, fault *Fault) {
	if !json.Valid(body) {
		return nil, false, Faultf(http.StatusBadRequest, CodeNotJSON, "", "The body is not JSON.")
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); trimmed[0] != '[' {
		return []json.RawMessage{body}, false, nil
	}
	if err := json.Unmarshal(body, &items); err != nil {
		return nil, true, Faultf(http.StatusBadRequest, CodeNotJSON, "", "The body is not JSON.")
	}
	switch {
	case len(items) == 0:
		return nil, true, Faultf(http.StatusUnprocessableEntity, CodeMissing, "", "The list is empty.")
	case len(items) > MaxBatch:
		return nil, true, Faultf(http.StatusRequestEntityTooLarge, CodeBatch, "", "A list has at most %d items; this one has %d.", MaxBatch, len(items))
	}
	return items, true, nil
}
