package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Codes of errors, beside those of package errs.
const (
	CodeBlocked     = "blocked"          // the customer has blocked the bot
	CodeNotStarted  = "not_started"      // the customer has never written to the bot
	CodeNotMember   = "not_member"       // the bot is not in the group, or may not write there
	CodeTooLong     = "text_too_long"    // as Telegram counts
	CodeTooLarge    = "file_too_large"   // for Telegram
	CodeFileRefused = "file_refused"     // it is not what it should be, or not wanted
	CodeGone        = "message_gone"     // edited or taken back: there is none
	CodeTooOld      = "message_too_old"  // for an edit, or to be taken back
	CodeConflict    = "polled_elsewhere" // somebody else asks for the bot's updates
	CodeStrange     = "far_side_strange" // no Bot API speaks like that
	CodeFileGone    = "file_gone"
)

// Answer is a refusal in the server's own words: the cause of errors.
type Answer struct {
	Status      int
	Description string
	MigratedTo  int64 // the chat's new id; 0 = it has not changed
}

// Error returns the server's words.
func (a *Answer) Error() string { return fmt.Sprintf("%d %s", a.Status, a.Description) }

// Says reports whether the server's words are among a refusal's.
func (a *Answer) Says(words string) bool {
	return a != nil && strings.Contains(strings.ToLower(a.Description), strings.ToLower(words))
}

// AnswerOf is the refusal behind an error; nil when there is none.
func AnswerOf(err error) *Answer {
	a, _ := errors.AsType[*Answer](err)
	return a
}

// judge does requests, and returns what is no success as an error.
type judge struct{ http *outbound.Client }

// Do implements the library's HttpClient.
func (j judge) Do(r *http.Request) (*http.Response, error) {
	if err := settle(r); err != nil {
		return nil, outbound.NotSent(errs.Unavailable(err, "The request could not be written."))
	}
	resp, err := j.http.Exchange(r)
	if err == nil {
		err = verdict(resp)
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: strconv.Itoa(resp.Status), StatusCode: resp.Status, Header: resp.Header, Request: r, Body: io.NopCloser(bytes.NewReader(resp.Body)),
	}, nil
}

// maxWhole bounds the requests that are held in memory, in bytes: all without a
// file.
const maxWhole = 64 << 10

// settle reads a request that is being written, if it is small: the connection
// can then be made anew under it when the server has closed an idle one.
func settle(r *http.Request) error {
	if r.Body == nil || r.GetBody != nil {
		return nil
	}
	body := r.Body
	head, err := io.ReadAll(io.LimitReader(body, maxWhole))
	if err != nil {
		return err
	}
	if len(head) == maxWhole {
		r.Body = rest{io.MultiReader(bytes.NewReader(head), body), body}
		return nil
	}
	r.ContentLength = int64(len(head))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(head)), nil }
	r.Body, err = r.GetBody()
	return err
}

// rest is a body of which a part was read.
type rest struct {
	io.Reader
	io.Closer
}

// verdict is what an answer means; nil = it is a success.
func verdict(r *outbound.Response) error {
	var said struct {
		OK          *bool  `json:"ok"`
		Code        int    `json:"error_code"`
		Description string `json:"description"`
		Parameters  struct {
			RetryAfter int   `json:"retry_after"`
			MigratedTo int64 `json:"migrate_to_chat_id"`
		} `json:"parameters"`
	}
	ours := json.Unmarshal(r.Body, &said) == nil && said.OK != nil
	if ours && *said.OK && r.Status >= 200 && r.Status < 300 {
		return nil
	}
	a := &Answer{Status: r.Status, Description: said.Description, MigratedTo: said.Parameters.MigratedTo}
	if ours && said.Code != 0 {
		a.Status = said.Code
	}
	after := time.Duration(max(said.Parameters.RetryAfter, 0)) * time.Second
	switch s := a.Status; {
	case s == http.StatusTooManyRequests:
		return errs.RateLimited(max(after, r.RetryAfter()), "Telegram asks us to slow down.").WithCause(a)
	case s == http.StatusRequestEntityTooLarge:
		return errs.Reject(CodeTooLarge, "The file is too large for Telegram.").WithCause(a)
	case !ours && s < http.StatusInternalServerError, ours && said.OK != nil && *said.OK:
		return strange(a)
	case s == http.StatusUnauthorized || s == http.StatusNotFound:
		return errs.Unavailable(a, "Telegram does not know the token. It was revoked, or it is another bot's.").WithCode(errs.CodeAuthExpired)
	case s == http.StatusConflict:
		return conflict(a)
	case s == http.StatusForbidden:
		return forbidden(a)
	case s == http.StatusBadRequest:
		return refused(a)
	case s >= http.StatusInternalServerError:
		return errs.Unavailable(a, fmt.Sprintf("Telegram is in trouble (status %d).", s)).WithRetryAfter(max(after, r.RetryAfter()))
	default:
		return errs.Reject(errs.CodeBadRequest, "Telegram refuses the request: "+plain(a.Description)).WithCause(a)
	}
}

