package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// block is how many calls are made before it is another's turn.
const block = 200

// call is something that is asked one at a time.
type call struct {
	name string
	ask  func(ctx context.Context) error
}

// unary measures calls that somebody waits for, beside the same calls by gRPC
// alone: one at a time, in blocks, in turns.
func (b *bench) unary(ctx context.Context) error {
	view := extension.PanelView{
		Panel: "card", Slot: extension.SlotConversation, Subject: extension.Subject{Conversation: numbered("cnv_", 1)},
		Member: "mem_01KB0000000000000000000001", Locale: "en", Theme: "light", May: []string{"read"},
	}
	use := extension.Invocation{ID: numbered("tci_", 1), Tool: "nothing", Args: json.RawMessage(`{}`), Timeout: 5 * time.Second}
	link := core().Connections[0]
	panels, tools := pluginv1.NewPanelServiceClient(b.raw.conn), pluginv1.NewToolServiceClient(b.raw.conn)
	hooks := pluginv1.NewHookServiceClient(b.raw.conn)
	draft := extension.Change{ID: numbered("chg_", 1), Send: &extension.SendDraft{
		Conversation: view.Subject.Conversation, Author: extension.AuthorAgent, AuthorID: string(view.Member), Text: text,
	}}
	to := extension.Address{Plugin: link.Plugin, Instance: linkID}
	pairs := [][2]call{
		{{"panel rendered: raw unary call", func(ctx context.Context) error {
			_, err := panels.RenderPanel(ctx, &pluginv1.RenderPanelRequest{InstanceId: linkID, Context: &pluginv1.PanelContext{
				Panel: view.Panel, Slot: string(view.Slot), ConversationId: view.Subject.Conversation, MemberId: string(view.Member),
				Locale: view.Locale, Theme: view.Theme, May: view.May,
			}})
			return err
		}}, {"panel rendered: host and SDK", func(ctx context.Context) error {
			_, err := b.host.Render(ctx, link, view)
			return err
		}}},
		{{"interceptor asked: raw unary call", func(ctx context.Context) error {
			_, err := hooks.Intercept(ctx, &pluginv1.InterceptRequest{InstanceId: linkID, ChangeId: draft.ID, Change: &pluginv1.InterceptRequest_MessageSend{
				MessageSend: &pluginv1.MessageDraft{
					ConversationId: draft.Send.Conversation, Author: pluginv1.Author_AUTHOR_AGENT, AuthorId: draft.Send.AuthorID,
					Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}},
				},
			}})
			return err
		}}, {"interceptor asked: host and SDK", func(ctx context.Context) error {
			_, err := b.host.Intercept(ctx, to, draft)
			return err
		}}},
		{{"tool used: raw server stream", func(ctx context.Context) error {
			stream, err := tools.InvokeTool(ctx, &pluginv1.InvokeToolRequest{InvocationId: use.ID, InstanceId: linkID, Tool: use.Tool, Args: use.Args})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}}, {"tool used: host and SDK", func(ctx context.Context) error {
			_, err := b.host.Invoke(ctx, link, use, nil)
			return err
		}}},
	}
	for _, pair := range pairs {
		if err := b.pair(ctx, pair); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) pair(ctx context.Context, pair [2]call) error {
	var took [2][]float64
	for round := range 2 * b.rounds {
		for i := range pair {
			at := (i + round) % 2
			for range block {
				began := time.Now()
				within, cancel := context.WithTimeout(ctx, 5*time.Second)
				err := pair[at].ask(within)
				cancel()
				if err != nil {
					return fmt.Errorf("%s: %w", pair[at].name, err)
				}
				if round > 0 { // the first is for getting warm
					took[at] = append(took[at], float64(time.Since(began).Nanoseconds())/1000)
				}
			}
		}
	}
	for i, c := range pair {
		b.report.calls(c.name, took[i])
	}
	b.report.over(pair[1].name+": more than raw", took[1], took[0])
	return nil
}

// calls adds the times of calls, in microseconds: median, p99 and the quickest.
func (r *report) calls(name string, took []float64) {
	r.Calls = append(r.Calls, calls{Name: name, P50: at(took, 50), P99: at(took, 99), Count: len(took)})
}

// over adds what one kind of call takes more than another.
func (r *report) over(name string, of, to []float64) {
	r.Calls = append(r.Calls, calls{Name: name, P50: at(of, 50) - at(to, 50), P99: at(of, 99) - at(to, 99), Count: len(of)})
}

// calls are the times of one kind of call, in microseconds.
type calls struct {
	Name  string  `json:"name"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
	Count int     `json:"count"`
}
