package errs_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// What a far side's HTTP status means for a message.
func Example() {
	classify := func(status int, header http.Header) error {
		switch {
		case status == http.StatusTooManyRequests:
			seconds, _ := strconv.Atoi(header.Get("Retry-After"))
			return errs.RateLimited(time.Duration(seconds)*time.Second, "The far side asks us to slow down.")
		case status == http.StatusUnauthorized:
			return errs.Unavailable(nil, "The token is no longer accepted.").WithCode(errs.CodeAuthExpired)
		case status >= 500:
			return errs.Unavailable(fmt.Errorf("status %d", status), "The far side is in trouble.")
		case status >= 400:
			return errs.Reject(errs.CodeInvalidRecipient, "There is nobody of that name.")
		}
		return nil
	}
	for _, status := range []int{200, 404, 429, 401, 502} {
		err := classify(status, http.Header{"Retry-After": {"7"}})
		if err == nil {
			fmt.Println(status, "sent")
			continue
		}
		e := errs.As(err)
		fmt.Println(status, e.Source, e.Code, e.RetryAfter)
	}
	// Output:
	// 200 sent
	// 404 rejected invalid_recipient 0s
	// 429 far_side rate_limited 7s
	// 401 far_side auth_expired 0s
	// 502 far_side provider_unreachable 0s
}

func TestAs(t *testing.T) {
	if errs.As(nil) != nil {
		t.Error("no error became one")
	}
	cause := errors.New("boom")
	if e := errs.As(cause); e.Source != errs.Own || e.Code != errs.CodePluginFault || !errors.Is(e, cause) {
		t.Errorf("an unclassified error: %+v", e)
	}
	if e := errs.As(fmt.Errorf("send: %w", errs.Unavailable(cause, "later").WithRetryAfter(time.Second))); e.Source != errs.FarSide || e.RetryAfter != time.Second || !errors.Is(e, cause) {
		t.Errorf("a wrapped error: %+v", e)
	}
	if got := errs.Reject("x", "y").WithCause(cause).Error(); got != "x: y: boom" {
		t.Errorf("text: %q", got)
	}
}
