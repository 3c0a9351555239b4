package realtime

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/wire"
)

// maxRef bounds a request's ref, in characters.
const maxRef = 64

// plainPing is how our clients write a ping; it needs no parser.
const plainPing = `{"op":"ping"}`

// The requests of both sides. A field that is absent is its zero value.
type (
	memberHello struct {
		Epoch  string `json:"epoch"`
		Feed   uint64 `json:"feed"`
		Rights string `json:"rights"` // those of the last ready; "" = a client that does not say
	}
	memberSend struct {
		ConversationID string `json:"conversation_id"`
		ClientMsgID    string `json:"client_msg_id"`
		Kind           string `json:"kind"`
		Text           string `json:"text"`

		AttachmentIDs []string `json:"attachment_ids"`
		ReplyTo       string   `json:"reply_to"`
		Mentions      []string `json:"mentions"`
		GroupMentions []string `json:"group_mentions"`

		Envelope *wire.Addressed `json:"envelope"`
	}
	memberTypes struct {
		ConversationID string `json:"conversation_id"`
		Note           bool   `json:"note"` // a note is being written: the customer must not know
		On             bool   `json:"on"`
	}
	memberLooks struct {
		ConversationID string `json:"conversation_id"` // "" = nothing
	}
	memberWatches struct {
		On bool `json:"on"` // tell me figures as they change
	}
	visitorHello struct {
		Token string `json:"token"`
		Epoch string `json:"epoch"`
		After uint64 `json:"after"`
	}
	visitorSend struct {
		ClientMsgID string `json:"client_msg_id"`
		Text        string `json:"text"`

		AttachmentIDs []string `json:"attachment_ids"`
		ReplyTo       string   `json:"reply_to"`
	}
	visitorTypes struct {
		On bool `json:"on"`
	}
	visitorReads struct {
		Seq uint64 `json:"seq"`
	}
)

// request is a frame of the client, taken apart but for its own fields.
type request struct {
	op, ref string
	fields  map[string]json.RawMessage // without op and ref
	raw     []byte
}

func frameInvalid(detail string) *errs.Error {
	return errs.New(errs.Invalid, "frame.invalid", detail)
}

// parse takes a frame apart. The ref is set as soon as it is known, so that
// the error can carry it.
func parse(payload []byte) (request, error) {
	r := request{raw: payload}
	if err := json.Unmarshal(payload, &r.fields); err != nil || r.fields == nil {
		return r, frameInvalid("A frame must be one JSON object.")
	}
	ref, ok := text(r.fields["ref"])
	if !ok || utf8.RuneCountInString(ref) > maxRef {
		return r, frameInvalid("ref must be a string of at most 64 characters.")
	}
	r.ref = ref
	op, ok := text(r.fields["op"])
	if !ok || op == "" {
		return r, frameInvalid("op must be a string that says what to do.")
	}
	r.op = op
	delete(r.fields, "op")
	delete(r.fields, "ref")
	return r, nil
}

// text reads a JSON string; an absent value is "".
func text(raw json.RawMessage) (string, bool) {
	var s string
	if raw == nil {
		return "", true
	}
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// into decodes the op's own fields, all of which must be among the names given.
// The names are compared exactly: encoding/json alone would fold their case.
func (r request) into(v any, names ...string) error {
	known := 0
	for _, name := range names {
		if _, ok := r.fields[name]; ok {
			known++
		}
	}
	if known != len(r.fields) {
		return frameInvalid("The frame has a field that this op does not know.")
	}
	if len(names) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(r.raw))
	if err := d.Decode(v); err != nil {
		return frameInvalid("A field of the frame has the wrong type.")
	}
	return nil
}
