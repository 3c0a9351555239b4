// Package submit hands mail to a server that sends it (RFC 6409), and says for
// each recipient what became of it: taken, refused for now, refused for good, or
// not known.
//
// Not known is a connection that broke after the last byte was sent: the server
// may have the mail. It is never sent again by itself; where the Sent folder
// shows it, it was taken.
//
// Concurrency: a Sender is safe for concurrent use; each Send has a connection of
// its own.
package submit

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Options are where mail is handed in.
type Options struct {
	Server      endpoint.Server
	Credentials endpoint.Credentials // without a user name nobody signs in
	Dial        outbound.Dial
	// Hello is the name we give ourselves; "" = the domain of the sender.
	Hello string
	// Sent settles what is not known. nil = it stays so.
	Sent Folder
	// Answer is how long the server may take for the mail, scanning included; 0 =
	// five minutes.
	Answer time.Duration
}

// Folder is where mail that was sent is kept; mailbox.SentFolder is one.
type Folder interface {
	// Has reports whether a mail with a Message-ID is there.
	Has(ctx context.Context, messageID string) (bool, error)
}

// Mail is what is to be sent.
type Mail struct {
	From string   // of the envelope; "" = nobody, as of a bounce
	To   []string // of the envelope: all recipients, those of Bcc too
	// MessageID is the header's, with its brackets.
	MessageID string
	Content   io.Reader // RFC 5322, with CRLF
	Size      int64     // of Content in bytes; 0 = not known
	// UTF8: an address or a header has characters beyond ASCII as they are (RFC
	// 6531).
	UTF8 bool
}

// Recipient is what became of a mail for one address.
type Recipient struct {
	Address string
	Err     *errs.Error // nil = the server took it
}

// Result is what became of a mail that was taken for one recipient at least.
type Result struct {
	Recipients []Recipient
	// Answer are the server's words, often with its name for the mail.
	Answer string
}

// Refused are the recipients that the mail was not taken for.
func (r Result) Refused() []Recipient {
	var out []Recipient
	for _, one := range r.Recipients {
		if one.Err != nil {
			out = append(out, one)
		}
	}
	return out
}

// Sender hands in mail.
type Sender struct{ o Options }

// New returns a Sender, or an error of the source Rejected about its settings.
func New(o Options) (*Sender, error) {
	if o.Answer == 0 {
		o.Answer = 5 * time.Minute
	}
	return &Sender{o}, o.Server.Check()
}

// commandTime is how long a server may take for anything else.
const commandTime = time.Minute

// Send hands a mail in. An error says that no recipient gets it: of the source
// Rejected for good, of the source FarSide for now, of the source InDoubt nobody
// knows. Where some recipients were refused the Result says so; to send it to
// them again is another mail.
func (s *Sender) Send(ctx context.Context, m Mail) (Result, error) {
	if err := m.check(); err != nil {
		return Result{}, err
	}
	var out Result
	err := s.with(ctx, m.From, func(c *smtp.Client) (err error) {
		out, err = s.transact(c, m)
		return err
	})
	if e := errs.As(err); e == nil || e.Source != errs.InDoubt || s.o.Sent == nil {
		return out, err
	}
	if there, lookErr := s.o.Sent.Has(ctx, m.MessageID); lookErr != nil || !there {
		return out, err // that it is not there proves nothing
	}
	for i := range out.Recipients {
		if out.Recipients[i].Err != nil && out.Recipients[i].Err.Source == errs.InDoubt {
			out.Recipients[i].Err = nil
		}
	}
	return out, nil
}

// Check connects and signs in, as a form's "test" does.
func (s *Sender) Check(ctx context.Context) error {
	return s.with(ctx, "", func(*smtp.Client) error { return nil })
}

// check refuses what would be another command.
func (m Mail) check() error {
	if len(m.To) == 0 {
		return errs.Reject(errs.CodeInvalidRecipient, "The mail has no recipient.")
	}
	for _, address := range append([]string{m.From}, m.To...) {
		if strings.ContainsAny(address, "\r\n<>\x00 ") || address != "" && !strings.Contains(address, "@") {
			return errs.Reject(errs.CodeInvalidRecipient, "“"+strings.Map(printable, address)+"” is no address.")
		}
	}
	return nil
}

func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return ' '
}

// with signs in, does something, and ends the connection.
func (s *Sender) with(ctx context.Context, from string, do func(*smtp.Client) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var c *smtp.Client
	attempt := func(choose endpoint.Mechanism) error {
		if c != nil {
			_ = c.Close() // of a token that was refused
		}
		var err error
		if c, err = s.connect(ctx, from); err != nil {
			return err
		}
		return s.signIn(c, choose)
	}
	defer func() {
		if c != nil {
			_ = c.Close() // nothing is under way any more
		}
	}()
	if s.o.Credentials.Username == "" {
		if err := attempt(nil); err != nil {
			return err
		}
	} else if err := s.o.Credentials.SignIn(ctx, s.o.Server, attempt); err != nil {
		return err
	}
	if err := do(c); err != nil {
		return err
	}
	_ = c.Quit() // it was done before
	return nil
}

