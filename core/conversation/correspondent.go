package conversation

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// correspondent is whom a conversation is begun with.
type correspondent struct {
	address string // as contact.Email returns it
	name    string // of somebody new; "" = not known
	contact contact.ID
	chosen  bool           // the contact was named; else it is an entry that may be theirs, or ""
	by      identity.Scope // who writes to them
}

// correspondent finds out whom an opening is to, and puts their address into its
// envelope.
func (s *Service) correspondent(ctx context.Context, scope identity.Scope, o *Opening) (correspondent, error) {
	if o.Contact != "" {
		return s.chosen(ctx, scope, o)
	}
	if len(o.Envelope.To) == 0 {
		return correspondent{}, badEnvelope("/to", "required", "Say whom to write to.")
	}
	who, err := addressed(o.Envelope, 0)
	if err != nil {
		return who, err
	}
	who.by = scope
	found, err := s.Contacts.List(ctx, scope.Workspace, contact.Filter{Email: who.address, Reach: scope.Reach()}, page.Request{Limit: 2})
	if err == nil && len(found.Items) == 1 && !found.Items[0].Group {
		who.contact = found.Items[0].ID
	}
	return who, err
}

// addressed is whoever an address of To is of.
func addressed(e *channel.Envelope, at int) (correspondent, error) {
	address, ok := contact.Email(e.To[at].Address)
	if !ok || address == "" {
		return correspondent{}, badEnvelope("/to", "address", "Mail cannot be sent to this address: "+e.To[at].Address)
	}
	e.To[at].Address = address
	return correspondent{address: address, name: e.To[at].Name}, nil
}

// chosen is the contact that was named, at the address of To that is theirs.
// Somebody without any has the first of To; with an empty To they are put there.
func (s *Service) chosen(ctx context.Context, scope identity.Scope, o *Opening) (correspondent, error) {
	if err := contact.Reached(ctx, s.Contacts, scope, o.Contact); err != nil {
		return correspondent{}, err
	}
	c, known, err := s.Contacts.Get(ctx, scope.Workspace, o.Contact)
	if err == nil && c.Survivor != "" {
		c, known, err = s.Contacts.Get(ctx, scope.Workspace, c.Survivor)
	}
	if err != nil {
		return correspondent{}, err
	}
	if c.Group {
		return correspondent{}, badEnvelope("/to", "group", "A group has no address. Begin with one of its people, or with none.")
	}
	theirs, e := addressesOf(c, known, o.Inbox), o.Envelope
	if len(e.To) == 0 {
		if len(theirs) == 0 {
			return correspondent{}, badEnvelope("/to", "required", "The contact has no e-mail address. Say where to write to.")
		}
		e.To = []channel.Party{{Address: theirs[0], Name: line(c.Name, maxPartyName)}}
	}
	at := slices.IndexFunc(e.To, func(p channel.Party) bool { return slices.Contains(theirs, p.Address) })
	if at < 0 && len(theirs) > 0 {
		return correspondent{}, badEnvelope("/to", "contact", "None of these addresses is the contact's. Begin with another contact, or with none.")
	}
	who, err := addressed(e, max(at, 0))
	who.contact, who.chosen, who.by = c.ID, true, scope
	return who, err
}

// addressesOf are the e-mail addresses of a contact, the one to write to first.
func addressesOf(c contact.Contact, known []contact.Identity, inbox channel.InboxID) []string {
	all := []string{c.Email}
	for _, who := range known {
		all = append(all, who.Email)
		if who.Inbox == string(inbox) {
			all = append(all, AddressOf(who.External))
		}
	}
	var out []string
	for _, a := range all {
		if address, ok := contact.Email(a); ok && address != "" && !slices.Contains(out, address) {
			out = append(out, address)
		}
	}
	return out
}

