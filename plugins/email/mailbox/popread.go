package mailbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
)

// popSession reads what is new, and then again at each poll: a connection to a
// POP3 server sees what was there when it began.
func (r *Reader) popSession(ctx context.Context, d *delivery) (signedIn bool, err error) {
	for {
		p, err := openPOP(ctx, &r.c)
		if err != nil {
			return signedIn, err
		}
		if !signedIn {
			r.c.Notice(ctx, Notice{Kind: Connected})
		}
		signedIn = true
		if err := p.read(ctx, d); err != nil {
			p.close()
			return true, err
		}
		if err := p.quit(); err != nil {
			return true, err
		}
		if !sleep(ctx, r.c.Poll) {
			return true, ctx.Err()
		}
	}
}

// read hands on what is new.
func (p *popConn) read(ctx context.Context, d *delivery) error {
	all, err := p.list()
	if err != nil {
		return err
	}
	known, err := loadSeen(ctx, p.c.Cursors, all)
	if err != nil {
		return err
	}
	if known == nil {
		if known, err = p.first(ctx, all); err != nil {
			return err
		}
	}
	for _, m := range all {
		if known.has(m.uidl) {
			continue
		}
		if err := p.handOn(ctx, d, m, known); err != nil {
			return err
		}
	}
	return nil
}

// first is what counts as seen at the very first time: all, or nothing yet.
func (p *popConn) first(ctx context.Context, all []popMail) (*seen, error) {
	known := newSeen(p.c.Cursors)
	if p.c.Since.IsZero() {
		for _, m := range all {
			known.put(m.uidl)
		}
	}
	return known, known.saveAll(ctx)
}

// handOn fetches a mail, hands it on, and notes that it was seen.
func (p *popConn) handOn(ctx context.Context, d *delivery, m popMail, known *seen) (err error) {
	old, err := p.tooOld(m, p.c.Since)
	if err != nil || old {
		return errors.Join(err, noted(ctx, known, m, old))
	}
	raw := p.raw(m)
	defer func() { err = errors.Join(err, raw.done()) }()
	ended, err := known.begin(ctx, d, m.uidl)
	if err != nil {
		return err
	}
	if err := p.fetch(m, raw); err != nil {
		return err
	}
	if ended >= fatal {
		p.c.Notice(ctx, Notice{Kind: Poisoned, Folder: raw.Folder, Key: raw.Key, Err: errFatal()})
	} else if err := d.hand(ctx, raw, func() error { return known.survived(ctx) }); err != nil {
		return err
	}
	return noted(ctx, known, m, true)
}

// raw is a mail without its content.
func (p *popConn) raw(m popMail) *Raw {
	return &Raw{Key: "pop3/" + hash(m.uidl).String(), Folder: "INBOX", Role: Inbox, Size: m.size, Truncated: m.size > p.c.MaxSize}
}

func noted(ctx context.Context, known *seen, m popMail, is bool) error {
	if !is {
		return nil
	}
	known.put(m.uidl)
	return known.save(ctx)
}

// fetch reads a mail. Of one that is too large the headers and as many lines as
// fit; of a server that cannot do that the beginning.
func (p *popConn) fetch(m popMail, raw *Raw) error {
	const line = 64 // bytes that a line is taken to have
	into := func(most int64) func(io.Reader) error {
		return func(from io.Reader) error { return raw.fill(from, p.c, most) }
	}
	if raw.Truncated {
		err := p.retrieve(m, int(p.c.Head/line), into(p.c.Head))
		if _, refused := errors.AsType[refusal](err); !refused {
			return err
		}
		return p.gone(p.retrieve(m, -1, into(p.c.Head)))
	}
	return p.gone(p.retrieve(m, -1, func(from io.Reader) error {
		if err := raw.fill(from, p.c, p.c.MaxSize); err != nil {
			return err
		}
		raw.Truncated = raw.length >= p.c.MaxSize // it told another size
		return nil
	}))
}

// gone is the error of a mail that cannot be read.
func (p *popConn) gone(err error) error {
	if said, ok := errors.AsType[refusal](err); ok {
		return endpoint.SignInFailed(endpoint.Busy, string(said), err)
	}
	return err
}

// tooOld reports whether a mail came before a time. The server's own Received
// header says when; where there is none, the mail is read.
func (p *popConn) tooOld(m popMail, since time.Time) (bool, error) {
	if since.IsZero() {
		return false, nil
	}
	var head bytes.Buffer
	err := p.retrieve(m, 0, func(from io.Reader) error {
		_, err := io.Copy(&head, io.LimitReader(from, p.c.Head))
		return err
	})
	if _, refused := errors.AsType[refusal](err); refused {
		return false, nil // TOP is optional
	}
	if err != nil {
		return false, err
	}
	at, ok := arrived(head.Bytes())
	return ok && at.Before(since), nil
}

// arrived is the time in the topmost Received header.
func arrived(head []byte) (time.Time, bool) {
	h, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(head))).ReadMIMEHeader() // what can be read
	received := h.Get("Received")
	at, err := mail.ParseDate(strings.TrimSpace(received[strings.LastIndexByte(received, ';')+1:]))
	return at, err == nil
}

// digest stands for a UIDL.
type digest [8]byte

// String returns it in hexadecimal digits.
func (d digest) String() string { return hex.EncodeToString(d[:]) }
