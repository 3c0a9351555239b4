package far

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Codes of this plugin beside those of package errs.
const (
	CodeBadAnswer = "bad_answer" // the far side said what nobody understands
	CodeForbidden = "forbidden"  // the account may not do this
	CodeNotFound  = "not_found"
	CodeConflict  = "conflict"
)

// maxDetail bounds what is quoted of the far side, in characters.
const maxDetail = 300

// Says stands in a detail between the far side's name and its own words.
const Says = " says: "

// maxPause bounds how long a far side can make us wait.
const maxPause = 15 * time.Minute

// read judges an answer.
func (c *Client) read(r *mapping.Request, resp *outbound.Response) (*Answer, error) {
	body, parseErr := parse(resp.Body)
	means, rule := c.meaning(resp.Status, body, parseErr == nil)
	if means == mapping.MeansNotFound && rule == nil && !r.Single {
		return nil, errs.Reject(CodeNotFound, fmt.Sprintf("%s has no such place (status %d): is the address right?", c.base.Host, resp.Status))
	}
	if means != mapping.MeansOK && means != mapping.MeansNotFound {
		return nil, c.failure(means, rule, resp, body)
	}
	answer := &Answer{Found: means == mapping.MeansOK}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.skew.Store(int64(at.Sub(c.now())))
	}
	if !answer.Found {
		return answer, nil
	}
	if parseErr != nil {
		return nil, bad(fmt.Sprintf("%s did not answer with JSON (status %d).", c.base.Host, resp.Status))
	}
	answer.Body = body
	answer.Rows = rows(r.Items, body)
	return answer, nil
}

// parse reads JSON; an empty body is nothing.
func parse(raw []byte) (any, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil //nolint:nilnil // nothing is an answer, too
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var body any
	if err := decoder.Decode(&body); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("more than one value")
	}
	return body, nil
}

// rows are the entries of a list, or the one object that stands there.
func rows(items expr.Pointer, body any) []any {
	v, there := items.In(body)
	if !there || v == nil {
		return nil
	}
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// meaning says what an answer means: by the mapping's rules, the first that
// fits, else by its status.
func (c *Client) meaning(status int, body any, parsed bool) (string, *mapping.Rule) {
	for i := range c.mapping.Errors {
		rule := &c.mapping.Errors[i]
		if len(rule.Status) > 0 && !slices.Contains(rule.Status, status) {
			continue
		}
		if rule.At != nil {
			v, there := rule.At.In(body)
			if !parsed || !there || len(rule.In) == 0 && v == nil || len(rule.In) > 0 && !Among(v, rule.In) {
				continue
			}
		}
		return rule.Means, rule
	}
	switch {
	case status >= 200 && status < 300:
		return mapping.MeansOK, nil
	case status == http.StatusUnauthorized:
		return mapping.MeansAuth, nil
	case status == http.StatusTooManyRequests:
		return mapping.MeansRateLimited, nil
	case status == http.StatusNotFound, status == http.StatusGone:
		return mapping.MeansNotFound, nil
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusLocked:
		return mapping.MeansRetry, nil
	default:
		return mapping.MeansRejected, nil
	}
}

// Among reports whether a value is one of some; numbers are compared as they
// are written.
func Among(v any, list []any) bool {
	return slices.ContainsFunc(list, func(one any) bool { return reflect.DeepEqual(v, one) })
}

// failure makes an error of an answer.
func (c *Client) failure(means string, rule *mapping.Rule, resp *outbound.Response, body any) error {
	said := c.said(rule, body)
	detail := fmt.Sprintf("%s answered with status %d.", c.base.Host, resp.Status)
	if said != "" {
		detail = c.base.Host + Says + said
	}
	var e *errs.Error
	switch means {
	case mapping.MeansAuth:
		e = expired(detail)
	case mapping.MeansRateLimited:
		after := c.retryAfter(resp)
		c.pace.pause(after)
		e = errs.RateLimited(after, detail)
	case mapping.MeansRetry:
		var cause error
		if resp.Status >= http.StatusInternalServerError {
			cause = ErrFault
		}
		e = errs.Unavailable(cause, detail).WithRetryAfter(c.retryAfter(resp))
	default:
		e = errs.Reject(codeOf(resp.Status), detail)
		if resp.Status >= 300 && resp.Status < 400 {
			e = bad(fmt.Sprintf("%s sends elsewhere (status %d): is the address right?", c.base.Host, resp.Status))
		}
	}
	if rule != nil && rule.Code != "" {
		e = e.WithCode(rule.Code)
	}
	return e
}

func codeOf(status int) string {
	switch status {
	case http.StatusForbidden:
		return CodeForbidden
	case http.StatusNotFound, http.StatusGone:
		return CodeNotFound
	case http.StatusConflict:
		return CodeConflict
	default:
		return errs.CodeBadRequest
	}
}

// bad tells of an answer that nobody understands: the far side may be in
// trouble, so it is worth another try.
func bad(detail string) *errs.Error { return errs.Unavailable(nil, detail).WithCode(CodeBadAnswer) }

// expired says that somebody must mend the credentials. What was to be done is
// tried again then.
func expired(detail string) *errs.Error {
	return errs.Unavailable(nil, detail).WithCode(errs.CodeAuthExpired)
}

func isAuth(err error) bool {
	e, ok := errors.AsType[*errs.Error](err)
	return ok && e.Code == errs.CodeAuthExpired
}

// said is what the far side says is wrong, short and without secrets.
func (c *Client) said(rule *mapping.Rule, body any) string {
	if rule == nil || rule.Message == nil {
		return ""
	}
	v, there := rule.Message.In(body)
	if !there {
		return ""
	}
	text := []rune(c.Redact(Clean(expr.Plain(v))))
	if len(text) > maxDetail {
		text = append(text[:maxDetail], '…')
	}
	return strings.TrimSpace(string(text))
}

// Clean takes out of a text what no text of ours may hold.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// retryAfter reads the header: seconds, or a date (RFC 9110, 10.2.3).
func (c *Client) retryAfter(resp *outbound.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<20))*time.Second, maxPause)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(c.now()), 0), maxPause)
	}
	return 0
}
