package mailbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Span is the mail that a step of Backfill is about.
type Span struct {
	Since time.Time
	After string // Step.Next of the step before; "" = at the start
}

// Step is what a step of Backfill came to.
type Step struct {
	Handed int
	Next   string // there is more, and this is where to go on; "" = that was all
}

// Bounds of a step.
const (
	stepMails = 100
	stepTime  = 4 * time.Minute // after which no other mail is begun
)

// Backfill hands on mail that came since a time and that was read already, under
// the Keys it had: at most stepMails. No place of Run moves: what is not read yet
// is Run's. It has a connection of its own; a POP3 server lets one in at a time,
// and may be busy with Run's.
func (r *Reader) Backfill(ctx context.Context, span Span) (Step, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b := &backfill{d: &delivery{c: &r.c}, since: span.Since, until: r.c.Now().Add(stepTime)}
	b.folder, b.after, _ = strings.Cut(span.After, " ")
	var err error
	if r.c.Protocol == POP3 {
		err = b.pop(ctx, &r.c)
	} else {
		err = b.imap(ctx, &r.c)
	}
	return b.step, err
}

// backfill is a step under way.
type backfill struct {
	d     *delivery
	since time.Time
	until time.Time
	step  Step

	// Where to go on: the key of a folder, and what was handed on last of it, by
	// UIDVALIDITY and UID, or by the UIDL of a POP3 server. "" = at the start.
	folder, after string
}

// full reports whether the next mail is left to the next step, which goes on
// after what was handed on last.
func (b *backfill) full(folder, last string) bool {
	if b.step.Handed < stepMails && (b.step.Handed == 0 || !b.d.c.Now().After(b.until)) {
		return false
	}
	b.step.Next = folder + " " + last
	return true
}

func (b *backfill) imap(ctx context.Context, c *Config) error {
	s, err := openIMAP(ctx, c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.discover(); err != nil {
		return err
	}
	folders := s.followed()
	if at := slices.IndexFunc(folders, func(f *folder) bool { return nameOf(f.key) == b.folder }); at >= 0 {
		folders = folders[at:]
	} else {
		b.after = "" // it is gone: what was handed on of it is known
	}
	for _, f := range folders {
		if err := b.read(ctx, f); err != nil && errs.As(err).Code != endpoint.CodeFolder {
			return err
		}
		if b.step.Next != "" {
			return nil
		}
		b.after = ""
	}
	return nil
}

// nameOf is what a folder is called in a place: its key, shortened to one word.
func nameOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

func (b *backfill) read(ctx context.Context, f *folder) (err error) {
	if f.at, err = load(ctx, f.s.c.Cursors, f.key); err != nil || f.at == nil {
		return err
	}
	data, err := f.choose()
	if err != nil || data.UIDValidity != f.at.Validity || f.at.Last == 0 {
		return err // what is numbered anew is read again by Run
	}
	var validity, last uint32
	if n, _ := fmt.Sscanf(b.after, "%d:%d", &validity, &last); n != 2 || validity != data.UIDValidity {
		last = 0
	}
	if last >= f.at.Last {
		return nil
	}
	found, err := f.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{between(last+1, f.at.Last)}, Since: day(b.since)})
	if err != nil {
		return err
	}
	slices.Sort(found)
	return b.hand(ctx, f, data.UIDValidity, last, found)
}

// hand hands on mails of a folder; last is what was handed on before them.
func (b *backfill) hand(ctx context.Context, f *folder, validity, last uint32, found []imap.UID) error {
	for part := range slices.Chunk(found, chunk) {
		known, err := f.ask(part)
		if err != nil {
			return err
		}
		for _, uid := range part {
			a, ok := known[uid]
			if !ok || a.at.Before(b.since) {
				continue
			}
			if b.full(nameOf(f.key), fmt.Sprintf("%d:%d", validity, last)) {
				return nil
			}
			if err := f.again(ctx, b.d, a); err != nil {
				return err
			}
			last = uint32(uid)
			b.step.Handed++
		}
	}
	return nil
}

// again hands a mail on and moves nothing.
func (f *folder) again(ctx context.Context, d *delivery, a about) (err error) {
	raw := f.raw(a)
	defer func() { err = errors.Join(err, raw.done()) }()
	there, err := f.fetch(a, raw)
	if err != nil || !there {
		return err
	}
	return d.hand(ctx, raw, func() error { return nil })
}

func (b *backfill) pop(ctx context.Context, c *Config) error {
	p, err := openPOP(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(b.readPOP(ctx, p), p.quit())
}

func (b *backfill) readPOP(ctx context.Context, p *popConn) error {
	all, err := p.list()
	if err != nil {
		return err
	}
	known, err := loadSeen(ctx, p.c.Cursors, all)
	if err != nil || known == nil {
		return err
	}
	last := b.after
	if at := slices.IndexFunc(all, func(m popMail) bool { return m.uidl == last }); at >= 0 {
		all = all[at+1:]
	}
	for _, m := range all {
		if !known.has(m.uidl) {
			continue
		}
		old, err := p.tooOld(m, b.since)
		if err != nil {
			return err
		}
		if old {
			continue
		}
		if b.full(string(POP3), last) {
			return nil
		}
		if err := p.again(ctx, b.d, m); err != nil {
			return err
		}
		last = m.uidl
		b.step.Handed++
	}
	return nil
}

func (p *popConn) again(ctx context.Context, d *delivery, m popMail) (err error) {
	raw := p.raw(m)
	defer func() { err = errors.Join(err, raw.done()) }()
	if err := p.fetch(m, raw); err != nil {
		return err
	}
	return d.hand(ctx, raw, func() error { return nil })
}
