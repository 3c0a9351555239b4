package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *server) newFollowers() *followers {
	a := &analysts{hydrator: s.store.Conversations(), ask: s.plugins, talks: s.conversations, tell: s.alert, log: s.log}
	h := &informants{
		render: envelopes{s.store.Conversations(), s.store.Tickets()}, news: s.newElsewhere(), ask: s.plugins, allowed: allowances{s.store.Extensions()}, cut: wire.NewCutter(),
	}
	return &followers{
		log: s.store.Events(), places: s.store.Followings(), connections: s.store.Extensions(), plugins: s.plugins.Plugins,
		uses: []follow{
			{use: extension.FollowForFindings, wants: func(p extension.PluginID) bool { return len(s.plugins.Reads(p)) > 0 }, about: a.about, tell: a.analyze},
			{use: extension.FollowForHooks, wants: func(p extension.PluginID) bool { return len(s.plugins.EventsOf(p)) > 0 }, about: h.about, tell: h.inform, gaps: true},
		},
		now: s.now, ids: id.NewSource(s.now), logger: s.log, looks: make(chan struct{}, 1), all: make(map[extension.Following]*followed),
	}
}

// runFollowers tells plugins what happens until ctx ends.
func (s *server) runFollowers(ctx context.Context) error {
	if s.config.Database.URL == "" { // no other process is at work on an embedded database
		if err := s.followers.places.Unclaim(ctx); err != nil {
			return fmt.Errorf("take up where plugins were told: %w", err)
		}
	}
	return s.followers.run(ctx, s.bus)
}

// analysts let analyzers read messages, and keep what they notice.
type analysts struct {
	hydrator realtime.Hydrator
	ask      extension.Analyzers
	talks    *conversation.Service
	tell     func(ctx context.Context, w identity.WorkspaceID, in conversation.ID, f []conversation.Finding)
	log      *slog.Logger
}

// about picks the messages that an analyzer reads.
func (a *analysts) about(ctx context.Context, c extension.Connection, events []event.Event) ([]item, error) {
	brought := slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Type != string(conversation.MessageCreated) })
	if len(brought) == 0 {
		return nil, nil
	}
	changes, _, err := a.hydrator.Hydrate(ctx, c.Workspace, brought)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	reads := a.ask.Reads(c.Plugin)
	var out []item
	for _, e := range brought {
		ch, ok := changes[e.ID]
		if !ok || ch.Message == nil || ch.Message.Text == "" {
			continue // it is gone, or files alone
		}
		if m := messageOf(*ch.Message); slices.Contains(reads, m.Author) {
			out = append(out, item{event: e, message: m})
		}
	}
	return out, nil
}

// analyze asks an analyzer, and keeps what it noticed before it counts as told.
func (a *analysts) analyze(ctx context.Context, c extension.Connection, items []item) ([]extension.Outcome, error) {
	messages := make([]extension.Message, len(items))
	for i, it := range items {
		messages[i] = it.message
	}
	said, err := a.ask.Analyze(ctx, extension.Address{Plugin: c.Plugin, Instance: string(c.ID)}, messages)
	if err != nil {
		return nil, err //nolint:wrapcheck // the host's own error
	}
	out := make([]extension.Outcome, len(said))
	by := conversation.Bot{ID: string(c.ID), Name: c.Name, Plugin: string(c.Plugin)}
	for i, s := range said {
		out[i] = s.Outcome
		if !s.Outcome.Taken || len(s.Found) == 0 {
			continue
		}
		m := messages[i]
		found := make([]conversation.Finding, len(s.Found))
		for j, n := range s.Found {
			found[j] = conversation.Finding{
				Seq: m.Seq, Code: n.Code, Level: conversation.FindingLevel(n.Level), Title: n.Title, Advice: n.Advice, Start: n.Start, End: n.End, Score: n.Score,
			}
		}
		fresh, err := a.talks.Raise(ctx, c.Workspace, by, conversation.ID(m.Conversation), conversation.MessageID(m.ID), found)
		if errs.Is(err, errs.NotFound) {
			continue // the conversation is gone
		}
		if err != nil {
			return out[:i], err //nolint:wrapcheck // the use case's own error
		}
		a.tell(ctx, c.Workspace, conversation.ID(m.Conversation), fresh)
	}
	return out, nil
}

// alert tells the assignee of warnings, and supervisors of what is critical too:
// who may assign conversations and reaches this one. It is told once.
func (s *server) alert(ctx context.Context, w identity.WorkspaceID, in conversation.ID, found []conversation.Finding) {
	found = slices.DeleteFunc(slices.Clone(found), func(f conversation.Finding) bool { return f.Level == conversation.FindingNotice })
	if len(found) == 0 {
		return
	}
	c, err := s.store.Conversations().Get(ctx, w, in)
	var supervisors []identity.MemberID
	if err == nil {
		supervisors, err = alarm{s.identity, s.notifications, s.log}.holding(ctx, identity.SystemScope(w), identity.ConversationAssign)
	}
	for _, f := range found {
		if err != nil {
			break
		}
		tell := []identity.MemberID{}
		if c.Assignee != "" {
			tell = append(tell, c.Assignee)
		}
		if f.Level == conversation.FindingCritical {
			for _, m := range supervisors {
				if m != c.Assignee {
					tell = append(tell, m)
				}
			}
		}
		err = s.notifications.Found(ctx, w, notification.Alert{Finding: f, Tell: tell})
	}
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "members could not be told of a finding", "conversation", string(in), "error", err)
	}
}