// reach finds or makes the contact of a correspondent, and what the inbox knows
// them by. That an agent wrote an address proves nothing: whoever proves it, and
// answers, must not become somebody who only said that it is theirs. Who types an
// address meets nobody beyond their reach by it.
func (s *Service) reach(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, w correspondent) (contact.Contact, string, error) {
	holder, err := tx.Contacts().ByIdentity(ctx, string(inbox.ID), w.address)
	switch {
	case err != nil:
		return contact.Contact{}, "", err
	case holder != nil && !w.chosen:
		return *holder, w.address, s.meets(ctx, w, holder)
	case w.chosen:
		return s.join(ctx, tx, t, inbox, w, holder)
	}
	if holder, err = tx.Contacts().Joint(ctx, w.address, ""); err != nil {
		return contact.Contact{}, "", err
	}
	if holder != nil {
		if err := s.meets(ctx, w, holder); err != nil {
			return contact.Contact{}, "", err
		}
		return *holder, w.address, tx.Contacts().Join(ctx, identityAt(t, inbox, w.address, holder.ID))
	}
	if holder, err = tx.Contacts().ByIdentity(ctx, string(inbox.ID), externalUnverified+w.address); err != nil {
		return contact.Contact{}, "", err
	}
	if holder != nil {
		return *holder, externalUnverified + w.address, s.meets(ctx, w, holder)
	}
	if w.contact != "" {
		c, known, err := tx.Contacts().Person(ctx, w.contact)
		if err == nil && c.Email == w.address && nobodyElse(known, w.address) {
			return c, w.address, tx.Contacts().Join(ctx, identityAt(t, inbox, w.address, c.ID))
		}
		if err != nil && !errs.Is(err, errs.NotFound) {
			return c, "", err
		}
	}
	c := contact.Contact{
		Workspace: inbox.Workspace, ID: contact.ID(t.IDs.New("con")), Name: cut(clean(w.name), contact.MaxName), Email: w.address,
		CreatedBy: identity.Scope{Actor: t.Actor}.Member(), CreatedAt: t.At, UpdatedAt: t.At,
	}
	return c, w.address, tx.Contacts().Create(ctx, c, identityAt(t, inbox, w.address, c.ID))
}

// meets refuses the holder of a typed address whom its writer does not reach.
func (s *Service) meets(ctx context.Context, w correspondent, holder *contact.Contact) error {
	err := contact.Reached(ctx, s.Contacts, w.by, holder.ID)
	if errs.Is(err, errs.NotFound) {
		return addressTaken("This address is of a contact whom you do not reach. Ask a colleague who does to write to them.")
	}
	return err
}

func addressTaken(sentence string) error {
	return errs.New(errs.Conflict, "conversation.address_taken", sentence).
		WithFields(errs.Field{Pointer: "/envelope/to", Code: "taken", Detail: "is another contact's"})
}

// join makes the address one of the chosen contact's in the inbox, which knows
// it as holder's.
func (s *Service) join(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, w correspondent, holder *contact.Contact) (contact.Contact, string, error) {
	c, known, err := tx.Contacts().Person(ctx, w.contact)
	if err != nil {
		return c, "", err
	}
	as := w.address
	if holder == nil && !nobodyElse(known, w.address) {
		as = externalUnverified + w.address
		if holder, err = tx.Contacts().ByIdentity(ctx, string(inbox.ID), as); err != nil {
			return c, "", err
		}
	}
	switch {
	case holder == nil:
		return c, as, tx.Contacts().Join(ctx, identityAt(t, inbox, as, c.ID))
	case holder.ID != c.ID:
		return c, "", addressTaken("This inbox knows the address as another contact's. Begin with that one, or merge the two.")
	default:
		return c, as, nil
	}
}

// nobodyElse reports whether a contact may be whoever proves an address: it was
// proven to be theirs, or nothing is known of them but that.
func nobodyElse(known []contact.Identity, address string) bool {
	proven := slices.ContainsFunc(known, func(who contact.Identity) bool { return who.Email == address })
	return proven || !slices.ContainsFunc(known, func(who contact.Identity) bool { return who.External != address })
}

func identityAt(t Turn, inbox channel.Inbox, external string, id contact.ID) contact.Identity {
	return contact.Identity{
		Workspace: inbox.Workspace, Inbox: string(inbox.ID), External: external, Contact: id, Kind: contact.IdentityAccount, CreatedAt: t.At,
	}
}

// shown marks how an inbox knows the sender of an item as proven, where they
// show that they are it: we may have written to them first. Nothing is proven of
// a group: many people write under it.
func shown(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, in accepted) error {
	if in.trust.Verdict != channel.Verified || in.sender.Group {
		return nil
	}
	if err := tx.Contacts().Verify(ctx, string(inbox.ID), in.known(), t.At); err != nil {
		return err
	}
	email, phone := reachable(in.sender.Email, in.sender.Phone)
	return tx.Contacts().Vouch(ctx, string(inbox.ID), in.known(), email, phone)
}

// writtenTo returns the contact whom we wrote to first, when somebody for whom
// nobody vouches answers that from the same address, and nobody has proven it:
// they are no other than the one we wrote to. nil = it is nobody like that.
func (s *Service) writtenTo(ctx context.Context, tx Tx, inbox channel.Inbox, in accepted) (*contact.Contact, error) {
	if in.answers == "" || in.trust.Verdict != channel.Unverified {
		return nil, nil //nolint:nilnil // as said
	}
	d, err := tx.OfDelivery(ctx, inbox.ID, in.answers)
	if err != nil || d == nil {
		return nil, err
	}
	c, err := stands(ctx, tx, d.Conversation)
	if err != nil || c.Recipient != in.sender.External {
		return nil, err
	}
	who, _, err := tx.Contacts().Person(ctx, c.Contact)
	if err != nil || who.Verified {
		return nil, err
	}
	return &who, nil
}
