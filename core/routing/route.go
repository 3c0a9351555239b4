package routing

import (
	"cmp"
	"context"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Route implements conversation.Router.
func (s *Service) Route(ctx context.Context, tx conversation.Tx, c *conversation.Conversation) (conversation.Routed, error) {
	d, err := s.Store.Document(ctx, c.Workspace)
	if err != nil || len(d.List) == 0 {
		return conversation.Routed{}, err
	}
	custom, err := s.Catalog.Attributes(ctx, c.Workspace, catalog.OfContact)
	if err != nil {
		return conversation.Routed{}, err
	}
	p, err := s.compile(ctx, c.Workspace, d, Fields(custom))
	if err != nil {
		return conversation.Routed{}, err
	}
	person := func(ctx context.Context) (contact.Contact, error) {
		who, _, err := tx.Contacts().Person(ctx, c.Contact)
		return who, err
	}
	x, err := s.facts(ctx, p, *c, person)
	if err != nil {
		return conversation.Routed{}, err
	}
	x.At = c.UpdatedAt.In(p.zone)
	x.Open = p.open(x.At)
	rule := rules.First(p.list, x, x.At)
	if rule == nil {
		return conversation.Routed{}, nil
	}
	out := conversation.Routed{Rule: rule.ID, Name: rule.Name, Revision: d.Revision}
	out.Effects, out.Skipped, err = s.possible(ctx, c.Workspace, rule.Then)
	return out, err
}

// facts finds out what a plan asks about a conversation, but for the time.
func (s *Service) facts(ctx context.Context, p plan, c conversation.Conversation, person func(context.Context) (contact.Contact, error)) (Facts, error) {
	x := Facts{Inbox: c.Inbox, Channel: s.channelOf(c.Plugin, c.Live), Team: c.Team, Labels: c.Labels, Priority: c.Priority}
	for _, find := range []struct {
		names []string
		into  func() error
	}{
		{[]string{fieldLanguage, fieldOrganisation, fieldAttributes}, func() error {
			who, err := person(ctx)
			told, _ := who.Attributes["locale"].(string)
			x.Language, x.Organisation, x.Attributes = cmp.Or(who.Locale, told), who.Organisation, who.Attributes
			return err
		}},
		{[]string{fieldText, fieldVerified}, func() error { return s.said(ctx, c, &x) }},
		{[]string{fieldPageURL, fieldPageTitle}, func() error {
			v, err := s.Pages.LastPageView(ctx, c.Workspace, string(c.Inbox), c.Recipient)
			x.PageURL, x.PageTitle = v.URL, v.Title
			return err
		}},
		{[]string{fieldReturning}, func() error { return s.returns(ctx, c, &x) }},
		{[]string{fieldFinding}, func() error { return s.noticed(ctx, c, &x) }},
	} {
		if !p.about(find.names) {
			continue
		}
		if err := find.into(); err != nil {
			return x, err
		}
	}
	return x, nil
}

func (p plan) about(names []string) bool {
	for _, name := range names {
		if p.asks[name] {
			return true
		}
	}
	return false
}

// maxBefore is how many changes a customer's first message is looked for among.
const maxBefore = 50

// said takes what the customer said first, and whether it is proven who they are.
func (s *Service) said(ctx context.Context, c conversation.Conversation, x *Facts) error {
	x.Verified = c.Verified()
	var all []conversation.Change
	unsaved := c.Unsaved()
	if !unsaved.New {
		var zero uint64
		var err error
		if all, err = s.Talks.Timeline(ctx, c.Workspace, c.ID, conversation.Range{After: &zero, Limit: maxBefore}); err != nil {
			return err
		}
	}
	for _, ch := range append(all, unsaved.Changes...) {
		if ch.Type == conversation.MessageCreated && ch.Message != nil && ch.Message.Sender.Kind == identity.ActorContact {
			x.Text = ch.Message.Text
			x.Verified = x.Verified || !c.Live && ch.Message.Trust.Proven()
			return nil
		}
	}
	return nil
}

// returns takes whether the contact has another conversation.
func (s *Service) returns(ctx context.Context, c conversation.Conversation, x *Facts) error {
	others, err := s.Talks.List(ctx, c.Workspace, conversation.Filter{Reach: identity.Reach{Kind: identity.ReachAll}, Contact: c.Contact}, page.Request{Limit: 2})
	for _, o := range others.Items {
		x.Returning = x.Returning || o.ID != c.ID
	}
	return err
}

// maxFindings is how many findings are looked at, the newest.
const maxFindings = 50

// noticed takes what analyzers found so far, unless somebody settled it.
func (s *Service) noticed(ctx context.Context, c conversation.Conversation, x *Facts) error {
	found, err := s.Talks.Findings(ctx, c.Workspace, c.ID, maxFindings)
	for _, f := range found {
		if f.DismissedAt.IsZero() {
			x.Findings = append(x.Findings, f.Code)
		}
	}
	return err
}

// channelOf is what dispatch calls the channel of an inbox.
func (s *Service) channelOf(plugin channel.PluginID, live bool) string {
	if live {
		return Chat
	}
	for _, t := range s.Plugins.Types() {
		if t.Plugin == plugin && t.Capabilities.Takes(channel.ContentEnvelope) {
			return Mail
		}
	}
	return Message
}
