package target

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Codes of failures of mail.
const (
	CodeTLS       = "tls_refused"
	CodeSignIn    = "sign_in_refused"
	CodeSender    = "sender_refused"
	CodeRecipient = "recipient_refused"
)

// Security is how the connection to a mail server is protected.
type Security string

// The ways.
const (
	StartTLS Security = "starttls"
	TLS      Security = "tls"
	Plain    Security = "none" // on this machine alone
)

// Mail sends by a mail server (SMTP, RFC 5321, after RFC 6409): one mail for each
// message, of plain text, marked as made by a program (RFC 3834).
type Mail struct {
	Dial     outbound.Dial
	Server   string // "host:port"
	Security Security
	User     string // "" = no sign-in
	Password string
	From     string
	To       []string // empty = the members that a message is for
	TLS      *tls.Config
	Now      func() time.Time
}

// mailTakes bounds one mail, from the connection to the server's last word.
const mailTakes = 15 * time.Second

// Pace implements Target. Of mail nobody publishes a limit; what comes faster is
// better read together.
func (Mail) Pace() Pace { return Pace{PerMinute: 20, Takes: mailTakes} }

// Send implements Target. All recipients get one mail. An address that the
// server refuses is left out, and the failure is of the sort Partly.
func (m Mail) Send(ctx context.Context, message Message) error {
	to := m.recipients(message)
	if len(to) == 0 {
		return notDone(&Failure{Sort: Never, Code: CodeRecipient})
	}
	return m.talk(ctx, to, func(c *smtp.Client, refused *Failure) error {
		w, err := c.Data()
		if err != nil {
			return notDone(smtpFailure(err, Never, CodeContent))
		}
		if _, err := w.Write(m.compose(message, to)); err != nil {
			return notDone(smtpFailure(err, Later, CodeTrouble))
		}
		if err := w.Close(); err != nil {
			return last(err)
		}
		if refused != nil {
			return refused
		}
		return nil
	})
}

// Probe does everything but the sending.
func (m Mail) Probe(ctx context.Context) error {
	return m.talk(ctx, m.To, func(c *smtp.Client, refused *Failure) error {
		if err := c.Reset(); err != nil {
			return notDone(smtpFailure(err, Later, CodeTrouble))
		}
		return notDone(refused)
	})
}

// last is the failure of a server's answer to the whole mail.
func last(err error) error {
	if _, answered := errors.AsType[*smtp.SMTPError](err); answered {
		return notDone(smtpFailure(err, Never, CodeContent))
	}
	return errs.Unavailable(&Failure{Sort: Later, Code: CodeTrouble, cause: err}, "The mail server did not say whether it has the mail.")
}

