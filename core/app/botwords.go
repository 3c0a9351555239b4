package app

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// giveUp gives a conversation to people, with a note that says why.
func (b *bots) giveUp(ctx context.Context, by conversation.BotClaim, why string) {
	locale, err := b.locale(ctx, by.Workspace)
	if err != nil {
		locale = "en"
	}
	b.giveUpBecause(ctx, by, why, botNote(locale, why))
}

func (b *bots) giveUpBecause(ctx context.Context, by conversation.BotClaim, why, note string) {
	err := b.talks.HandOff(ctx, by, conversation.BotHandoff{Reason: why, Summary: note})
	if err != nil && !turnOver(err) && ctx.Err() == nil {
		b.log.ErrorContext(ctx, "a bot's customer could not be given to people: it is tried again when the claim ends", "conversation", string(by.Conversation), "error", err)
	}
}

// botNote tells an agent why they have a bot's customer.
func botNote(locale, why string) string {
	chinese := strings.HasPrefix(strings.ToLower(locale), "zh")
	switch {
	case why == "bot_off" && chinese:
		return "该收件箱的机器人已停用或移除，会话已转人工。"
	case why == "bot_off":
		return "The bot of this inbox was turned off or removed, so people take over."
	case why == "bot_away" && chinese:
		return "机器人的插件未在运行，会话已自动转人工。"
	case why == "bot_away":
		return "The bot's plugin does not run now, so people take over."
	case why == "bot_busy" && chinese:
		return "机器人正在应答的会话已达上限，会话已自动转人工。"
	case why == "bot_busy":
		return "The bot has as many customers as it can answer now, so people take over."
	case chinese:
		return "机器人多次没有给出答复，会话已自动转人工。"
	default:
		return "The bot failed to answer several times, so people take over."
	}
}

// asked is what the bot is told of the conversation.
func (b *bots) asked(ctx context.Context, t *conversation.BotTurn) (extension.Turn, error) {
	until := t.UpTo
	out := extension.Turn{
		ID: t.Turn, Conversation: string(t.Conversation), Trigger: extension.TriggerMessage, Memory: t.Memory, Attempt: t.Attempts,
	}
	switch {
	case t.Opened:
		out.Trigger = extension.TriggerOpened
	case !t.Asked:
		out.Trigger, until = extension.TriggerTool, t.Subject.LastSeq
	}
	for _, r := range t.Results {
		out.Tools = append(out.Tools, extension.ToolResult{Call: r.Call, OK: r.OK, Code: r.Code, Detail: r.Detail, Output: r.Output})
	}
	changes, err := b.reader.Timeline(ctx, t.Workspace, t.Conversation, conversation.Range{Before: until + 1, Limit: 4 * extension.MaxHistory})
	if err != nil {
		return out, err //nolint:wrapcheck // a port's error says where it comes from
	}
	out.History = messagesOf(changes)
	if n := len(out.History); n > extension.MaxHistory {
		out.History = out.History[n-extension.MaxHistory:]
	}
	who, _, err := b.contacts.Get(ctx, t.Workspace, t.Subject.Contact)
	if err != nil {
		return out, err //nolint:wrapcheck // as above
	}
	out.Customer, out.Locale = customerOf(who), who.Locale
	return out, nil
}

// messagesOf are the messages of changes as plugins are shown them. Notes, and
// what was taken back, are not among them.
func messagesOf(changes []conversation.Change) []extension.Message {
	var out []extension.Message
	for _, ch := range changes {
		if ch.Type == conversation.MessageCreated && ch.Message != nil && ch.Message.RecalledAt.IsZero() {
			out = append(out, messageOf(*ch.Message))
		}
	}
	return out
}

func messageOf(m conversation.Message) extension.Message {
	out := extension.Message{
		ID: string(m.ID), Conversation: string(m.Conversation), Seq: m.Seq, Author: authorOf(m.Sender.Kind), AuthorID: m.Sender.ID, AuthorName: m.Sender.Name,
		Text: m.Text, At: m.CreatedAt,
	}
	for _, f := range m.Attachments {
		out.Files = append(out.Files, extension.File{ID: string(f.ID), MediaType: f.Type, Name: f.Name, Size: f.Size})
	}
	return out
}

func authorOf(k identity.ActorKind) extension.Author {
	switch k {
	case identity.ActorContact:
		return extension.AuthorCustomer
	case identity.ActorMember:
		return extension.AuthorAgent
	case identity.ActorBot:
		return extension.AuthorBot
	case identity.ActorPlugin, identity.ActorSystem:
	}
	return extension.AuthorSystem
}

func customerOf(c contact.Contact) extension.Customer {
	out := extension.Customer{
		ID: string(c.ID), Name: c.Name, External: c.External, Locale: c.Locale, CreatedAt: c.CreatedAt,
		Revision: uint64(max(c.UpdatedAt.UnixMilli(), 0)),
	}
	if c.Email != "" {
		out.Emails = []string{c.Email}
	}
	if c.Phone != "" {
		out.Phones = []string{c.Phone}
	}
	if raw, err := json.Marshal(c.Attributes); err == nil && len(c.Attributes) > 0 { // they came from JSON
		out.Attributes = raw
	}
	return out
}