// plain is a description as agents read it.
func plain(description string) string {
	for _, prefix := range []string{"Bad Request: ", "Forbidden: ", "Conflict: "} {
		description = strings.TrimPrefix(description, prefix)
	}
	return strings.TrimSuffix(description, ".") + "."
}

func conflict(a *Answer) error {
	detail := "Another program asks Telegram for this bot's messages. Each bot belongs to one program: end the other one, or make a bot of your own for this inbox."
	if a.Says("webhook") {
		detail = "This bot's messages are posted to another program (a webhook). Remove it there, or make a bot of your own for this inbox."
	}
	return errs.Unavailable(a, detail).WithCode(CodeConflict)
}

func forbidden(a *Answer) error {
	switch {
	case a.Says("blocked by the user"):
		return errs.Reject(CodeBlocked, "The customer has blocked the bot.").WithCause(a)
	case a.Says("deactivated"):
		return errs.Reject(errs.CodeInvalidRecipient, "The customer's Telegram account does not exist any more.").WithCause(a)
	case a.Says("initiate conversation"), a.Says("can't send messages to bots"):
		return errs.Reject(CodeNotStarted, "The customer has never written to the bot, and a bot may not write first.").WithCause(a)
	default:
		return errs.Reject(CodeNotMember, "The bot may not write there: "+plain(a.Description)).WithCause(a)
	}
}

// refusals are the words of 400 that have a code of their own.
func refusals() []struct{ words, code, detail string } {
	return []struct{ words, code, detail string }{
		{"chat not found", errs.CodeInvalidRecipient, "Telegram does not know this chat."},
		{"peer_id_invalid", errs.CodeInvalidRecipient, "Telegram does not know this chat."},
		{"is too long", CodeTooLong, "The text is too long for Telegram."},
		{"file is too big", CodeTooLarge, "The file is too large for Telegram."},
		{"can't be edited", CodeTooOld, "Telegram does not let this message be changed any more."},
		{"can't be deleted", CodeTooOld, "Telegram does not let this message be taken back any more: it may be two days old at most."},
		{"message to edit not found", CodeGone, "The message is not there any more."},
		{"message to delete not found", CodeGone, "The message is not there any more."},
		{"not enough rights", CodeNotMember, "The bot may not write there."},
		{"voice_messages_forbidden", CodeFileRefused, "The customer does not want voice messages."},
		{"photo_", CodeFileRefused, "Telegram does not take the file as a picture."},
		{"image_process_failed", CodeFileRefused, "Telegram does not take the file as a picture."},
		{"wrong file", CodeFileRefused, "Telegram does not take the file."},
	}
}

func refused(a *Answer) error {
	for _, r := range refusals() {
		if a.Says(r.words) {
			return errs.Reject(r.code, r.detail).WithCause(a)
		}
	}
	return errs.Reject(errs.CodeBadRequest, "Telegram refuses the message: "+plain(a.Description)).WithCause(a)
}

// gone is the refusal of a file.
func gone(err error) error {
	a := AnswerOf(err)
	switch {
	case a.Says("too big"):
		return tooLarge()
	case a != nil && a.Status == http.StatusBadRequest:
		return errs.Reject(CodeFileGone, "Telegram does not have the file any more.").WithCause(a)
	}
	return err
}

func tooLarge() error {
	return errs.Reject(CodeTooLarge, "The file is larger than the 20 MB that Telegram hands out to bots. Ask the customer for a link, or for smaller files.")
}

// Undone reports whether what an error is about was certainly not done: the
// server said no, or never got it. Else nobody knows.
func Undone(err error) bool {
	e, a := errs.As(err), AnswerOf(err)
	switch {
	case errors.Is(err, outbound.ErrNotSent):
		return true
	case a == nil:
		return e.Source != errs.FarSide && e.Source != errs.InDoubt
	case a.Status < http.StatusInternalServerError:
		return a.Status >= http.StatusBadRequest
	default: // a gateway does not know what happened behind it
		return a.Description != "" && a.Status != http.StatusBadGateway && a.Status != http.StatusGatewayTimeout
	}
}

// Hooked is the error of a bot whose updates are posted to somebody else.
func Hooked() error {
	return conflict(&Answer{Status: http.StatusConflict, Description: "a webhook is active"})
}

// NotAsked says of an error that came before the server was asked that nothing was
// done.
func NotAsked(err error) error { return outbound.NotSent(err) }
