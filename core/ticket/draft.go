package ticket

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// What a draft takes of the customer's words, in characters.
const (
	draftTitle       = 80
	draftDescription = 2000
)

// FromConversation is what one click fills in: title and description from the
// customer's own words since they were last answered for good, bounded, and
// contact, inbox and priority as the conversation has them. Needs TicketWrite.
func (s *Service) FromConversation(ctx context.Context, scope identity.Scope, id conversation.ID) (Ticket, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return Ticket{}, err
	}
	said, err := s.Conversations.Transcript(ctx, scope, id, false)
	if err != nil {
		return Ticket{}, err
	}
	c := said.Conversation
	t := Ticket{
		Workspace: c.Workspace, Contact: c.Contact, ContactName: c.ContactName, Inbox: c.Inbox, Conversation: c.ID,
		Priority: Priority(c.Priority),
	}
	if t.Priority == "" {
		t.Priority = Normal
	}
	t.Title, t.Description = summary(said.Messages)
	return t, nil
}

// summary is a title, the first line that says something, and the customer's
// words, the newest that fit.
func summary(messages []conversation.Message) (title, description string) {
	var words []string
	for _, m := range messages {
		if m.Sender.Kind != identity.ActorContact {
			continue
		}
		text := strings.TrimSpace(m.Text)
		if text == "" && len(m.Attachments) > 0 {
			text = "[" + m.Attachments[0].Name + "]"
		}
		if text != "" {
			words = append(words, text)
		}
	}
	room, first := draftDescription, len(words)
	for first > 0 {
		size := len([]rune(words[first-1])) + 1
		if room -= size; room < 0 && first < len(words) {
			break
		}
		first--
	}
	kept := words[first:]
	if len(kept) == 0 {
		return "", ""
	}
	return headline(kept), cut(strings.Join(kept, "\n"), draftDescription)
}

// headline is the first line that is more than a greeting.
func headline(texts []string) string {
	best := ""
	for _, text := range texts {
		line, _, _ := strings.Cut(text, "\n")
		line = strings.TrimSpace(strings.Map(func(r rune) rune {
			if identity.Deceptive(r) {
				return ' '
			}
			return r
		}, line))
		const greeting = 6 // characters: "hello", "你好", "在吗"
		if len([]rune(line)) > greeting {
			return cut(line, draftTitle)
		}
		if best == "" {
			best = line
		}
	}
	return best
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
