package mailbox

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// SentFolder is the folder of an account for what was sent. It has a connection
// of its own for each use.
type SentFolder struct{ c Config }

// Sent returns the account's. POP3 has none: an error of the source Rejected.
func (r *Reader) Sent() (*SentFolder, error) {
	if r.c.Protocol != IMAP {
		return nil, errs.Reject("config_invalid", "POP3 has no folder for what was sent.")
	}
	return &SentFolder{r.c}, nil
}

// Has reports whether a mail with a Message-ID is there.
func (f *SentFolder) Has(ctx context.Context, messageID string) (there bool, err error) {
	err = f.with(ctx, func(s *imapSession) (err error) {
		there, err = s.has(messageID)
		return err
	})
	return there, err
}

// Put puts a mail there, read, unless one with its Message-ID is there already.
// It reports whether it did. size is the content's, which has CRLF.
func (f *SentFolder) Put(ctx context.Context, messageID string, content io.Reader, size int64) (put bool, err error) {
	err = f.with(ctx, func(s *imapSession) error {
		there, err := s.has(messageID)
		if err != nil || there {
			return err
		}
		put = true
		return s.put(content, size)
	})
	return put && err == nil, err
}

// with opens the account and finds the folder. Where there is none, one is made.
func (f *SentFolder) with(ctx context.Context, do func(*imapSession) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := openIMAP(ctx, &f.c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.discover(); err != nil {
		return err
	}
	if s.roles[Sent] == "" {
		const name = "Sent"
		s.roles[Sent] = name
		err := s.guarded(func() error { return s.client.Create(name, nil).Wait() })
		if err != nil {
			return refused("The mail server has no folder for what was sent, and none can be made.", err)
		}
	}
	return do(s)
}

// has searches the Sent folder.
func (s *imapSession) has(messageID string) (bool, error) {
	err := s.guarded(func() error {
		_, err := s.client.Select(s.roles[Sent], &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		return false, refused("The folder “"+s.roles[Sent]+"” cannot be opened.", err)
	}
	// The brackets are not part of the id everywhere.
	found, err := s.search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: strings.Trim(messageID, "<> ")}}})
	return len(found) > 0, err
}

func (s *imapSession) put(content io.Reader, size int64) error {
	const slowest = 16 << 10 // bytes a second
	guard := time.AfterFunc(s.c.Answer+time.Duration(size/slowest)*time.Second, s.close)
	defer guard.Stop()
	command := s.client.Append(s.roles[Sent], size, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}, Time: s.c.Now()})
	_, err := io.CopyN(command, content, size)
	if closed := command.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return unreachable(err)
	}
	if _, err := command.Wait(); err != nil {
		return refused("The mail server does not keep a copy of what was sent.", err)
	}
	return nil
}
