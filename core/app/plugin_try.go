package app

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/workbench"
)

// Do implements workbench.Bench.
func (b *devBench) Do(ctx context.Context, name string, args json.RawMessage) (any, error) {
	try, ok := map[string]func(context.Context, json.RawMessage) (any, error){
		"say": tried(b.say), "reply": tried(b.reply), "ask": linked(b, b.ask), "analyze": linked(b, b.analyze), "tool": linked(b, b.tool),
		"card": linked(b, b.card), "press": linked(b, b.press), "lookup": linked(b, b.lookup), "search": linked(b, b.search), "send": linked(b, b.send),
	}[name]
	if !ok {
		return nil, errs.Absent()
	}
	return try(ctx, args)
}

// tried reads the arguments of one thing to try.
func tried[T any](do func(context.Context, T) (any, error)) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, args json.RawMessage) (any, error) {
		var in T
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "workbench.args", "That is no request of the page's.")
		}
		return do(ctx, in)
	}
}

// linked is tried for what asks the plugin through its connection.
func linked[T any](b *devBench, do func(context.Context, extension.Connection, T) (any, error)) func(context.Context, json.RawMessage) (any, error) {
	return tried(func(ctx context.Context, in T) (any, error) {
		link, err := b.connection()
		if err != nil {
			return nil, err
		}
		return do(ctx, link, in)
	})
}

// say is a customer who writes: the far side posts it to the plugin.
func (b *devBench) say(ctx context.Context, in struct{ From, Name, Text string }) (any, error) {
	hook := b.hook()
	if hook == "" {
		return nil, errs.New(errs.Conflict, "workbench.inbox", "There is no inbox yet: mend the settings first.")
	}
	if in.From == "" || in.Text == "" {
		return nil, errs.New(errs.Invalid, "workbench.args", "A message needs a sender and a text.")
	}
	said := workbench.Said{ID: b.ids.New("dev"), From: in.From, Name: in.Name, Text: in.Text}
	if settings, _ := b.run.now(); settings.Request != nil {
		return settings.Request.Post(ctx, hook, said) //nolint:wrapcheck // it names the place
	}
	return b.run.provider.Say(ctx, hook, said) //nolint:wrapcheck // as above
}

// reply is the agent who answers: in a conversation, or to a customer by name.
func (b *devBench) reply(ctx context.Context, in struct{ Conversation, To, Text string }) (any, error) {
	if in.Conversation == "" {
		b.mu.Lock()
		inbox := b.inbox.ID
		b.mu.Unlock()
		all, err := b.talks(ctx, inbox)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if c.ContactName == in.To || c.Recipient == in.To {
				in.Conversation = string(c.ID)
			}
		}
	}
	_, err := b.s.conversations.Post(ctx, b.scope, conversation.Post{
		Conversation: conversation.ID(in.Conversation), ClientID: b.ids.New("dev"), Kind: conversation.Text, Text: in.Text,
	})
	return struct{}{}, err //nolint:wrapcheck // the use case's own error
}

// connection is what the plugin's other abilities work with.
func (b *devBench) connection() (extension.Connection, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.link.ID == "" {
		return extension.Connection{}, errs.New(errs.Conflict, "workbench.connection", "The plugin is not connected yet: mend the settings first.")
	}
	return b.link, nil
}

func addressOf(c extension.Connection) extension.Address {
	return extension.Address{Plugin: c.Plugin, Instance: string(c.ID)}
}

// devTalk is a conversation with a bot.
type devTalk struct {
	number  int
	turns   int
	history []extension.Message
	memory  []byte
}

