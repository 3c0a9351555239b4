package polling

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/outgoing"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Codes of errors, beside those of package errs.
const (
	CodeNotJSON  = "answer_not_json" // the answer cannot be read
	CodeNoList   = "list_missing"    // the list is not where the form says
	CodeTooMany  = "page_too_large"  // more than MaxItems on a page
	CodeNextAway = "next_elsewhere"  // the next page is at another server
	CodeUnfit    = "cursor_unusable" // the cursor cannot stand where the form puts it
)

// Fetch asks for one page. An error has its source: what the far side refused for
// good has to be mended by whoever wrote the form. The Page beside an error says
// what there was of an answer.
func (p *Plan) Fetch(ctx context.Context, by outgoing.Doer, at Place, now func() time.Time) (Page, error) {
	begun := now()
	at = p.At(at, begun)
	if at.Begun.IsZero() {
		at.Begun = begun
	}
	r, err := p.request(ctx, at, begun)
	if err != nil {
		return Page{}, err
	}
	resp, err := by.Do(r)
	var out Page
	if resp != nil {
		out.Status, out.Bytes = resp.Status, len(resp.Body)
	}
	if err != nil {
		return out, meaning(out.Status, err)
	}
	if !at.Midway() {
		at.Begun = asked(resp, begun, now())
	}
	return out, p.read(resp, r.URL, at, &out)
}

// meaning says of an error what polling knows better: whom a system does not let
// read needs other credentials.
func meaning(status int, err error) error {
	if status == http.StatusForbidden {
		return errs.Unavailable(err, "The connected system does not let us read (status 403).").WithCode(errs.CodeAuthExpired)
	}
	return err
}

// asked is when a page was asked for, by the far side's clock where it tells the
// time: what was written after it is not missed, however wrong ours is.
func asked(resp *outbound.Response, begun, ended time.Time) time.Time {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return at.Add(begun.Sub(ended))
	}
	return begun
}

func (p *Plan) request(ctx context.Context, at Place, now time.Time) (*http.Request, error) {
	scope, err := p.scope(at, now)
	if err != nil {
		return nil, err
	}
	to, err := p.address(at, scope)
	if err != nil {
		return nil, err
	}
	var body []byte
	if p.body != nil {
		value, _, err := p.body.Value(scope)
		if err != nil {
			return nil, unfit(err)
		}
		if body, err = json.Marshal(value); err != nil {
			return nil, unfit(err)
		}
	}
	method, sent := http.MethodGet, io.Reader(http.NoBody)
	if p.fields.Method == http.MethodPost {
		method, sent = http.MethodPost, bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, to, sent)
	if err != nil {
		return nil, errs.Reject(outgoing.CodeNoAddress, "The address to ask is none.").WithCause(err)
	}
	if method == http.MethodPost {
		r.Header = signature.Scheme{}.Sign(body, now, p.fields.Secrets...)
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", outgoing.UserAgent)
	if p.fields.Authorization != "" {
		r.Header.Set("Authorization", p.fields.Authorization)
	}
	return r, nil
}

// scope is what the placeholders mean. A cursor that there is not yet is absent.
func (p *Plan) scope(at Place, now time.Time) (expr.Scope, error) {
	out := expr.Scope{namePage: int64(max(at.Page, 1)), nameNow: now.UTC()}
	if at.Next != "" {
		out[nameNext] = at.Next
	}
	switch {
	case p.fields.Cursor == CursorTime:
		t, err := time.Parse(time.RFC3339Nano, at.Cursor)
		if err != nil {
			return nil, unfit(err)
		}
		out[nameCursor] = t.UTC()
	case at.Cursor != "":
		out[nameCursor] = at.Cursor
	}
	return out, nil
}

func unfit(err error) error {
	return errs.Reject(CodeUnfit, "What is filled into the request does not fit: "+err.Error()+".")
}

// address is where a page is. It never leaves the server that was typed.
func (p *Plan) address(at Place, scope expr.Scope) (string, error) {
	filled, err := p.url.String(scope, escaped)
	if err != nil {
		return "", unfit(err)
	}
	u, err := url.Parse(filled)
	if err == nil && at.Next != "" && !p.fills(nameNext) { // the answer had an address
		u, err = u.Parse(at.Next)
	}
	if err == nil && u.Scheme+"://"+u.Host != p.host {
		err = errNoServer
	}
	if err != nil {
		return "", errs.Reject(CodeNextAway, "The answer names a next page that is at no address of the same server.").WithCause(err)
	}
	return u.String(), nil
}

// escaped is a value as it stands in an address, in a path and in a query.
func escaped(s string) (string, error) {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), nil
}

