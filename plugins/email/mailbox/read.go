package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/patchbay-im/patchbay/sdk/errs"
)

// chunk is how many mails are asked about at once.
const chunk = 100

// read hands on what is new in the folder, in the order of its numbers.
func (f *folder) read(ctx context.Context, d *delivery) error {
	if fresh, err := f.open(ctx); err != nil || !fresh {
		return err
	}
	for {
		found, err := f.unread()
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return f.caughtUp(ctx)
		}
		for part := range slices.Chunk(found, chunk) {
			if err := f.readPart(ctx, d, part); err != nil {
				return err
			}
		}
	}
}

// unread are the UIDs after the last one, without those of the past that are not
// wanted, ascending.
func (f *folder) unread() ([]imap.UID, error) {
	after := f.at.Last
	var out []imap.UID
	if p := f.at.Past; p != nil {
		if after < p.Until {
			old, err := f.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{between(after+1, p.Until)}, Since: day(p.Since)})
			if err != nil {
				return nil, err
			}
			out = old
		}
		after = max(after, p.Until)
	}
	fresh, err := f.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{between(after+1, 0)}})
	if err != nil {
		return nil, err
	}
	for _, uid := range fresh {
		if uint32(uid) > after { // "n:*" is also the last one when it is below n
			out = append(out, uid)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// between is the range from:until; 0 = to the end.
func between(from, until uint32) imap.UIDSet {
	return imap.UIDSet{imap.UIDRange{Start: imap.UID(from), Stop: imap.UID(until)}}
}

// day is the date to search since: servers compare days of their own zone.
func day(t time.Time) time.Time {
	const first = 48 * 60 * 60 // nothing is older, and no server knows years before
	return time.Unix(max(t.Unix(), first), 0).UTC().Add(-24 * time.Hour)
}

// about is what a server says of a mail.
type about struct {
	uid  imap.UID
	size int64
	at   time.Time
}

// readPart hands on some mails.
func (f *folder) readPart(ctx context.Context, d *delivery, uids []imap.UID) error {
	known, err := f.ask(uids)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		if a, ok := known[uid]; ok { // otherwise it was deleted meanwhile
			if err := f.handOn(ctx, d, a); err != nil {
				return err
			}
		}
	}
	f.at.Last = max(f.at.Last, uint32(uids[len(uids)-1]))
	return nil
}

// ask asks for sizes and times.
func (f *folder) ask(uids []imap.UID) (map[imap.UID]about, error) {
	out := make(map[imap.UID]about, len(uids))
	err := f.s.guarded(func() error {
		all, err := f.s.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
		for _, m := range all {
			out[m.UID] = about{m.UID, m.RFC822Size, m.InternalDate}
		}
		if err != nil {
			return refused("The mail server does not give its mail.", err)
		}
		return nil
	})
	return out, err
}

// handOn fetches a mail, hands it on, and moves the place.
func (f *folder) handOn(ctx context.Context, d *delivery, a about) (err error) {
	raw := f.raw(a)
	defer func() { err = errors.Join(err, raw.done()) }()
	ended, err := f.begin(ctx, d, uint32(a.uid))
	if err != nil {
		return err
	}
	there, err := f.fetch(a, raw)
	switch {
	case err != nil:
		return err
	case there && ended >= fatal:
		f.s.c.Notice(ctx, Notice{Kind: Poisoned, Folder: f.name, Key: raw.Key, Err: errFatal()})
	case there:
		if err := d.hand(ctx, raw, func() error { return f.survived(ctx) }); err != nil {
			return err
		}
	}
	f.at.Last, f.at.Begun, f.at.Folder = uint32(a.uid), nil, f.name
	if a.at.After(f.at.Newest) {
		f.at.Newest = a.at
	}
	return f.at.save(ctx, f.s.c.Cursors, f.key)
}

// raw is a mail without its content.
func (f *folder) raw(a about) *Raw {
	return &Raw{
		Key:    fmt.Sprintf("%s/%d/%d", f.key, f.at.Validity, a.uid),
		Folder: f.name, Role: f.role, At: a.at, Size: a.size, Truncated: a.size > f.s.c.MaxSize,
		Again: f.at.Past != nil && f.at.Past.Again && uint32(a.uid) <= f.at.Past.Until,
	}
}

// fatal is how many processes a mail may take with it.
const fatal = 5

func errFatal() error {
	return errs.Reject("mail_fatal", "The program ended while it handled this mail, again and again.")
}

// begin notes the mail that a session handles first, and says how many processes
// ended while they handled it.
func (f *folder) begin(ctx context.Context, d *delivery, uid uint32) (ended int, err error) {
	if d.begun {
		return 0, nil
	}
	d.begun = true
	if b := f.at.Begun; b != nil && b.UID == uid {
		ended = b.Times
	}
	f.at.Begun = &begun{UID: uid, Times: ended + 1}
	return ended, f.at.save(ctx, f.s.c.Cursors, f.key)
}

// survived takes back what begin noted, also when ctx has just ended.
func (f *folder) survived(ctx context.Context) error {
	if f.at.Begun == nil {
		return nil
	}
	f.at.Begun = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return f.at.save(ctx, f.s.c.Cursors, f.key)
}

// fetch reads a mail's content, whole or its head. It reports whether the mail is
// still there.
func (f *folder) fetch(a about, raw *Raw) (there bool, err error) {
	section := &imap.FetchItemBodySection{Peek: true}
	most := f.s.c.MaxSize
	if raw.Truncated {
		most = f.s.c.Head
		section.Partial = &imap.SectionPartial{Offset: 0, Size: most}
	}
	const slowest = 16 << 10 // bytes a second
	guard := time.AfterFunc(f.s.c.Answer+time.Duration(min(a.size, most)/slowest)*time.Second, f.s.close)
	defer guard.Stop()
	command := f.s.client.Fetch(imap.UIDSetNum(a.uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	for m := command.Next(); m != nil && err == nil; m = command.Next() {
		for item := m.Next(); item != nil && err == nil; item = m.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil || there {
				continue
			}
			if body.Literal.Size() > most { // it told another size
				raw.Truncated, most = true, f.s.c.Head
			}
			there, err = true, raw.fill(body.Literal, f.s.c, most)
		}
	}
	if closed := command.Close(); err == nil && closed != nil {
		return false, refused("The mail server does not give its mail.", closed)
	}
	return there, unreachable(err)
}

// caughtUp notes that all is read that was there at the beginning.
func (f *folder) caughtUp(ctx context.Context) error {
	p := f.at.Past
	if p == nil {
		return nil
	}
	f.at.Last, f.at.Past = max(f.at.Last, p.Until), nil
	return f.at.save(ctx, f.s.c.Cursors, f.key)
}
