package routing_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/routing/routingtest"
	"github.com/patchbay-im/patchbay/core/team"
)

// desk is conversations that are routed, over storage in memory. It is Monday,
// nine o'clock in Shanghai.
type desk struct {
	*conversationtest.World
	fake      *conversationtest.Fake
	talks     *conversation.Service
	rules     *routing.Service
	calendars *calendartest.Fake
	at        time.Time
	bot       *conversation.Bot
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{fake: conversationtest.NewFake(), at: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)}
	d.World = conversationtest.NewWorld(t, d.fake.Fixture())
	d.calendars = d.fake.Calendars
	now := func() time.Time { return d.at }
	plugins := &channeltest.Plugins{T: t, Installed: []channel.Type{
		{Plugin: d.Live.Plugin, Live: true}, {Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{Content: []string{channel.ContentEnvelope}}},
	}}
	d.rules = routing.NewService(routing.Deps{
		Store: routingtest.NewFake(d.fake.Feed), Talks: d.fake, Contacts: d.fake.Contacts, Pages: d.fake.Contacts, Calendars: d.calendars,
		Queues: d.fake.Queues, Skills: d.fake.Queues, People: d.fake, Hours: queue.NewHours(d.fake.Queues, d.calendars), Teams: d.fake.Teams, Inboxes: d.fake.Inboxes, Catalog: d.fake.Catalog, Plugins: plugins, Now: now,
	})
	d.talks = conversation.NewService(conversation.Deps{
		Store: d.fake, Reader: d.fake, Marks: d.fake, Visitors: d.fake, Writing: d.fake, Inboxes: d.fake.Inboxes, Contacts: d.fake.Contacts,
		Plugins: plugins, Teams: d.fake.Teams, Queues: d.fake.Queues, Catalog: d.fake.Catalog, Members: colleagues{d.fake}, Bots: d, Router: d.rules, Now: now,
	})
	return d
}

// colleagues are the members who may take work.
type colleagues struct{ fake *conversationtest.Fake }

func (c colleagues) Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error) {
	return c.fake.Identities.Member(ctx, scope.Workspace, id)
}

// BotOf implements conversation.Bots.
func (d *desk) BotOf(context.Context, channel.Inbox) (*conversation.Bot, error) { return d.bot, nil }

// botFirst lets a bot answer in the inbox.
func (d *desk) botFirst() {
	d.Helper()
	d.bot = &conversation.Bot{ID: "pin_1", Name: "Bot", Plugin: "test/bot"}
	d.inbox(func(in *channel.Inbox) { in.Bot = "pin_1" })
}

func (d *desk) inbox(change func(*channel.Inbox)) {
	d.Helper()
	_, err := d.fake.Inboxes.UpdateInbox(d.Context(), d.WS, d.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
		change(in)
		return nil, nil
	})
	d.OK(err)
}

func (d *desk) scope() identity.Scope {
	return identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(d.Owner.ID), Name: d.Owner.Name, Role: d.Owner.Role}}
}

// queue makes a queue that a team serves.
func (d *desk) queue(id queue.ID, of team.ID) {
	d.Helper()
	d.OK(d.fake.Queues.Create(d.Context(), queue.Queue{Workspace: d.WS, ID: id, Name: string(id), Team: of, CreatedAt: d.Tick(), UpdatedAt: d.Tick()}))
}

// opens makes a calendar that is open on Mondays from nine to six in Shanghai.
func (d *desk) opens(id calendar.ID) {
	d.Helper()
	hours, err := calendar.Draft{Zone: "Asia/Shanghai", Week: calendar.WeekDraft{Monday: []calendar.Span{{From: "09:00", To: "18:00"}}}}.Read()
	d.OK(err)
	d.OK(d.calendars.Create(d.Context(), calendar.Calendar{Workspace: d.WS, ID: id, Name: string(id), Hours: hours, Revision: 1, CreatedAt: d.at, UpdatedAt: d.at}))
}

// rule is one that is on.
func rule(name, when string, then routing.Effects) routing.Draft {
	return routing.Draft{Name: name, Enabled: true, When: json.RawMessage(when), Then: then}
}

// set makes these the rules, in Shanghai.
func (d *desk) set(drafts ...routing.Draft) routing.Book {
	d.Helper()
	now, err := d.rules.Rules(d.Context(), d.scope())
	d.OK(err)
	book, err := d.rules.Set(d.Context(), d.scope(), now.Revision, "Asia/Shanghai", drafts)
	d.OK(err)
	return book
}

// writes brings a message in, by mail, and returns its conversation.
func (d *desk) writes(who, id, text string, attributes map[string]string) conversation.Conversation {
	d.Helper()
	plugin := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(d.Inbox.Plugin)}}
	results, err := d.talks.Receive(d.Context(), plugin, []channel.Inbound{{
		Kind: channel.KindMessage, Inbox: d.Inbox.ID, External: id, Sender: channel.Person{External: who, Attributes: attributes}, Content: channel.Content{Text: text},
		Trust: channel.Trust{Verdict: channel.Verified},
	}})
	d.OK(err)
	if results[0].Outcome != channel.OutcomeAccepted {
		d.Fatalf("%+v", results)
	}
	c, err := d.fake.OfContact(d.Context(), d.WS, d.Inbox.ID, who)
	d.OK(err)
	return *c
}

// queued is what the last change by which a conversation entered the queue says.
func (d *desk) queued(id conversation.ID) string {
	d.Helper()
	said := ""
	for _, ch := range d.Timeline(id, 0) {
		if ch.Type == conversation.Queued {
			said = string(ch.Data)
		}
	}
	return said
}
