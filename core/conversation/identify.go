package conversation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// VerifiedTTL is how long a session of a person whom the site vouched for lasts
// after the last identity token: as long as the longest such token.
const VerifiedTTL = channel.MaxAssertionLife

// Keys finds the keys that an inbox's identity tokens are signed with.
type Keys interface {
	Keys(ctx context.Context, inbox channel.Inbox) ([]channel.Key, error)
}

// vouched reads the identity token of a knock; nil when there is none.
func (s *Service) vouched(ctx context.Context, inbox channel.Inbox, token string) (*channel.Assertion, error) {
	if token == "" {
		return nil, nil //nolint:nilnil // the caller asks whether somebody is vouched for
	}
	keys, err := s.Keys.Keys(ctx, inbox)
	if err != nil {
		return nil, err
	}
	a, err := channel.Verify(token, inbox.ID, keys, s.Now())
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// tell writes down what the site said of the person. The site's word outweighs
// what was known.
func tell(v *Visitor, a channel.Assertion) {
	v.Subject = a.Subject
	for into, word := range map[*string]string{&v.Name: a.Name, &v.Email: a.Email, &v.Phone: a.Phone} {
		if word != "" {
			*into = word
		}
	}
	if email, ok := contact.Email(v.Email); ok {
		v.Email = email
	}
	if phone, ok := contact.Phone(v.Phone); ok {
		v.Phone = phone
	}
	known := maps.Clone(v.Attributes)
	if known == nil {
		known = make(map[string]string)
	}
	maps.Copy(known, a.Attributes)
	v.Attributes = attributes(known)
}

// admit opens a session for the person whom the site vouched for, or goes on
// with the one they have, in one transaction with the token's use. from is the
// session that the browser brought; it ends unless it is the person's own.
func (s *Service) admit(ctx context.Context, inbox channel.Inbox, w *Welcome, from Visitor, a channel.Assertion) error {
	ended, token := false, w.Token
	err := s.Store.Within(ctx, inbox.Workspace, func(ctx context.Context, tx Tx) error {
		if err := s.useToken(ctx, tx, inbox, w.Visitor, from, a); err != nil {
			return err
		}
		if w.Resumed {
			v, err := tx.VisitorSession(ctx, w.Visitor.ID)
			if err != nil {
				return err
			}
			due := v.ExpiresAt.Sub(s.Now()) <= VerifiedTTL/3
			if w.Token, _, err = s.renew(&v, token, due); err != nil {
				return err
			}
			w.Visitor = v
		}
		tell(&w.Visitor, a)
		w.Visitor.ExpiresAt = s.Now().Add(VerifiedTTL)
		email, phone := reachable(a.Email, a.Phone)
		if err := tx.Contacts().Vouch(ctx, string(inbox.ID), w.Visitor.External(), email, phone); err != nil {
			return err
		}
		if ended = !w.Resumed && from.ID != "" && s.Now().Before(from.ExpiresAt); ended {
			if err := s.leave(ctx, tx, inbox, from, w.Visitor); err != nil {
				return err
			}
		}
		return tx.PutVisitor(ctx, w.Visitor)
	})
	if err != nil {
		return err
	}
	if ended {
		s.hangUp(from, "identity.subject_changed")
	}
	return s.refresh(ctx, w.Visitor)
}

// useToken refuses an identity token that somebody else used.
func (s *Service) useToken(ctx context.Context, tx Tx, inbox channel.Inbox, v, from Visitor, a channel.Assertion) error {
	before, err := tx.UseToken(ctx, inbox.ID, TokenUse{
		Hash: hashOf(a.ID), Visitor: v.ID, PresentedBy: from.ID, At: s.Now(), ExpiresAt: a.ExpiresAt,
	})
	if err != nil || before == nil {
		return err
	}
	if from.ID != "" && (from.ID == before.Visitor || from.ID == before.PresentedBy) {
		return nil // the same browser: its page was loaded again, or an answer was lost
	}
	return errs.New(errs.Unauthenticated, "identity.replayed",
		"This identity token was used by another browser. Make a new one, with a jti of its own, for each page.")
}

// leave ends the session that a browser had before.
func (s *Service) leave(ctx context.Context, tx Tx, inbox channel.Inbox, from, to Visitor) error {
	if err := s.adopt(ctx, tx, inbox, from, to); err != nil {
		return err
	}
	from.ExpiresAt, from.PreviousUntil = s.Now(), time.Time{}
	return tx.PutVisitor(ctx, from)
}

// adopt gives the person what the anonymous session wrote, if nobody else can
// be meant: the session began it and was nobody's, its contact is known by
// nothing but the session, and the inbox does not know the person yet. Else it
// stays the anonymous contact's, and the person has a conversation apart.
func (s *Service) adopt(ctx context.Context, tx Tx, inbox channel.Inbox, from, to Visitor) error {
	if from.Verified() {
		return nil
	}
	c, err := tx.Current(ctx, inbox.ID, from.External())
	if err != nil || c == nil {
		return err
	}
	proved, err := tx.Contacts().Prove(ctx, string(inbox.ID), from.External(), to.External(), s.Now())
	if err != nil || !proved {
		return err
	}
	t := Turn{At: s.Now(), IDs: s.ids, Actor: identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact), Name: c.ContactName}}
	c.Identify(t, to.External())
	return tx.Save(ctx, c)
}