// ask asks the bot; what it remembers is kept until the talk begins anew.
func (b *devBench) ask(ctx context.Context, link extension.Connection, in struct {
	Text, Locale string
	Anew         bool
},
) (any, error) {
	b.mu.Lock()
	if in.Anew {
		b.bot = devTalk{number: b.bot.number + 1}
	}
	b.bot.turns++
	talk := b.bot
	b.mu.Unlock()
	name := "cnv_workbench_" + strconv.Itoa(talk.number)
	message := func(author extension.Author, text string) extension.Message {
		return extension.Message{ID: b.ids.New("msg"), Conversation: name, Seq: uint64(len(talk.history) + 1), Author: author, Text: text, At: b.s.now()}
	}
	talk.history = append(talk.history, message(extension.AuthorCustomer, in.Text))
	history := talk.history[max(len(talk.history)-extension.MaxHistory, 0):]
	var events []extension.TurnEvent
	err := b.s.plugins.Turn(ctx, addressOf(link), extension.Turn{
		ID: b.ids.New("trn"), Conversation: name, Trigger: extension.TriggerMessage, History: history, Locale: in.Locale, Memory: talk.memory,
		Customer: extension.Customer{ID: "con_workbench", Name: "Alice"},
	}, func(e extension.TurnEvent) error {
		if e.Delta == "" {
			events = append(events, e)
		}
		return nil
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // the host's own sentence
	}
	for _, e := range events {
		if e.Reply != nil {
			talk.history = append(talk.history, message(extension.AuthorBot, e.Reply.Text))
		}
		if e.Done != nil {
			talk.memory = e.Done.Memory
		}
	}
	b.mu.Lock()
	b.bot = talk
	b.mu.Unlock()
	return map[string]any{"events": turnViews(events)}, nil
}

func turnViews(events []extension.TurnEvent) []map[string]any {
	out := []map[string]any{}
	for _, e := range events {
		switch {
		case e.Reply != nil:
			out = append(out, map[string]any{"type": "reply", "text": e.Reply.Text})
		case e.Tool != nil:
			out = append(out, map[string]any{"type": "tool", "tool": e.Tool.Tool, "args": e.Tool.Args})
		case e.Handoff != nil:
			out = append(out, map[string]any{"type": "handoff", "team": e.Handoff.Team, "reason": e.Handoff.Reason, "text": e.Handoff.Summary})
		case e.Resolve:
			out = append(out, map[string]any{"type": "resolve"})
		case e.Done != nil:
			out = append(out, map[string]any{"type": "done", "confidence": e.Done.Confidence, "memory": string(e.Done.Memory)})
		}
	}
	return out
}

// analyze asks the analyzer about a message.
func (b *devBench) analyze(ctx context.Context, link extension.Connection, in struct{ Text, Author string }) (any, error) {
	got, err := b.s.plugins.Analyze(ctx, addressOf(link), []extension.Message{{
		ID: b.ids.New("msg"), Conversation: "cnv_workbench", Seq: 1, Author: extension.Author(in.Author), Text: in.Text, At: b.s.now(),
	}})
	if err != nil || len(got) == 0 {
		return nil, orSilent(err)
	}
	found := []map[string]any{}
	for _, f := range got[0].Found {
		found = append(found, map[string]any{"code": f.Code, "level": f.Level, "title": f.Title, "advice": f.Advice, "start": f.Start, "end": f.End})
	}
	return map[string]any{"found": found, "outcome": got[0].Outcome}, nil
}

func orSilent(err error) error {
	if err != nil {
		return err
	}
	return errs.New(errs.Unavailable, "workbench.silent", "The plugin has not answered.")
}

// tool uses a tool, as a member would who asked for it.
func (b *devBench) tool(ctx context.Context, link extension.Connection, in struct {
	Tool string
	Args json.RawMessage
},
) (any, error) {
	for _, t := range b.tools() {
		if t.Name != in.Tool {
			continue
		}
		if bad := b.s.plugins.CheckArgs(t.Plugin, t.Name, in.Args); len(bad) > 0 {
			return nil, errs.New(errs.Invalid, "workbench.args", "The arguments are not what the tool's args_schema accepts.").WithFields(bad...)
		}
		progress := []string{}
		got, err := b.s.plugins.Invoke(ctx, link, extension.Invocation{
			ID: b.ids.New("tci"), Tool: t.Name, Args: in.Args, Timeout: t.Timeout, Caller: extension.Caller{Kind: extension.CallerAgent, ID: string(b.scope.Member())},
		}, func(s string) { progress = append(progress, s) })
		if err != nil {
			return nil, err //nolint:wrapcheck // the host's own sentence
		}
		return map[string]any{"outcome": got.Outcome, "code": got.Code, "detail": got.Detail, "output": got.Output, "progress": progress}, nil
	}
	return nil, errs.Absent()
}

// devLook says how a panel is looked at.
type devLook struct {
	Panel, Locale string
	Dark          bool
	Action        string
	Data          json.RawMessage
}

func (b *devBench) view(in devLook) extension.PanelView {
	v := extension.PanelView{
		Panel: in.Panel, Member: b.scope.Member(), MemberName: "Author", Locale: in.Locale, Theme: "light", May: []string{"read", "write", "manage"},
	}
	if in.Dark {
		v.Theme = "dark"
	}
	for _, p := range b.installed().Offers.Panels {
		if p.Name == in.Panel {
			v.Slot = extension.Slot(p.Slot)
		}
	}
	b.mu.Lock()
	about := string(b.about)
	b.mu.Unlock()
	if about == "" {
		about = "cnv_workbench"
	}
	switch v.Slot { //nolint:exhaustive // the others are about nothing
	case extension.SlotConversation, extension.SlotComposer:
		v.Subject.Conversation = about
	case extension.SlotTicket:
		v.Subject.Ticket = "tkt_workbench"
	}
	return v
}

// card draws a panel.
func (b *devBench) card(ctx context.Context, link extension.Connection, in devLook) (any, error) {
	got, err := b.s.plugins.Render(ctx, link, b.view(in))
	return map[string]any{"card": got.JSON}, err //nolint:wrapcheck // the host's own sentence
}

// press presses a button of a card.
func (b *devBench) press(ctx context.Context, link extension.Connection, in devLook) (any, error) {
	got, err := b.s.plugins.Act(ctx, link, b.view(in), extension.PanelAction{ID: b.ids.New("prs"), Action: in.Action, Data: in.Data})
	return map[string]any{"card": got.Card, "message": got.Message, "failed": got.Failed, "insert_text": got.InsertText}, err //nolint:wrapcheck // as above
}

// lookup looks a customer up.
func (b *devBench) lookup(ctx context.Context, link extension.Connection, in struct {
	Email, Phone, Locale string
},
) (any, error) {
	objects, err := b.s.plugins.Describe(ctx, link, in.Locale)
	if err != nil {
		return nil, err //nolint:wrapcheck // the host's own sentence
	}
	who := extension.Sought{ID: "con_workbench"}
	if in.Email != "" {
		who.Emails = []string{in.Email}
	}
	if in.Phone != "" {
		who.Phones = []string{in.Phone}
	}
	records, err := b.s.plugins.Lookup(ctx, link, who)
	return map[string]any{"objects": objectViews(objects), "records": recordViews(records)}, err //nolint:wrapcheck // as above
}

// search looks for records by words, in each kind that can be searched.
func (b *devBench) search(ctx context.Context, link extension.Connection, in struct{ Query, Locale string }) (any, error) {
	objects, err := b.s.plugins.Describe(ctx, link, in.Locale)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	const most = 20
	var all []extension.Far
	for _, o := range objects {
		if !o.Search {
			continue
		}
		found, err := b.s.plugins.Search(ctx, link, o.Name, in.Query, most)
		if err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		all = append(all, found...)
	}
	return map[string]any{"objects": objectViews(objects), "records": recordViews(all)}, nil
}

func objectViews(objects []extension.ObjectType) []map[string]any {
	out := []map[string]any{}
	for _, o := range objects {
		labels := map[string]string{}
		for _, f := range o.Fields {
			labels[f.Name] = f.Label
		}
		out = append(out, map[string]any{"name": o.Name, "label": o.Label, "labels": labels})
	}
	return out
}

func recordViews(records []extension.Far) []map[string]any {
	out := []map[string]any{}
	for _, r := range records {
		out = append(out, map[string]any{"object": r.Object, "id": r.ID, "title": r.Title, "url": r.URL, "fields": r.Fields})
	}
	return out
}

// send asks the hook about a message that an agent is about to send, as the
// server does before it sends one.
func (b *devBench) send(ctx context.Context, link extension.Connection, in struct{ Text string }) (any, error) {
	for _, as := range b.s.plugins.Interceptors(extension.PointSend) {
		if as.Plugin != b.run.plugin {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, as.Budget)
		defer cancel()
		began := b.s.now()
		v, err := b.s.plugins.Intercept(ctx, addressOf(link), extension.Change{ID: b.ids.New("chg"), Send: &extension.SendDraft{
			Conversation: "cnv_workbench", Author: extension.AuthorAgent, AuthorID: string(b.scope.Member()), Text: in.Text,
		}})
		if err != nil {
			return nil, err //nolint:wrapcheck // the host's own sentence
		}
		return map[string]any{"deny": v.Deny, "reason": v.Reason, "text": v.Text, "took_ms": b.s.now().Sub(began).Milliseconds(), "budget_ms": as.Budget.Milliseconds()}, nil
	}
	return nil, errs.New(errs.Conflict, "workbench.hook", "Its manifest does not ask to be asked before a message is sent (hooks.intercept with the point message.send).")
}
