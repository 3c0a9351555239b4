package conversation

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// fetchFor is how long a channel is asked for a file that it named.
const fetchFor = 24 * time.Hour

// named gives the files that a channel named their ids and their time.
func (s *Service) named(all []media.Brought, at time.Time) []media.Brought {
	out := slices.Clone(all)
	for i := range out {
		if f := &out[i]; f.Fetch.Reference != "" {
			f.ID = media.ID(s.ids.New("att"))
			f.Fetch.At, f.Fetch.Until = at, at.Add(fetchFor)
		}
	}
	return out
}

// fetches reports whether some of the files are to be fetched.
func (w *Written) fetches() bool {
	return slices.ContainsFunc(w.brought, func(b media.Brought) bool { return b.Fetch.Reference != "" })
}

// toFetch tells whoever fetches files that there are some.
func (s *Service) toFetch(w *Written) {
	if s.FilesNamed != nil && w.fetches() {
		s.FilesNamed()
	}
}

// ChangeFile records what became of a file of a message.
func (c *Conversation) ChangeFile(t Turn, m Message, a media.Attachment) *Change {
	before := PreviewOf(m)
	m.Attachments = slices.Clone(m.Attachments)
	for i := range m.Attachments {
		if m.Attachments[i].ID == a.ID {
			m.Attachments[i] = a
		}
	}
	if c.Last == before {
		c.Last = PreviewOf(m)
	}
	return c.record(t, MessageFile, &m, map[string]string{"attachment_id": string(a.ID), "state": a.State()})
}

// settleFile ends an errand with what the file is now, and reports whether
// somebody still wanted to know.
func (s *Service) settleFile(ctx context.Context, e media.Errand, by identity.Actor, a media.Attachment, next media.Due) (bool, error) {
	held := false
	err := s.Store.Within(ctx, e.Workspace, func(ctx context.Context, tx Tx) error {
		var in media.Place
		var err error
		in, held, err = tx.Media().Settle(ctx, e, a, next)
		if err != nil || !held || in.Conversation == "" { // no message has it yet
			return err
		}
		c, err := tx.Conversation(ctx, ID(in.Conversation))
		if err != nil {
			return err
		}
		m, err := tx.Message(ctx, c.ID, in.Seq)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(m.Attachments, func(b media.Attachment) bool { return b.ID == a.ID }) { // an edit has put others in its place
			return nil
		}
		c.ChangeFile(Turn{Actor: by, At: s.Now(), IDs: s.ids}, *m, a)
		return tx.Save(ctx, c)
	})
	return held && err == nil, err
}

// RefetchFile has the channel, or the scanner, asked again for a file that
// failed. It returns the message after it. To ask for what is on its way, or
// here, changes nothing. Errors: file.gone (not found), file.infected (conflict),
// conversation.merged.
func (s *Service) RefetchFile(ctx context.Context, scope identity.Scope, id ID, message MessageID, file media.ID) (Message, error) {
	out, err := s.onMessage(ctx, scope, id, message, func(ctx context.Context, tx Tx, c *Conversation, m Message) (Message, error) {
		if c.MergedInto != "" {
			return Message{}, errMerged(c)
		}
		at := slices.IndexFunc(m.Attachments, func(a media.Attachment) bool { return a.ID == file })
		if at < 0 {
			return m, errs.Absent()
		}
		a := m.Attachments[at]
		if a.Arrival == media.Gone {
			return m, errs.New(errs.NotFound, "file.gone", "The far side does not have the file any more.")
		}
		if a.Arrival == media.Infected {
			return m, errs.New(errs.Conflict, media.CodeInfected, "The virus scanner found something in this file, so it is kept back.")
		}
		t := s.turn(scope)
		again, err := tx.Media().Renew(ctx, file, media.Due{At: t.At, Until: t.At.Add(fetchFor)})
		if err != nil || !again {
			return m, err
		}
		return *c.ChangeFile(t, m, a.Renewed()).Message, tx.Save(ctx, c)
	})
	if err == nil && s.FilesNamed != nil {
		s.FilesNamed()
	}
	return out, err
}

// announced is what a channel says of a file that it names.
func announced(f channel.File) media.Fetch {
	return media.Fetch{Reference: f.Fetch, Name: media.CleanName(f.Name), Type: media.CleanType(f.Type), Size: max(f.Size, 0)}
}
