package conversation

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// BotReply is the n-th message of a bot's turn.
type BotReply struct {
	N     int // 0, 1, 2, ...: with the turn, the key of idempotency
	Text  string
	Files []media.ID // uploaded by the bot's plugin
}

// BotSay sends a bot's message to the customer, once for each turn and number:
// on a later attempt at the turn it does nothing, whatever the text.
// Interceptors are asked, and the rules of the channel hold.
func (s *Service) BotSay(ctx context.Context, by BotClaim, r BotReply) error {
	c, err := s.Reader.Get(ctx, by.Workspace, by.Conversation)
	if err != nil {
		return err
	}
	r.Text = clean(r.Text)
	if err := checkWritten(r.Text, r.Files, s.textLimit(c.Plugin)); err != nil {
		return err
	}
	passed, err := s.botSending(ctx, by, r, s.textLimit(c.Plugin))
	if err != nil {
		return err
	}
	return s.within(ctx, by, func(ctx context.Context, tx Tx, t Turn, c *Conversation, _ *BotTalk) error {
		key := r.key(by)
		if before, err := tx.Sent(ctx, c.ID, by.Bot.ID, key); err != nil || before != nil {
			return err
		}
		if err := s.maySend(c.Plugin); err != nil {
			return err
		}
		w := Words(key, passed.Text)
		w.Altered = passed.Altered
		ch, err := c.Send(t, w)
		if err == nil {
			err = c.Spend(s.windows(c.Plugin), t.At, ch.Seq)
		}
		if err != nil {
			return err
		}
		return s.give(ctx, tx, c, ch, media.Uploader{Kind: media.ByPlugin, ID: by.Bot.ID}, r.Files)
	})
}

// key is the key of idempotency of a reply.
func (r BotReply) key(by BotClaim) string { return by.Turn + "." + strconv.Itoa(r.N) }

// botSending asks the interceptors about a bot's reply, unless an earlier
// attempt at the turn has sent it.
func (s *Service) botSending(ctx context.Context, by BotClaim, r BotReply, limit int) (Passed, error) {
	if !s.asks(ctx, by.Workspace) {
		return Passed{Text: r.Text}, nil
	}
	known := false
	err := s.Store.Within(ctx, by.Workspace, func(ctx context.Context, tx Tx) error {
		before, err := tx.Sent(ctx, by.Conversation, by.Bot.ID, r.key(by))
		known = before != nil
		return err
	})
	if err != nil || known {
		return Passed{Text: r.Text}, err
	}
	return s.intercepted(ctx, by.Workspace, by.Bot.actor(), Outgoing{
		Key: r.key(by), Conversation: by.Conversation, Text: r.Text, Files: r.Files, Limit: limit,
	})
}

// BotHandoff is how a bot gives a conversation to people.
type BotHandoff struct {
	Team    string // name or id; "" = where the inbox sends its customers
	Reason  string // a code
	Summary string // what the agent should know; "" = nothing
}

// MaxBotNote bounds the note of a handoff, in characters.
const MaxBotNote = 4000

// HandOff gives a conversation that a bot answers to people, with a note of
// what they should know. A team that is not there is named in the note, and the
// conversation goes where the inbox sends its customers. Interceptors of routes
// are asked for the team; that they refuse changes nothing, since the customer
// must not be left with nobody.
func (s *Service) HandOff(ctx context.Context, by BotClaim, h BotHandoff) error {
	c, err := s.Reader.Get(ctx, by.Workspace, by.Conversation)
	if err != nil {
		return err
	}
	note := h.Summary
	to, known, err := s.teamNamed(ctx, by.Workspace, h.Team)
	if err != nil {
		return err
	}
	if !known {
		note = strings.TrimSpace("Handed off to the team “" + cut(clean(h.Team), 100) + "”, which does not exist here.\n\n" + note)
	}
	if to == "" {
		to = c.Team
	}
	if routed, err := s.routed(ctx, by.Workspace, Routing{Key: by.Turn, Conversation: c.ID, Inbox: c.Inbox, Contact: c.Contact, Team: to}); err == nil {
		to = routed
	} else if errs.Is(err, errs.Unavailable) && ctx.Err() != nil {
		return err
	}
	return s.within(ctx, by, func(ctx context.Context, tx Tx, t Turn, c *Conversation, b *BotTalk) error {
		if note = clean(note); strings.TrimSpace(note) != "" {
			c.AddNote(t, Words(by.Turn+".note", cut(note, MaxBotNote)))
		}
		b.Handled = c.LastInboundSeq
		b.over()
		b.Results, b.Opens = nil, false
		if h.Team != "" && known {
			c.teamChosen()
		}
		if err := c.HandOff(t, to, h.Reason); err != nil {
			return err
		}
		return s.closedOutOfBot(ctx, tx, t, c)
	})
}

// BotResolve closes a conversation that its bot has helped with.
func (s *Service) BotResolve(ctx context.Context, by BotClaim, memory []byte) error {
	return s.within(ctx, by, func(_ context.Context, _ Tx, t Turn, c *Conversation, b *BotTalk) error {
		b.Handled = c.LastInboundSeq
		b.over()
		b.Memory, b.Results, b.Opens = memory, nil, false
		c.Resolve(t)
		return nil
	})
}

// teamNamed finds a team by its id, or by its name in any case; known is false
// when there is none. "" is known, and no team.
func (s *Service) teamNamed(ctx context.Context, w identity.WorkspaceID, name string) (id team.ID, known bool, err error) {
	if name == "" {
		return "", true, nil
	}
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) || len(name) > 4*team.MaxName {
		return "", false, nil
	}
	found, err := s.Teams.Team(ctx, w, team.ID(name))
	if err == nil {
		return found.ID, true, nil
	}
	if !errs.Is(err, errs.NotFound) {
		return "", false, err
	}
	for at := (page.Request{Limit: page.MaxLimit}); ; {
		all, err := s.Teams.Teams(ctx, w, at)
		if err != nil {
			return "", false, err
		}
		for _, t := range all.Items {
			if strings.EqualFold(t.Name, strings.TrimSpace(name)) {
				return t.ID, true, nil
			}
		}
		if at.Cursor = all.Next; at.Cursor == "" {
			return "", false, nil
		}
	}
}
