package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/page"
)

// What the page shows of conversations.
const (
	devTalks    = 20
	devMessages = 100
)

// devState is all that the page shows.
type devState struct {
	Plugin   devPlugin       `json:"plugin"`
	Build    devBuild        `json:"build"`
	Problems []devProblem    `json:"problems"`
	Hook     string          `json:"hook,omitempty"`
	Say      bool            `json:"say"`  // there is a way to be a customer
	Live     bool            `json:"live"` // a live channel: its widget is the customer's
	Talks    []devTalkView   `json:"talks"`
	Sent     json.RawMessage `json:"sent,omitempty"` // what the far side has got
	Tools    []devTool       `json:"tools"`
	Panels   []devPanel      `json:"panels"`
	Log      []devLine       `json:"log"`
}

type devPlugin struct {
	ID       string            `json:"id"`
	Name     map[string]string `json:"name"`
	Version  string            `json:"version"`
	Kinds    []string          `json:"kinds"`
	State    string            `json:"state"`
	Detail   string            `json:"detail,omitempty"`
	PID      int               `json:"pid,omitempty"`
	Tier     string            `json:"tier,omitempty"`
	Restarts int               `json:"restarts"`
}

type devTalkView struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Messages []devMessage `json:"messages"`
}

type devMessage struct {
	ID       string    `json:"id"`
	Author   string    `json:"author"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	Delivery string    `json:"delivery,omitempty"`
	Error    string    `json:"error,omitempty"`
}

type devTool struct {
	Name        string            `json:"name"`
	Title       map[string]string `json:"title"`
	Description map[string]string `json:"description"`
	Schema      json.RawMessage   `json:"schema"`
	Approval    bool              `json:"approval"`
}

type devPanel struct {
	Name  string            `json:"name"`
	Slot  string            `json:"slot"`
	Title map[string]string `json:"title"`
	Page  bool              `json:"page"`
}

type devLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// State implements workbench.Bench.
func (b *devBench) State(ctx context.Context) any {
	p := b.installed()
	out := devState{
		Plugin: devPlugin{
			ID: string(p.ID), Name: p.Name, Version: p.Version, Kinds: p.Kinds, State: string(p.State), Detail: p.Detail,
			PID: p.PID, Tier: string(p.Tier), Restarts: p.Restarts,
		},
		Hook: b.hook(), Talks: []devTalkView{}, Tools: []devTool{}, Panels: []devPanel{}, Log: []devLine{},
	}
	b.mu.Lock()
	out.Build, out.Problems = b.build, append([]devProblem{}, b.problems...)
	inbox := b.inbox.ID
	out.Live = b.inbox.Live
	b.mu.Unlock()
	settings, provider := b.run.now()
	out.Say = inbox != "" && !out.Live && (settings.Request != nil || provider)
	if inbox != "" {
		out.Talks = b.talkViews(ctx, inbox)
	}
	if out.Say && settings.Request == nil {
		out.Sent, _ = b.run.provider.Sent(ctx) // one that does not tell shows nothing
	}
	for _, t := range b.tools() {
		out.Tools = append(out.Tools, devTool{Name: t.Name, Title: t.Title, Description: t.Description, Schema: t.ArgsSchema, Approval: t.Approval})
	}
	for _, x := range p.Offers.Panels {
		out.Panels = append(out.Panels, devPanel{Name: x.Name, Slot: x.Slot, Title: x.Title, Page: x.Page})
	}
	if lines, err := b.s.plugins.Logs(b.run.plugin); err == nil {
		for _, l := range lines {
			out.Log = append(out.Log, devLine{l.At, l.Level, readable(0, l.Text)})
		}
	}
	return out
}

func (b *devBench) talks(ctx context.Context, inbox channel.InboxID) ([]conversation.Conversation, error) {
	got, err := b.s.conversations.List(ctx, b.scope, conversation.Filter{Inbox: inbox}, page.Request{Limit: devTalks})
	return got.Items, err //nolint:wrapcheck // the use case's own error
}

func (b *devBench) talkViews(ctx context.Context, inbox channel.InboxID) []devTalkView {
	out := []devTalkView{}
	all, err := b.talks(ctx, inbox)
	if err != nil {
		return out
	}
	for _, c := range all {
		view := devTalkView{ID: string(c.ID), Name: c.ContactName, Messages: []devMessage{}}
		if view.Name == "" {
			view.Name = c.Recipient
		}
		changes, _, err := b.s.conversations.Timeline(ctx, b.scope, c.ID, conversation.Range{Limit: devMessages})
		if err != nil {
			continue
		}
		for _, ch := range changes {
			if m := ch.Message; m != nil && m.Kind == conversation.Text && ch.Type == conversation.MessageCreated {
				view.Messages = append(view.Messages, devMessage{
					ID: string(m.ID), Author: string(m.Sender.Kind), Text: m.Text, At: m.CreatedAt,
					Delivery: string(m.Delivery), Error: m.DeliveryError,
				})
			}
		}
		out = append(out, view)
	}
	return out
}