// refresh tells the person's contact what the site said, where that is news.
// Somebody who has not written yet has no contact: the first message makes it.
func (s *Service) refresh(ctx context.Context, v Visitor) error {
	c, err := s.VisitorConversation(ctx, v)
	if err != nil || c == nil {
		return err
	}
	who, _, err := s.Contacts.Get(ctx, v.Workspace, c.Contact)
	if err != nil {
		return err
	}
	if !overwrite(&who, v) {
		return nil
	}
	return s.changeContact(ctx, v.Workspace, c.Contact, func(who *contact.Contact) bool { return overwrite(who, v) })
}

// changeContact changes a contact and says so.
func (s *Service) changeContact(ctx context.Context, w identity.WorkspaceID, who contact.ID, change func(*contact.Contact) bool) error {
	_, err := s.Contacts.Update(ctx, w, who, func(c *contact.Contact) ([]event.Event, error) {
		if !change(c) {
			return nil, nil
		}
		c.UpdatedAt = s.Now()
		return []event.Event{contactChanged(s.ids, *c)}, nil
	})
	return err
}

// contactChanged says that a contact changed, when it was updated last.
func contactChanged(ids id.Source, c contact.Contact) event.Event {
	data, _ := json.Marshal(map[string]string{"id": string(c.ID)}) // a map of strings always marshals
	return event.Event{ID: ids.New("chg"), Workspace: string(c.Workspace), Type: contact.Changed, Subject: string(c.ID), At: c.UpdatedAt, Data: data}
}

// overwrite puts the site's word into a contact and reports whether it is news.
func overwrite(c *contact.Contact, v Visitor) bool {
	news := false
	put := func(into *string, word string) {
		if word != "" && *into != word {
			*into, news = word, true
		}
	}
	put(&c.Name, v.Name)
	put(&c.Email, v.Email)
	put(&c.Phone, v.Phone)
	return putAttributes(c, v.Attributes, true) || news
}

// fill puts what a visitor said, unproved, where the contact has nothing. A
// visitor who proved nothing does not change a verified contact, whom an agent
// may have merged theirs into.
func fill(c *contact.Contact, v Visitor) bool {
	if c.Verified && !v.Verified() {
		return false
	}
	news := false
	put := func(into *string, word string) {
		if word != "" && *into == "" {
			*into, news = word, true
		}
	}
	put(&c.Name, v.Name)
	put(&c.Email, v.Email)
	put(&c.Phone, v.Phone)
	return putAttributes(c, v.Attributes, false) || news
}

// introduce completes a contact that is made for a visitor with what the
// session knows by now: from the site, or what the visitor said.
func (v Visitor) introduce(c *contact.Contact, who *contact.Identity, at time.Time) {
	overwrite(c, v)
	who.Kind, who.Label = contact.IdentityVisitor, c.Name
	if v.Verified() {
		who.Kind, who.VerifiedAt = contact.IdentityUser, at
		who.Email, who.Phone = reachable(v.Email, v.Phone)
	}
}

// LogOut ends a visitor session at once. Its conversation stays; whoever
// comes next in the same browser is somebody new.
func (s *Service) LogOut(ctx context.Context, v Visitor) error {
	v, err := s.Visitors.Visitor(ctx, v.ID)
	if err != nil {
		return err
	}
	v.ExpiresAt, v.PreviousUntil = s.Now(), time.Time{}
	if err := s.Visitors.SaveVisitor(ctx, v); err != nil {
		return err
	}
	s.hangUp(v, "visitor.logged_out")
	return nil
}

// Ended says that a visitor session is over: its sockets must close. It
// travels on the bus, by event.SubjectVisitors.
type Ended struct {
	Inbox    channel.InboxID `json:"inbox"`
	External string          `json:"external"`
	Visitor  VisitorID       `json:"visitor"`
	Code     string          `json:"code"`
}

// hangUp closes the session's sockets on every node. One that does not hear of
// it asks by itself within a minute.
func (s *Service) hangUp(v Visitor, code string) {
	if s.Bus == nil {
		return
	}
	data, err := json.Marshal(Ended{Inbox: v.Inbox, External: v.External(), Visitor: v.ID, Code: code})
	if err == nil {
		_ = s.Bus.Publish(event.SubjectVisitors+string(v.Workspace), data) // see above
	}
}

// SweepVisitors forgets sessions that ended a day ago and identity tokens that
// cannot be used any more, a batch at a time. It returns how many went; fewer
// than a batch means that none is left.
func (s *Service) SweepVisitors(ctx context.Context, batch int) (int, error) {
	return s.Visitors.SweepVisitors(ctx, s.Now().Add(-channel.MaxAssertionLife), batch)
}

// putAttributes adds what was said to a contact's attributes, up to their
// number, and reports whether it is news. over = it replaces what is there.
func putAttributes(c *contact.Contact, said map[string]string, over bool) bool {
	news := false
	for _, key := range slices.Sorted(maps.Keys(said)) {
		was, known := c.Attributes[key]
		if known && (!over || was == said[key]) || !known && len(c.Attributes) >= contact.MaxAttributes {
			continue
		}
		if c.Attributes == nil {
			c.Attributes = make(map[string]any)
		}
		c.Attributes[key], news = said[key], true
	}
	return news
}
