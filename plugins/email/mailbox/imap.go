package mailbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// imapSession is a connection that is signed in.
type imapSession struct {
	c      *Config
	client *imapclient.Client
	wake   chan struct{} // something changed in the selected folder

	names    []string        // of all folders
	roles    map[Role]string // folders by role
	selected string
}

// openIMAP connects and signs in. When ctx ends the connection is closed.
func openIMAP(ctx context.Context, c *Config) (*imapSession, error) {
	var s *imapSession
	err := c.Credentials.SignIn(ctx, c.Server, func(choose endpoint.Mechanism) error {
		fresh := &imapSession{c: c, wake: make(chan struct{}, 1)}
		err := fresh.connect(ctx)
		if err == nil {
			err = fresh.signIn(choose)
		}
		if err != nil {
			fresh.close()
			return err
		}
		s = fresh
		return nil
	})
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, s.close)
	s.introduce()
	return s, nil
}

func (s *imapSession) connect(ctx context.Context) error {
	conn, err := s.c.Server.Connect(ctx, s.c.Dial)
	if err != nil {
		return err
	}
	options := &imapclient.Options{TLSConfig: s.c.Server.Config(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				s.ring()
			}
		},
	}}
	// The client is made before the guard, and does its first steps under it.
	guard := time.AfterFunc(s.c.Answer, func() { _ = conn.Close() })
	defer guard.Stop()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if s.c.Server.Security == endpoint.StartTLS {
		s.client, err = imapclient.NewStartTLS(conn, options)
		return startTLSFailed(err)
	}
	s.client = imapclient.New(conn, options)
	return greeted(s.client.WaitGreeting())
}

// ring notes that mail may have come. It is called by who reads from the server,
// and never waits.
func (s *imapSession) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func startTLSFailed(err error) error {
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return endpoint.Refusal(endpoint.CodeNoTLS, "The mail server does not do STARTTLS on this port.", e.Text, err)
	}
	return greeted(err)
}

// greeted is the error of a connection that the server did not want.
func greeted(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*imap.Error](err); ok {
		return endpoint.SignInFailed(endpoint.Busy, e.Text, err)
	}
	return endpoint.Unreachable(err)
}

func (s *imapSession) close() {
	if s.client != nil {
		_ = s.client.Close() // what it read before is handled
	}
}

// guarded runs a command. A server that does not answer in time is one that is
// gone: the client of go-imap has limits for what it reads, and none for what does
// not come.
func (s *imapSession) guarded(command func() error) error {
	guard := time.AfterFunc(s.c.Answer, s.close)
	defer guard.Stop()
	return command()
}

// signIn signs in by the best way there is.
func (s *imapSession) signIn(choose endpoint.Mechanism) error {
	return s.guarded(func() error {
		caps := s.client.Caps()
		if caps == nil {
			return endpoint.Unreachable(errors.New("no capabilities"))
		}
		mechanism, err := choose(caps.AuthMechanisms())
		switch {
		case err == nil:
			return signInFailed(s.client.Authenticate(mechanism))
		case s.c.Credentials.Token != nil:
			return err
		case caps.Has(imap.CapLoginDisabled):
			return errs.Reject(endpoint.CodeNoTLS, "The mail server takes passwords over TLS alone. Set the security of the connection to tls or starttls.")
		}
		return signInFailed(s.client.Login(s.c.Credentials.Username, s.c.Credentials.Password).Wait())
	})
}

// signInFailed reads why a server did not let us in: first its code (RFC 5530),
// then its words.
func signInFailed(err error) error {
	e, ok := errors.AsType[*imap.Error](err)
	if err == nil || !ok {
		if errors.Is(err, sasl.ErrUnexpectedServerChallenge) {
			return endpoint.SignInFailed(endpoint.Rejected, "", err)
		}
		return unreachable(err)
	}
	verdict := endpoint.Judge(e.Text)
	switch e.Code { //nolint:exhaustive // the others say nothing about a sign-in
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired:
		verdict = endpoint.Rejected
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		verdict = endpoint.Busy
	case imap.ResponseCodeContactAdmin, imap.ResponseCodeNoPerm, imap.ResponseCodePrivacyRequired:
		verdict = endpoint.Refused
	}
	return endpoint.SignInFailed(verdict, e.Text, err)
}

// unreachable is the error of a command that a connection did not survive; what
// the server refuses stays an *imap.Error in the chain.
func unreachable(err error) error {
	if err == nil {
		return nil
	}
	return endpoint.Unreachable(err)
}

// introduce says who we are. NetEase's servers open no folder otherwise ("Unsafe
// Login"). What a server makes of it is its own affair.
func (s *imapSession) introduce() {
	if !s.client.Caps().Has(imap.CapID) {
		return
	}
	_ = s.guarded(func() error {
		_, err := s.client.ID(&imap.IDData{Name: s.c.Agent.Name, Version: s.c.Agent.Version, Vendor: s.c.Agent.Vendor, SupportURL: s.c.Agent.Contact}).Wait()
		return err
	})
}

func (s *imapSession) idles() bool {
	caps := s.client.Caps()
	return caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
}

// discover lists the folders and finds those with a role.
func (s *imapSession) discover() error {
	return s.guarded(func() error {
		all, err := s.client.List("", "*", nil).Collect()
		if err != nil {
			return refused("The mail server does not list its folders.", err)
		}
		s.names, s.roles = nil, map[Role]string{Inbox: "INBOX"}
		for _, f := range all {
			if slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) || slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) {
				continue
			}
			s.names = append(s.names, f.Mailbox)
			if role := roleOf(f); role != Other && (s.roles[role] == "" || special(f)) {
				s.roles[role] = f.Mailbox
			}
		}
		slices.Sort(s.names)
		return nil
	})
}

// special reports whether the server itself gives a folder its role (RFC 6154).
func special(f *imap.ListData) bool {
	return slices.Contains(f.Attrs, imap.MailboxAttrSent) || slices.Contains(f.Attrs, imap.MailboxAttrJunk)
}

// roleOf is a folder's role: by its attribute, or by a name that programs give.
func roleOf(f *imap.ListData) Role {
	switch {
	case slices.Contains(f.Attrs, imap.MailboxAttrSent):
		return Sent
	case slices.Contains(f.Attrs, imap.MailboxAttrJunk):
		return Junk
	}
	name := strings.TrimPrefix(strings.ToLower(f.Mailbox), "inbox"+string(f.Delim))
	switch name {
	case "sent", "sent items", "sent messages", "sent mail", "sent-mail", "已发送", "已发送邮件", "已发邮件", "gesendet", "gesendete objekte", "envoyés", "éléments envoyés":
		return Sent
	case "junk", "spam", "junk e-mail", "junk email", "bulk mail", "垃圾邮件", "垃圾箱":
		return Junk
	}
	return Other
}

// refused is the error of a command: of a connection that is gone, of a server
// that is busy, or of one that refuses.
func refused(sentence string, err error) error {
	e, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return unreachable(err)
	}
	switch e.Code { //nolint:exhaustive // the others are refusals
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug:
		return errs.Unavailable(err, sentence)
	}
	if endpoint.Judge(e.Text) == endpoint.Busy {
		return errs.Unavailable(err, sentence)
	}
	return endpoint.Refusal(endpoint.CodeRefused, sentence, e.Text, err)
}