// recipients are those of the settings, or the members themselves.
func (m Mail) recipients(message Message) []string {
	if len(m.To) > 0 {
		return m.To
	}
	var out []string
	for _, l := range message.Lines {
		out = append(out, l.Email...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// talk signs in and names sender and recipients, then lets do go on. refused is
// told of addresses that the server does not take, while it takes others.
func (m Mail) talk(ctx context.Context, to []string, do func(c *smtp.Client, refused *Failure) error) error {
	ctx, cancel := context.WithTimeout(ctx, mailTakes)
	defer cancel()
	c, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // the server's answers have said it
	if err := m.signIn(c); err != nil {
		return err
	}
	if err := c.Mail(m.From, nil); err != nil {
		return notDone(smtpFailure(err, Paused, CodeSender))
	}
	var refused *Failure
	taken := 0
	for _, address := range to {
		err := c.Rcpt(address, nil)
		f := smtpFailure(err, Partly, CodeRecipient)
		switch {
		case f == nil:
			taken++
		case f.Sort != Partly:
			return notDone(f)
		default:
			refused = f
		}
	}
	if taken == 0 && refused != nil {
		return notDone(&Failure{Sort: Never, Code: CodeRecipient, Said: refused.Said})
	}
	err = do(c, refused)
	_ = c.Quit() // it has the mail, or does not
	return err
}

// open connects, with TLS.
func (m Mail) open(ctx context.Context) (*smtp.Client, error) {
	conn, err := m.Dial(ctx, "tcp", m.Server)
	if err != nil {
		if errs.As(err).Code == CodeNotAllowed {
			return nil, notDone(&Failure{Sort: Paused, Code: CodeNotAllowed, cause: err})
		}
		return nil, notDone(&Failure{Sort: Later, Code: CodeTrouble, cause: err})
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // the client's own deadlines are minutes
	config := m.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.ServerName, _, _ = net.SplitHostPort(m.Server)
	switch m.Security {
	case Plain:
		return smtp.NewClient(conn), nil
	case TLS:
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, notDone(&Failure{Sort: Paused, Code: CodeTLS, cause: err})
		}
		return smtp.NewClient(secured), nil
	default:
		c, err := smtp.NewClientStartTLS(conn, config)
		if err == nil {
			err = c.Noop() // the handshake is made with it
		}
		if err != nil {
			_ = conn.Close()
			return nil, notDone(smtpFailure(err, Paused, CodeTLS))
		}
		return c, nil
	}
}

func (m Mail) signIn(c *smtp.Client) error {
	if m.User == "" {
		return nil
	}
	by := sasl.NewPlainClient("", m.User, m.Password)
	if !c.SupportsAuth(sasl.Plain) && c.SupportsAuth(sasl.Login) {
		by = sasl.NewLoginClient(m.User, m.Password)
	}
	return notDone(smtpFailure(c.Auth(by), Paused, CodeSignIn))
}

// smtpFailure is what an answer means: 4xx and silence are for later, of 5xx it
// is what the step says.
func smtpFailure(err error, sort Sort, code string) *Failure {
	if err == nil {
		return nil
	}
	said, answered := errors.AsType[*smtp.SMTPError](err)
	switch {
	case answered && said.Code >= 500:
		return &Failure{Sort: sort, Code: code, Said: fmt.Sprintf("SMTP %d", said.Code)}
	case answered:
		return &Failure{Sort: Later, Code: CodeBusy, Said: fmt.Sprintf("SMTP %d", said.Code)}
	}
	if _, broken := errors.AsType[net.Error](err); broken || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		return &Failure{Sort: Later, Code: CodeTrouble, cause: err}
	}
	return &Failure{Sort: sort, Code: code, cause: err}
}

// compose writes the mail.
func (m Mail) compose(message Message, to []string) []byte {
	var b bytes.Buffer
	body := mailBody(message)
	sum := sha256.Sum256([]byte(body + strings.Join(to, ",") + m.Now().UTC().Format(time.RFC3339Nano)))
	_, domain, _ := strings.Cut(m.From, "@")
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	from := mail.Address{Name: "Patchbay", Address: m.From}
	head("From", from.String())
	head("To", "<"+strings.Join(to, ">,\r\n <")+">")
	head("Subject", mime.QEncoding.Encode("utf-8", oneLine(message.Title)))
	head("Date", m.Now().Format(time.RFC1123Z))
	head("Message-ID", "<notify."+hex.EncodeToString(sum[:16])+"@"+domain+">")
	head("Auto-Submitted", "auto-generated")
	head("MIME-Version", "1.0")
	head("Content-Type", "text/plain; charset=utf-8")
	head("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(w, body) // into memory
	_ = w.Close()
	return b.Bytes()
}

func mailBody(m Message) string {
	var b strings.Builder
	for _, l := range m.Lines {
		b.WriteString("- " + oneLine(l.Text))
		if l.Note != "" {
			b.WriteString(" · " + oneLine(l.Note))
		}
		b.WriteString("\r\n")
		if l.Said != "" {
			b.WriteString("  > " + oneLine(l.Said) + "\r\n")
		}
		if l.Link != "" {
			b.WriteString("  " + l.Link + "\r\n")
		}
		b.WriteString("\r\n")
	}
	if m.Rest > 0 {
		b.WriteString(m.More(m.Rest) + "\r\n")
	}
	return b.String()
}
