package submit

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// said are a server's words with their numbers.
func said(e *smtp.SMTPError) string {
	if e.EnhancedCode[0] > 0 {
		return fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], e.Message)
	}
	return fmt.Sprintf("%d %s", e.Code, e.Message)
}

// refused reads an answer (RFC 5321, 4.2; RFC 3463): 4xx is for now, 5xx for good.
func refused(err error, sentence string) *errs.Error {
	e, ok := errors.AsType[*smtp.SMTPError](err)
	if !ok {
		return errs.As(endpoint.Unreachable(err))
	}
	words := endpoint.Refusal(endpoint.CodeRefused, sentence, said(e), err)
	switch {
	case throttled(e):
		return errs.RateLimited(pauseOf(e), words.Detail).WithCause(err)
	case e.Temporary():
		return errs.Unavailable(err, words.Detail)
	case e.Code == 552 && e.EnhancedCode[1] != 2, e.EnhancedCode == smtp.EnhancedCode{5, 3, 4}:
		return tooLarge(err)
	case e.Code == 530, e.Code == 535:
		return errs.As(signInFailed(err))
	}
	return words
}

// throttled recognises those who want fewer mails of us: by the detail of RFC
// 3463 that large providers use, and by their words.
func throttled(e *smtp.SMTPError) bool {
	if e.EnhancedCode == (smtp.EnhancedCode{5, 4, 5}) { // Google's limit of a day
		return true
	}
	text := strings.ToLower(e.Message)
	for _, sign := range []string{"rate limit", "too many messages", "too many mails", "sending limit", "too fast", "frequency limited", "频率"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func pauseOf(e *smtp.SMTPError) time.Duration {
	if e.Temporary() {
		return 0
	}
	return time.Hour
}

func tooLarge(cause error) *errs.Error {
	return errs.Reject(endpoint.CodeTooLarge, "The mail is larger than the mail server takes.").WithCause(cause)
}

// refusedRecipient is refused for one recipient.
func refusedRecipient(err error, address string) *errs.Error {
	out := refused(err, "The mail server does not take mail for "+address+".")
	e, ok := errors.AsType[*smtp.SMTPError](err)
	if ok && out.Code == endpoint.CodeRefused && (e.EnhancedCode[1] == 1 || e.EnhancedCode[0] <= 0 && (e.Code == 550 || e.Code == 551 || e.Code == 553)) {
		return out.WithCode(errs.CodeInvalidRecipient)
	}
	return out
}

// worst is the error of a mail that nobody gets: for now, if one of the
// refusals is.
func worst(all []Recipient) error {
	for _, one := range all {
		if one.Err.Source == errs.FarSide {
			return one.Err
		}
	}
	return all[0].Err
}

// signInFailed reads why a server did not let us in (RFC 4954, section 6).
func signInFailed(err error) error {
	e, ok := errors.AsType[*smtp.SMTPError](err)
	if err == nil || !ok {
		if err == nil {
			return nil
		}
		return endpoint.Unreachable(err)
	}
	verdict := endpoint.Judge(e.Message)
	switch {
	case e.Temporary():
		verdict = endpoint.Busy
	case e.Code == 534, e.Code == 538:
		verdict = endpoint.Refused
	case e.Code == 535 && verdict == endpoint.Busy:
		verdict = endpoint.Rejected // "try again" means the password
	}
	return endpoint.SignInFailed(verdict, said(e), err)
}
