package main

import (
	"crypto/subtle"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/sdk/conformance/farside"
)

// session is one connection of who hands in mail.
type session struct {
	book *farside.Book
	conn *smtp.Conn
}

// AuthMechanisms implements smtp.AuthSession.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (*session) Auth(string) (sasl.Server, error) { //nolint:unparam // as the interface has it
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != address || subtle.ConstantTimeCompare([]byte(pass), []byte(password)) != 1 {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(string, *smtp.MailOptions) error {
	how, _ := s.book.Manner()
	switch {
	case how.Garbage:
		_, _ = s.conn.Conn().Write([]byte("\x00\xff2 5zero <html>\r\n")) // the client's to bear
		return s.hangUp()
	case how.Status == 429:
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "Too many messages, try again later"}
	}
	return nil
}

// Rcpt implements smtp.Session.
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err //nolint:wrapcheck // the library's own
	}
	how, turn := s.book.Manner()
	switch {
	case how.Hang:
		<-turn
		return s.hangUp()
	case how.Cut:
		return s.hangUp()
	case how.Status >= 500:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Local trouble, try again later"}
	}
	<-time.After(how.Delay)
	s.book.Note(farside.Arrival{Text: message.Read(raw, message.Limits{}).Text})
	return nil
}

// hangUp ends the connection without an answer.
func (s *session) hangUp() error {
	_ = s.conn.Conn().Close() // whatever it says
	return errors.New("the connection is closed")
}

// Reset implements smtp.Session.
func (*session) Reset() {}

// Logout implements smtp.Session.
func (*session) Logout() error { return nil }
