// Package outgoing posts what agents write to a customer's system, and says what
// its answer means: that it has the message, that it may be asked again, or that
// nobody knows.
package outgoing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Codes of errors, beside those of package errs.
const (
	CodeNoAddress   = "no_address"        // the inbox only receives
	CodeUnsupported = "act_unsupported"   // the system does not take edits, or recalls
	CodeFiles       = "files_off"         // it takes no files
	CodeFileSize    = "file_too_large"    // larger than it takes
	CodeTemplate    = "template_unusable" // the template does not fit this message
)

// UserAgent is who asks, in every request to the connected system.
const UserAgent = "Patchbay-Webhook/1"

// Ways in which files go out.
const (
	FilesNone      = "none"
	FilesBase64    = "base64"
	FilesMultipart = "multipart"
)

// Target is where things are posted and how.
type Target struct {
	URL           string
	Template      *expr.Node // nil = the standard shape
	Authorization string     // the header; "" = none
	Secrets       []string   // that sign; the newest first
	AnswerID      expr.Pointer
	WantsID       bool // AnswerID says where the far side's id is
	Once          bool // the far side does once what comes twice under one Idempotency-Key
	Files         string
	MaxFile       int64
	Acts          []string // what it takes beside messages: edit, recall, typing, read
}

// Doer sends requests: an outbound.Client.
type Doer interface {
	Do(r *http.Request) (*outbound.Response, error)
}

// Poster posts to a Target.
type Poster struct {
	Target
	By    Doer
	Fetch func(ctx context.Context, a message.Attachment) ([]byte, error) // of our files
	Now   func() time.Time
}

// Exchange is what went over the line, for those who look on.
type Exchange struct {
	Status int // 0 = no answer
	Bytes  int // of the request
}

// Send brings a message, an edit or a recall to the far side.
func (p Poster) Send(ctx context.Context, req channel.SendRequest) (channel.SendResponse, Exchange, error) {
	switch {
	case p.URL == "":
		return channel.SendResponse{}, Exchange{}, errs.Reject(CodeNoAddress, "This inbox only receives: it has no address to post answers to.")
	case req.Act != channel.Post && !p.takes(Word(req.Act)):
		return channel.SendResponse{}, Exchange{}, errs.Reject(CodeUnsupported, "The connected system does not take this.")
	case req.Suspect && !p.Once:
		return channel.SendResponse{}, Exchange{}, errs.Doubt(nil, "The message was on its way when a process ended, and the connected system does not recognise what comes twice.")
	}
	files, err := p.files(ctx, req.Content.Attachments)
	if err != nil {
		return channel.SendResponse{}, Exchange{}, err
	}
	body, contentType, err := p.body(req, files)
	if err != nil {
		return channel.SendResponse{}, Exchange{}, err
	}
	resp, err := p.post(ctx, body, contentType, req.DeliveryID)
	x := Exchange{Bytes: len(body)}
	if resp != nil {
		x.Status = resp.Status
	}
	out, err := p.read(resp, err)
	return out, x, err
}

// Signal shows typing and reading where the far side takes it.
func (p Poster) Signal(ctx context.Context, req channel.SignalRequest) error {
	kind := map[channel.SignalKind]string{channel.SignalTyping: actTyping, channel.SignalRead: actRead}[req.Kind]
	if p.URL == "" || kind == "" || !p.takes(kind) {
		return nil
	}
	body, err := p.encode(map[string]any{
		"type": kind, "conversation": req.ConversationID, "recipient": req.Recipient, "thread": req.Thread, "message": req.Target,
	})
	if err != nil {
		return err
	}
	_, err = p.post(ctx, body, typeJSON, "")
	return err
}

func (p Poster) post(ctx context.Context, body []byte, contentType, key string) (*outbound.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errs.Reject(CodeNoAddress, "The address to post to is none.").WithCause(err)
	}
	r.Header = signature.Scheme{}.Sign(body, p.Now(), p.Secrets...)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", UserAgent)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if p.Authorization != "" {
		r.Header.Set("Authorization", p.Authorization)
	}
	return p.By.Do(r)
}

// read says what an answer means.
func (p Poster) read(resp *outbound.Response, err error) (channel.SendResponse, error) {
	switch {
	case err == nil:
		return p.accepted(resp, false)
	case resp != nil && resp.Status == http.StatusConflict && p.Once:
		return p.accepted(resp, true)
	}
	e := errs.As(err)
	if p.Once || e.Source != errs.FarSide || errors.Is(err, outbound.ErrNotSent) {
		return channel.SendResponse{}, err
	}
	// Nobody is asked twice who would do it twice: only what says that nothing
	// was done is tried again.
	if resp != nil && (resp.Status == http.StatusTooManyRequests || resp.Status == http.StatusServiceUnavailable || resp.Status == http.StatusUnauthorized) {
		return channel.SendResponse{}, err
	}
	return channel.SendResponse{}, errs.Doubt(err, "The connected system did not say whether it took the message.")
}

func (p Poster) accepted(resp *outbound.Response, duplicate bool) (channel.SendResponse, error) {
	out := channel.SendResponse{Duplicate: duplicate}
	if !p.WantsID {
		return out, nil
	}
	var answer any
	decoder := json.NewDecoder(bytes.NewReader(resp.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		if p.Once && !duplicate && len(resp.Body) > 0 { // a proxy's page, perhaps
			return channel.SendResponse{}, errs.Unavailable(err, "The connected system answered with something that is not JSON.")
		}
		return out, nil
	}
	if id, there := p.AnswerID.In(answer); there {
		out.MessageID = plainID(id)
	}
	return out, nil
}

// plainID is an id that the core takes; "" for anything else.
func plainID(v any) string {
	switch v.(type) {
	case string, json.Number:
		if id := expr.Plain(v); len(id) <= 500 {
			return id
		}
	}
	return ""
}
