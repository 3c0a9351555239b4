package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// follow reads all folders, and then waits for what happens, until the connection
// ends.
func (s *imapSession) follow(ctx context.Context, d *delivery) error {
	missing := make(map[string]bool) // said already
	for {
		if err := s.round(ctx, d, missing); err != nil {
			return err
		}
		if err := s.wait(ctx, d); err != nil {
			return err
		}
	}
}

// round reads what is new in each folder, the inbox last: it stays selected, and
// the server announces what comes into it.
func (s *imapSession) round(ctx context.Context, d *delivery, missing map[string]bool) error {
	if err := s.discover(); err != nil {
		return err
	}
	for _, f := range s.followed() {
		err := f.read(ctx, d)
		if errs.As(err) != nil && errs.As(err).Code == endpoint.CodeFolder && f.role != Inbox {
			if !missing[f.key] {
				s.c.Notice(ctx, Notice{Kind: FolderMissing, Folder: f.name, Err: err})
			}
			missing[f.key] = true
			continue
		}
		if err != nil {
			return err
		}
		delete(missing, f.key)
	}
	return nil
}

// followed are the folders that are read.
func (s *imapSession) followed() []*folder {
	var out []*folder
	seen := map[string]bool{"INBOX": true}
	add := func(role Role, name string) {
		if !seen[name] {
			seen[name] = true
			out = append(out, &folder{s: s, role: role, name: name, key: folderKey(role, name)})
		}
	}
	for role, wanted := range map[Role]bool{Sent: s.c.Sent, Junk: s.c.Junk} {
		if name := s.roles[role]; wanted && name != "" {
			add(role, name)
		}
	}
	for _, name := range s.c.Folders {
		add(Other, name)
	}
	return append(out, &folder{s: s, role: Inbox, name: "INBOX", key: folderKey(Inbox, "INBOX")})
}

// wait waits until it is time for the next round. Mail that comes into the inbox
// is read at once.
func (s *imapSession) wait(ctx context.Context, d *delivery) error {
	timer := time.NewTimer(s.c.Poll)
	defer timer.Stop()
	inbox := &folder{s: s, role: Inbox, name: "INBOX", key: folderKey(Inbox, "INBOX")}
	for {
		due, err := s.listen(ctx, timer.C)
		if err != nil || due {
			return err
		}
		if err := inbox.read(ctx, d); err != nil {
			return err
		}
	}
}

// listen returns when mail may have come, or when the time is due.
func (s *imapSession) listen(ctx context.Context, timer <-chan time.Time) (due bool, err error) {
	if !s.idles() {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-s.client.Closed():
			return false, endpoint.Unreachable(errors.New("the server ended the connection"))
		case <-timer:
			return true, nil
		}
	}
	var stop func() error
	err = s.guarded(func() error {
		idle, err := s.client.Idle()
		if err != nil {
			return refused("The mail server does not let us wait for mail.", err)
		}
		stop = func() error { return errors.Join(idle.Close(), idle.Wait()) }
		return nil
	})
	if err != nil {
		return false, err
	}
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.client.Closed(): // before idle.Wait knows of it
		return false, endpoint.Unreachable(errors.New("the server ended the connection"))
	case <-s.wake:
	case <-timer:
		due = true
	}
	return due, errors.Join(err, unreachable(s.guarded(stop)))
}

// folder is a folder that is read.
type folder struct {
	s    *imapSession
	role Role
	name string
	key  string
	at   *place
}

// open selects the folder for reading alone, and compares its numbers with the
// place that was reached.
// It reports whether there may be something new.
func (f *folder) open(ctx context.Context) (fresh bool, err error) {
	if f.at, err = load(ctx, f.s.c.Cursors, f.key); err != nil {
		return false, err
	}
	if f.at != nil && f.s.selected == f.name {
		return true, nil // its numbers hold as long as it is selected
	}
	if f.at != nil && f.role != Inbox && f.unchanged() {
		return false, nil
	}
	data, err := f.choose()
	if err != nil {
		return false, err
	}
	return true, f.compare(ctx, data)
}

// choose selects the folder.
func (f *folder) choose() (data *imap.SelectData, err error) {
	err = f.s.guarded(func() (err error) {
		f.s.selected = ""
		data, err = f.s.client.Select(f.name, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		err = refused("The folder “"+f.name+"” cannot be opened.", err)
		if e := errs.As(err); e.Source == errs.Rejected && f.role != Inbox {
			return nil, e.WithCode(endpoint.CodeFolder)
		}
		return nil, err
	}
	f.s.selected = f.name
	return data, nil
}

// unchanged asks without opening the folder.
func (f *folder) unchanged() bool {
	var data *imap.StatusData
	err := f.s.guarded(func() (err error) {
		data, err = f.s.client.Status(f.name, &imap.StatusOptions{UIDNext: true, UIDValidity: true}).Wait()
		return err
	})
	return err == nil && f.at.Past == nil && data.UIDValidity == f.at.Validity && data.UIDNext == imap.UID(f.at.Last)+1
}

// compare makes a place for a folder that is new to us, or numbered anew.
func (f *folder) compare(ctx context.Context, data *imap.SelectData) error {
	if f.at != nil && f.at.Validity == data.UIDValidity {
		return nil
	}
	now := f.s.c.Now()
	until := uint32(max(data.UIDNext, 1) - 1)
	if data.UIDNext == 0 {
		found, err := f.s.search(&imap.SearchCriteria{})
		if err != nil {
			return err
		}
		for _, uid := range found {
			until = max(until, uint32(uid))
		}
	}
	fresh := &place{Folder: f.name, Validity: data.UIDValidity, Newest: now}
	switch {
	case f.at != nil:
		fresh.Newest = f.at.Newest
		fresh.Past = &past{Until: until, Since: f.at.Newest.Add(-overlap), Again: true}
		f.s.c.Notice(ctx, Notice{Kind: Renumbered, Folder: f.name})
	case f.s.c.Since.IsZero():
		last, err := f.before(f.s.c.Connected, until)
		if err != nil {
			return err
		}
		fresh.Last = last
	default:
		fresh.Past = &past{Until: until, Since: f.s.c.Since}
	}
	f.at = fresh
	return f.at.save(ctx, f.s.c.Cursors, f.key)
}

// before is the last UID up to one whose mail had arrived before a time.
func (f *folder) before(t time.Time, until uint32) (uint32, error) {
	if t.IsZero() || until == 0 {
		return until, nil
	}
	found, err := f.s.search(&imap.SearchCriteria{UID: []imap.UIDSet{between(1, until)}, Since: day(t)})
	if err != nil || len(found) == 0 {
		return until, err
	}
	known, err := f.ask(found)
	for uid, a := range known {
		if !a.at.Before(t.Truncate(time.Second)) {
			until = min(until, uint32(uid)-1)
		}
	}
	return until, err
}

// search returns the UIDs that a search finds.
func (s *imapSession) search(what *imap.SearchCriteria) (found []imap.UID, err error) {
	err = s.guarded(func() error {
		data, err := s.client.UIDSearch(what, nil).Wait()
		if err != nil {
			return refused("The mail server does not search its folder.", err)
		}
		found = data.AllUIDs()
		return nil
	})
	return found, err
}