// connect connects and greets.
func (s *Sender) connect(ctx context.Context, from string) (*smtp.Client, error) {
	conn, err := s.o.Server.Connect(ctx, s.o.Dial)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	var c *smtp.Client
	if s.o.Server.Security == endpoint.StartTLS {
		if c, err = startTLS(conn, s.o.Server); err != nil {
			return nil, err
		}
	} else {
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = commandTime, s.o.Answer
	if err := c.Hello(s.hello(from)); err != nil {
		return nil, errors.Join(refused(err, "The mail server does not want us."), c.Close())
	}
	return c, nil
}

func startTLS(conn net.Conn, s endpoint.Server) (*smtp.Client, error) {
	if err := conn.SetDeadline(time.Now().Add(commandTime)); err != nil { //nolint:forbidigo // of a socket
		return nil, endpoint.Unreachable(err)
	}
	c, err := smtp.NewClientStartTLS(conn, s.Config())
	if err == nil {
		return c, nil
	}
	// The library has no type for a server that does not offer it.
	if _, ok := errors.AsType[*smtp.SMTPError](err); ok || strings.Contains(err.Error(), "doesn't support STARTTLS") {
		return nil, errs.Reject(endpoint.CodeNoTLS, "The mail server does not do STARTTLS on this port.").WithCause(err)
	}
	return nil, endpoint.Unreachable(err)
}

func (s *Sender) hello(from string) string {
	if s.o.Hello != "" {
		return s.o.Hello
	}
	if _, domain, ok := strings.Cut(from, "@"); ok {
		return domain
	}
	return "localhost"
}

func (s *Sender) signIn(c *smtp.Client, choose endpoint.Mechanism) error {
	if choose == nil {
		return nil
	}
	_, offered := c.Extension("AUTH")
	mechanism, err := choose(strings.Fields(offered))
	if err != nil {
		return err
	}
	return signInFailed(c.Auth(mechanism))
}

// transact hands the mail over.
func (s *Sender) transact(c *smtp.Client, m Mail) (Result, error) {
	if err := fits(c, m); err != nil {
		return Result{}, err
	}
	if err := c.Mail(m.From, &smtp.MailOptions{UTF8: m.UTF8, Size: m.Size}); err != nil {
		return Result{}, refused(err, "The mail server does not let us send as "+m.From+".")
	}
	var out Result
	taken := 0
	for _, address := range m.To {
		one := Recipient{Address: address}
		if err := c.Rcpt(address, nil); err != nil {
			if _, said := errors.AsType[*smtp.SMTPError](err); !said {
				return Result{}, endpoint.Unreachable(err)
			}
			one.Err = refusedRecipient(err, address)
		} else {
			taken++
		}
		out.Recipients = append(out.Recipients, one)
	}
	if taken == 0 {
		return out, worst(out.Recipients)
	}
	answer, err := data(c, m.Content)
	out.Answer = answer
	if err != nil {
		for i := range out.Recipients {
			if out.Recipients[i].Err == nil {
				out.Recipients[i].Err = errs.As(err)
			}
		}
	}
	return out, err
}

// fits compares what a mail needs with what the server offers.
func fits(c *smtp.Client, m Mail) error {
	if ok, _ := c.Extension("SMTPUTF8"); m.UTF8 && !ok {
		return errs.Reject(endpoint.CodeUnsupported, "The mail server cannot send to or from addresses with characters beyond ASCII.")
	}
	_, limit := c.Extension("SIZE")
	if most, err := strconv.ParseInt(limit, 10, 64); err == nil && most > 0 && m.Size > most {
		return tooLarge(nil)
	}
	return nil
}

// data sends the content. What breaks before the end was not sent: a server takes
// nothing without the final dot.
func data(c *smtp.Client, content io.Reader) (answer string, err error) {
	w, err := c.Data()
	if err != nil {
		return "", refused(err, "The mail server does not take the mail.")
	}
	if _, err := io.Copy(w, content); err != nil {
		return "", endpoint.Unreachable(err)
	}
	response, err := w.CloseWithResponse()
	if err == nil {
		return response.StatusText, nil
	}
	if _, said := errors.AsType[*smtp.SMTPError](err); said {
		return "", refused(err, "The mail server does not take the mail.")
	}
	return "", errs.Doubt(err, "The connection to the mail server broke after the mail was sent. It may have it, or not.")
}
