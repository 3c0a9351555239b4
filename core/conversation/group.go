package conversation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Bounds of what is known of a group: how many of its members, and from how many
// of the newest messages.
const (
	MaxGroupMembers = 200
	MaxGroupRead    = 1000
)

// MaxGroupMentions is how many members of a group one answer names.
const MaxGroupMentions = 50

// memberOf is one of a group as they are kept.
func memberOf(m *channel.Member) *channel.Member {
	if m == nil {
		return nil
	}
	return &channel.Member{External: m.External, Name: line(m.Name, contact.MaxName)}
}

// author is who did it: of a group its member, under the group's id.
func (a accepted) author(who contact.Contact) identity.Actor {
	out := identity.Actor{Kind: identity.ActorContact, ID: string(who.ID), Name: who.Name}
	if m := a.said.Carried.Member; m != nil && m.Name != "" {
		out.Name = m.Name
	}
	return out
}

// checkGroup refuses what a group wrote where the channel does not say that it
// talks with groups, and members whom nobody can be known by.
func (s *Service) checkGroup(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	if !in.Sender.Group && in.Member == nil {
		return channel.Result{}, nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	switch {
	case err != nil || inbox == nil: // each kind says so itself
		return channel.Result{}, err
	case !s.capabilities(inbox.Plugin).Able(channel.CanGroups):
		return rejected("groups", "the manifest does not say that the channel can groups"), nil
	case in.Member != nil && (!in.Sender.Group || in.Echo || !nameable(in.Member.External)):
		return rejected("member", "a member is one of a sender that is a group, and has an id: 1 to 512 bytes of UTF-8 without control characters"), nil
	default:
		return channel.Result{}, nil
	}
}

// gathered makes a contact that is known already the one of a group, with the
// title that it has now.
func gathered(ctx context.Context, tx Tx, t Turn, inbox channel.Inbox, in accepted, who *contact.Contact) error {
	title := cut(clean(in.sender.Name), contact.MaxName)
	if !in.sender.Group || who.Group && (title == "" || title == who.Name) {
		return nil
	}
	now, err := tx.Contacts().Gather(ctx, string(inbox.ID), in.known(), title, t.At, func(c contact.Contact) event.Event {
		return contactChanged(t.IDs, c)
	})
	if err == nil && now != nil {
		*who = *now
	}
	return err
}

// GroupMembers returns who of a group wrote in a conversation lately; see Reader.
// It is empty where the customer is a person. Needs ConversationRead.
func (s *Service) GroupMembers(ctx context.Context, scope identity.Scope, in ID) ([]channel.Member, error) {
	c, err := s.Get(ctx, scope, in)
	if err != nil || !c.Group {
		return nil, err
	}
	return s.Reader.GroupMembers(ctx, scope.Workspace, in)
}

// checkGroupMentions refuses to name members of a group where nobody could.
func (s *Service) checkGroupMentions(c Conversation, p *Post) error {
	switch {
	case len(p.GroupMentions) == 0:
		return nil
	case p.Kind != Text:
		return badGroupMention("/group_mentions", "kind", "A note does not reach the group.")
	case !c.Group || !s.capabilities(c.Plugin).Takes(channel.ContentMention):
		return unsupported("/group_mentions", "This channel cannot name members of a group.")
	case len(id.Once(p.GroupMentions)) > MaxGroupMentions:
		return badGroupMention("/group_mentions", "too_many", fmt.Sprintf("A message names at most %d members of a group.", MaxGroupMentions))
	default:
		return nil
	}
}

// groupMentions finds the members of the group whom a post names. Whom its text
// does not name is left out: they may have another name since it was written.
func (s *Service) groupMentions(ctx context.Context, c *Conversation, p Post) ([]channel.Member, error) {
	ids := id.Once(p.GroupMentions)
	if len(ids) == 0 {
		return nil, nil
	}
	known, err := s.Reader.GroupMembers(ctx, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	out := make([]channel.Member, 0, len(ids))
	for n, external := range ids {
		i := slices.IndexFunc(known, func(m channel.Member) bool { return m.External == external })
		if i < 0 {
			return nil, badGroupMention(fmt.Sprintf("/group_mentions/%d", n), "unknown", "Somebody you name did not write in this group lately.")
		}
		out = append(out, known[i])
	}
	return named(p.Text, out), nil
}

// kept reports whether a message has group mentions that a post asks for, in
// its order; see groupMentions.
func (p Post) kept(mentions []channel.Member) bool {
	ids, last := id.Once(p.GroupMentions), -1
	for _, m := range mentions {
		at := slices.Index(ids, m.External)
		if at <= last {
			return false
		}
		last = at
	}
	return true
}

// named are the members whom a text names by "@" and their name.
func named(text string, all []channel.Member) []channel.Member {
	var out []channel.Member
	for _, m := range all {
		if m.Name != "" && strings.Contains(text, "@"+m.Name) {
			out = append(out, m)
		}
	}
	return out
}

func badGroupMention(pointer, code, sentence string) error {
	return errs.New(errs.Invalid, "message.group_mentions", sentence).
		WithFields(errs.Field{Pointer: pointer, Code: code, Detail: sentence})
}