// read reads an answer into out.
func (p *Plan) read(resp *outbound.Response, from *url.URL, at Place, out *Page) error {
	var body any
	if resp.Status != http.StatusNoContent {
		var fault error
		if body, fault = decoded(resp.Body); fault != nil {
			return errs.Unavailable(fault, "The connected system answered with something that is not JSON.").WithCode(CodeNotJSON)
		}
		var ok bool
		if out.Items, ok = p.list(body); !ok {
			return errs.Reject(CodeNoList, "The list of messages is not where the form says in the answer of the connected system.")
		}
	}
	if len(out.Items) > MaxItems {
		return errs.Reject(CodeTooMany, fmt.Sprintf("A page has at most %d items; this one has %d. Ask for fewer at a time.", MaxItems, len(out.Items)))
	}
	p.newest(body, out.Items, &at, out)
	out.Then, out.Over = p.then(body, from, at, out.Items)
	return nil
}

func decoded(raw []byte) (any, error) {
	value, fault := mapping.Decode("application/json", raw)
	if fault != nil {
		return nil, fault
	}
	return value, nil
}

// list is the list of an answer; null is an empty one.
func (p *Plan) list(body any) ([]any, bool) {
	if p.items != nil {
		var there bool
		if body, there = p.items.Find(body); !there {
			return nil, false
		}
	}
	list, ok := body.([]any)
	return list, ok || body == nil
}

// newest notes what the cursor will be when the round is over.
func (p *Plan) newest(body any, items []any, at *Place, out *Page) {
	note := func(v any) bool {
		word := plain(v)
		if word != "" {
			at.Newest = word
		}
		return word != ""
	}
	switch p.fields.Cursor {
	case CursorTime:
		if !at.Midway() {
			at.Newest = at.Begun.Add(-p.fields.Overlap).UTC().Format(time.RFC3339Nano)
		}
	case CursorAnswer:
		out.Found = note(p.cursorAt.In(body))
	case CursorItem:
		for i := range items {
			if !p.NewestFirst() {
				i = len(items) - 1 - i
			}
			word := plain(p.cursorAt.In(items[i]))
			if word == "" {
				continue
			}
			if out.Found = true; !p.NewestFirst() || at.Newest == "" {
				at.Newest = word
			}
			return
		}
	}
}

// plain is a value that can be a cursor or lead to a page; "" for anything else.
func plain(v any) string {
	switch v.(type) {
	case string, json.Number:
		if word := expr.Plain(v); len(word) <= maxWord {
			return word
		}
	}
	return ""
}

// then says where it goes on: on the next page, or with the next round.
func (p *Plan) then(body any, from *url.URL, at Place, items []any) (Place, bool) {
	over := at.Again()
	if at.Newest != "" {
		over.Cursor = at.Newest
	}
	on := at
	on.Page, on.Last = max(at.Page, 1)+1, digest(items)
	switch {
	case p.next != nil:
		on.Next = plain(p.next.In(body))
		if on.Next == "" || on.Next == at.Next || on.Next == from.String() {
			return over, true
		}
		return on, false
	case p.fills(namePage):
		if len(items) == 0 || on.Last == at.Last { // it has no such page, or knows no pages
			return over, true
		}
		return on, false
	case p.fields.Cursor == CursorItem || p.fields.Cursor == CursorAnswer:
		return over, len(items) == 0 || over.Cursor == at.Cursor || p.NewestFirst()
	default:
		return over, true
	}
}

// digest tells a page from another one.
func digest(items []any) string {
	encoded, _ := json.Marshal(items) // it was JSON
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
