package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// webchat is the plugin of the chat window on a website.
const webchat = channel.PluginID("patchbay/webchat")

// samples makes things to look at and to try things out on, for the demo and for
// sandboxes. It goes through the same use cases as everybody.
type samples struct {
	inboxes       *channel.Service
	conversations *conversation.Service
	contacts      *contact.Service
	organisations *contact.Organisations
	teams         *team.Service
	catalog       *catalog.Service
	tickets       *ticket.Service
	now           func() time.Time
}

// line is what a customer writes. Who has the same key is the same customer.
type line struct{ key, name, text string }

// connect makes an inbox; one without an id when its plugin is not installed.
func (s *samples) connect(ctx context.Context, scope identity.Scope, name string, plugin channel.PluginID, config map[string]string) (inbox channel.Inbox, token string, err error) {
	if _, ok := s.inboxes.TypeOf(plugin); !ok {
		return inbox, "", nil // the console says how to get it
	}
	text, err := json.Marshal(config)
	if err == nil {
		inbox, token, err = s.inboxes.Create(ctx, scope, channel.Draft{Name: name, Plugin: plugin, Config: text})
	}
	if err != nil {
		return inbox, "", fmt.Errorf("connect %s: %w", plugin, err)
	}
	return inbox, token, nil
}

// write lets customers write through an inbox.
func (s *samples) write(ctx context.Context, inbox channel.Inbox, lines []line) error {
	source := id.NewSource(s.now)
	var items []channel.Inbound
	for _, l := range lines {
		items = append(items, channel.Inbound{
			Inbox: inbox.ID, External: source.New("demo"), Sender: channel.Person{External: l.key, Name: l.name},
			Content: channel.Content{Text: l.text}, SentAt: s.now(),
		})
	}
	scope := identity.Scope{Workspace: inbox.Workspace, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(inbox.Plugin)}}
	results, err := s.conversations.Receive(ctx, scope, items)
	for _, r := range results {
		if err == nil && r.Outcome == channel.OutcomeRejected {
			err = errors.New(r.Detail)
		}
	}
	if err != nil {
		return fmt.Errorf("let the sample customers write: %w", err)
	}
	return nil
}

// fill fills an empty workspace, whose owner acts in the scope.
func (s *samples) fill(ctx context.Context, scope identity.Scope, words sampleWords) error {
	inbox, err := s.shop(ctx, scope, words)
	if err != nil {
		return err
	}
	if err := s.order(ctx, scope, words, inbox); err != nil {
		return err
	}
	if err := s.people(ctx, scope, words); err != nil {
		return err
	}
	if inbox.ID == "" {
		return s.ticket(ctx, scope, ticket.Draft{Title: words.tickets[0], Priority: ticket.High})
	}
	if err := s.write(ctx, inbox, words.lines); err != nil {
		return err
	}
	return s.work(ctx, scope, words, inbox)
}

// shop returns the workspace's web chat, making it when there is none; one without
// an id when that is not installed.
func (s *samples) shop(ctx context.Context, scope identity.Scope, words sampleWords) (channel.Inbox, error) {
	all, err := s.inboxes.List(ctx, scope)
	if err != nil {
		return channel.Inbox{}, fmt.Errorf("list the inboxes: %w", err)
	}
	for _, in := range all {
		if in.Live && in.Enabled {
			return in, nil
		}
	}
	inbox, _, err := s.connect(ctx, scope, words.shop, webchat, map[string]string{"title": words.shop, "greeting": words.greeting, "color": "#0f766e"})
	return inbox, err
}

// order makes what work is put in order with.
func (s *samples) order(ctx context.Context, scope identity.Scope, words sampleWords, inbox channel.Inbox) error {
	for name, color := range map[string]string{words.labels[0]: "#2f80ed", words.labels[1]: "#f2994a", "VIP": "#9b51e0"} {
		if _, err := s.catalog.CreateLabel(ctx, scope, catalog.LabelPatch{Name: &name, Color: &color}); err != nil {
			return fmt.Errorf("make the sample label %s: %w", name, err)
		}
	}
	shortcut := "hello"
	patch := catalog.CannedPatch{Shortcut: &shortcut, Title: &words.canned[0], Text: &words.canned[1]}
	if _, err := s.catalog.CreateCanned(ctx, scope, catalog.NewCanned{Scope: catalog.Workspace, CannedPatch: patch}); err != nil {
		return fmt.Errorf("make the sample reply: %w", err)
	}
	group := team.Patch{Name: &words.team, Members: &[]identity.MemberID{scope.Member()}}
	if inbox.ID != "" {
		group.Inboxes = &[]string{string(inbox.ID)}
	}
	if _, err := s.teams.Create(ctx, scope, group); err != nil {
		return fmt.Errorf("make the sample team: %w", err)
	}
	return nil
}

// people makes contacts that no conversation knows.
func (s *samples) people(ctx context.Context, scope identity.Scope, words sampleWords) error {
	domains := []string{"tea.example"}
	org, err := s.organisations.Create(ctx, scope, contact.OrganisationEdit{Name: &words.organisation, Domains: &domains})
	if err != nil {
		return fmt.Errorf("make the sample organisation: %w", err)
	}
	for _, name := range words.people {
		name, local, _ := strings.Cut(name, "|")
		email := local + "@tea.example"
		if _, err := s.contacts.Create(ctx, scope, contact.Edit{Name: &name, Email: &email, Organisation: &org.ID}); err != nil {
			return fmt.Errorf("make the sample contact %s: %w", name, err)
		}
	}
	return nil
}
