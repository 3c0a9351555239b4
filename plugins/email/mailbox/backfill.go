package mailbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Backfill hands on all mail that came since a time and that was read already,
// under the Keys it had, and returns how many those were. No place moves: what is
// not read yet is Run's. It has a connection of its own; a POP3 server lets one in
// at a time, and may be busy with Run's.
func (r *Reader) Backfill(ctx context.Context, since time.Time) (handed int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &delivery{c: &r.c}
	if r.c.Protocol == POP3 {
		p, err := openPOP(ctx, &r.c)
		if err != nil {
			return 0, err
		}
		handed, err = p.backfill(ctx, d, since)
		return handed, errors.Join(err, p.quit())
	}
	s, err := openIMAP(ctx, &r.c)
	if err != nil {
		return 0, err
	}
	defer s.close()
	if err := s.discover(); err != nil {
		return 0, err
	}
	for _, f := range s.followed() {
		n, err := f.backfill(ctx, d, since)
		if handed += n; err != nil && errs.As(err).Code != endpoint.CodeFolder {
			return handed, err
		}
	}
	return handed, nil
}

func (f *folder) backfill(ctx context.Context, d *delivery, since time.Time) (handed int, err error) {
	if f.at, err = load(ctx, f.s.c.Cursors, f.key); err != nil || f.at == nil {
		return 0, err
	}
	data, err := f.choose()
	if err != nil || data.UIDValidity != f.at.Validity || f.at.Last == 0 {
		return 0, err // what is numbered anew is read again by Run
	}
	found, err := f.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{between(1, f.at.Last)}, Since: day(since)})
	if err != nil {
		return 0, err
	}
	slices.Sort(found)
	for part := range slices.Chunk(found, chunk) {
		known, err := f.ask(part)
		if err != nil {
			return handed, err
		}
		for _, uid := range part {
			a, ok := known[uid]
			if !ok || a.at.Before(since) {
				continue
			}
			if err := f.again(ctx, d, a); err != nil {
				return handed, err
			}
			handed++
		}
	}
	return handed, nil
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

func (p *popConn) backfill(ctx context.Context, d *delivery, since time.Time) (handed int, err error) {
	all, err := p.list()
	if err != nil {
		return 0, err
	}
	known, err := loadSeen(ctx, p.c.Cursors, all)
	if err != nil || known == nil {
		return 0, err
	}
	for _, m := range all {
		if !known.has(m.uidl) {
			continue
		}
		old, err := p.tooOld(m, since)
		if err != nil {
			return handed, err
		}
		if old {
			continue
		}
		if err := p.again(ctx, d, m); err != nil {
			return handed, err
		}
		handed++
	}
	return handed, nil
}

func (p *popConn) again(ctx context.Context, d *delivery, m popMail) (err error) {
	raw := p.raw(m)
	defer func() { err = errors.Join(err, raw.done()) }()
	if err := p.fetch(m, raw); err != nil {
		return err
	}
	return d.hand(ctx, raw, func() error { return nil })
}
