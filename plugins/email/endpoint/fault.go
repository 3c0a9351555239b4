package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"unicode"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Codes of errors of the packages that speak to mail servers, beside those of
// package errs: errs.CodeUnavailable is a server that is out of reach or says
// that it is busy, errs.CodeAuthExpired one that rejects the credentials.
const (
	CodeAddress     = "mail_address_invalid"     // the address of the server is none
	CodePlain       = "mail_plain_refused"       // we do not send passwords in the open
	CodeCertificate = "mail_certificate"         // its certificate is not trusted, or is another's
	CodeNoTLS       = "mail_no_tls"              // it does not speak TLS as it should on this port
	CodeNoSignIn    = "mail_sign_in_unsupported" // it offers no way to sign in that we and the settings have
	CodeRefused     = "mail_refused"             // it refuses the account or what we ask, whatever the password
	CodeNoUIDL      = "mail_no_uidl"             // POP3: mail cannot be told apart
	CodeFolder      = "mail_folder_missing"      // a folder is not there
	CodeUnsupported = "mail_address_unsupported" // it cannot take addresses with such characters
	CodeTooLarge    = "mail_too_large"           // it takes no mail of this size
)

// Unreachable is the error of a connection that was not made, or was lost: try
// again. What no trying mends, such as a certificate, is an error of the source
// Rejected. An *errs.Error stays what it is.
func Unreachable(err error) error {
	if _, ours := errors.AsType[*errs.Error](err); ours {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errs.Reject(CodeCertificate, "The mail server's certificate is not trusted: "+why(err)+".").WithCause(err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errs.Reject(CodeNoTLS, "The mail server does not speak TLS on this port. Is it the port for STARTTLS?").WithCause(err)
	}
	return errs.Unavailable(err, "The mail server is out of reach.")
}

func why(err error) string {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "it has expired"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "it is for another name"
	}
	return "no authority that is known here has signed it"
}

// Verdict is what a server's refusal of a sign-in means.
type Verdict uint8

// The verdicts.
const (
	Rejected Verdict = iota // the credentials are wrong, or no longer good
	Refused                 // the server does not let this account in, by its rules
	Busy                    // later
)

// Judge reads a server's words, for protocols and servers that give no code. What
// is no sign of anything else is about the credentials.
func Judge(text string) Verdict {
	text = strings.ToLower(text)
	for verdict, signs := range map[Verdict][]string{
		Busy: {
			"too many", "try again", "temporar", "rate limit", "not available", "unavailable", "in use", "not connected", "timeout",
			"timed out", "internal error", "server error", "system busy", "busy", "overloaded", "later", "频繁", "稍后",
		},
		Refused: {"unsafe login", "disabled", "not enabled", "not allowed", "blocked", "not permitted", "suspended", "未开启", "已禁用"},
	} {
		for _, sign := range signs {
			if strings.Contains(text, sign) {
				return verdict
			}
		}
	}
	return Rejected
}

// SignInFailed is the error of a refused sign-in. said are the server's words.
func SignInFailed(v Verdict, said string, cause error) error {
	switch v {
	case Busy:
		return errs.Unavailable(cause, "The mail server does not let us in now."+quoted(said))
	case Refused:
		return errs.Reject(CodeRefused, "The mail server does not let this account in."+quoted(said)).WithCause(cause)
	default:
		return errs.Unavailable(cause, "The mail server does not accept the user name and password, or the sign-in, any more."+quoted(said)).WithCode(errs.CodeAuthExpired)
	}
}

// Refusal is the error of something else that a server refused for good.
func Refusal(code, sentence, said string, cause error) *errs.Error {
	return errs.Reject(code, sentence+quoted(said)).WithCause(cause)
}

// quoted is what a server said, fit to be shown.
func quoted(said string) string {
	const most = 200
	said = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(said, " ")))
	if said == "" {
		return ""
	}
	if runes := []rune(said); len(runes) > most {
		said = string(runes[:most]) + "…"
	}
	return " It says: “" + said + "”"
}

// CredentialsRejected reports whether an error says that somebody must sign in
// again, or type the password again.
func CredentialsRejected(err error) bool {
	return err != nil && errs.As(err).Code == errs.CodeAuthExpired
}
