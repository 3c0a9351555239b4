package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
)

// contactOf finds or makes the contact of an item's sender. Somebody new whose
// e-mail address or telephone number is proven, and proven to be one person's
// elsewhere, is that person.
func (s *Service) contactOf(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, in accepted) (contact.Contact, error) {
	found, err := tx.Contacts().ByIdentity(ctx, string(inbox.ID), in.known())
	if err != nil {
		return contact.Contact{}, err
	}
	if found == nil {
		found, err = s.writtenTo(ctx, tx, inbox, in)
	} else {
		err = shown(ctx, tx, t, inbox, in)
	}
	if err != nil {
		return contact.Contact{}, err
	}
	if found != nil {
		if err := gathered(ctx, tx, t, inbox, in, found); err != nil {
			return contact.Contact{}, err
		}
		return *found, seen(ctx, tx, t, *found)
	}
	c, who, err := s.introduced(ctx, tx, t, inbox, in)
	if err != nil {
		return contact.Contact{}, err
	}
	joint, err := tx.Contacts().Joint(ctx, who.Email, who.Phone)
	if err != nil {
		return contact.Contact{}, err
	}
	if joint == nil {
		return c, tx.Contacts().Create(ctx, c, who)
	}
	who.Contact = joint.ID
	if err := tx.Contacts().Join(ctx, who); err != nil {
		return contact.Contact{}, err
	}
	return *joint, seen(ctx, tx, t, *joint)
}

func seen(ctx context.Context, tx Tx, t Turn, c contact.Contact) error {
	if t.At.Sub(c.LastSeenAt) < contact.SeenEvery {
		return nil
	}
	return tx.Contacts().Seen(ctx, c.ID, t.At)
}

// introduced is somebody whom the inbox does not know, as they come.
func (s *Service) introduced(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, in accepted) (contact.Contact, contact.Identity, error) {
	p := in.sender
	known := attributes(p.Attributes)
	c := contact.Contact{
		Workspace: inbox.Workspace, ID: contact.ID(t.IDs.New("con")), Name: cut(clean(p.Name), contact.MaxName), Locale: cut(known["locale"], 35),
		Attributes: make(map[string]any, len(known)), CreatedAt: t.At, UpdatedAt: t.At, LastSeenAt: t.At,
	}
	for k, v := range known {
		c.Attributes[k] = v
	}
	who := contact.Identity{
		Workspace: inbox.Workspace, Inbox: string(inbox.ID), External: in.known(), Contact: c.ID,
		Kind: contact.IdentityAccount, Label: c.Name, CreatedAt: t.At,
	}
	if in.kind == InboundVisitor {
		v, err := tx.VisitorSession(ctx, in.visitor)
		if err != nil {
			return c, who, err
		}
		v.introduce(&c, &who, t.At)
		return c, who, nil
	}
	if p.Group {
		c.Group, who.Kind = true, contact.IdentityGroup
		return c, who, nil
	}
	c.Email, c.Phone = reachable(p.Email, p.Phone)
	if in.trust.Proven() {
		who.Email, who.Phone = c.Email, c.Phone
	}
	if in.trust.Verdict == channel.Verified {
		who.VerifiedAt = t.At
	}
	return c, who, nil
}

// reachable returns an e-mail address and a telephone number as they are
// compared; what is none is "". A number without its country is none: two people
// may have it.
func reachable(email, phone string) (string, string) {
	email, ok := contact.Email(email)
	if !ok {
		email = ""
	}
	if phone, ok = contact.Phone(phone); !ok || len(phone) == 0 || phone[0] != '+' {
		phone = ""
	}
	return email, phone
}
