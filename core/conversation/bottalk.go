package conversation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// BotTalk is where a bot stands in a conversation: what it was asked, what it
// keeps, and who is asking it now.
type BotTalk struct {
	Conversation ID
	Bot          string          // the connection that was engaged last
	Handled      uint64          // LastInboundSeq up to which it was asked
	Memory       []byte          // what it kept of the turn before
	Results      []BotToolResult // of tools, not yet told
	Opens        bool            // it is to be told that the conversation began, before anything else

	Turn     string // under way; "" = none
	UpTo     uint64 // LastInboundSeq when the turn began
	Told     []BotToolResult
	Attempts int // that failed
	Since    time.Time
	NextAt   time.Time // not tried before
	Claim    string    // of who works on the turn; "" = nobody
	Until    time.Time // the claim's end, should its holder have died
}

// BotToolResult is what became of a tool that a bot asked for.
type BotToolResult struct {
	Call   string          `json:"call"`
	OK     bool            `json:"ok,omitempty"`
	Code   string          `json:"code,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
}

// MaxBotResults bounds the tools' results that wait to be told.
const MaxBotResults = 32

// BotTx is the side of a transaction that knows what bots do.
type BotTx interface {
	// BotTalk returns where a bot stands; nil when none was ever engaged.
	BotTalk(ctx context.Context, id ID) (*BotTalk, error)
	// SaveBotTalk keeps it in place of what was there. The conversation must
	// have been saved.
	SaveBotTalk(ctx context.Context, b BotTalk) error
}

// BotReader finds work for bots.
type BotReader interface {
	// BotsDue lists open conversations that a bot answers, in all workspaces,
	// in which there is something for it to do: the customer wrote, a tool is
	// done or a turn was begun, nobody works on it and it may be tried by now.
	// Those that wait the longest come first.
	BotsDue(ctx context.Context, now time.Time, limit int) ([]Ref, error)
}

// due reports whether there is something to ask.
func (b *BotTalk) due(c *Conversation) bool {
	return b.Opens || b.Turn != "" || c.LastInboundSeq > b.Handled || len(b.Results) > 0
}

// over forgets the turn.
func (b *BotTalk) over() {
	b.Turn, b.UpTo, b.Told, b.Attempts, b.Since, b.NextAt, b.Claim, b.Until = "", 0, nil, 0, time.Time{}, time.Time{}, "", time.Time{}
}

// keepTalk notes, in the transaction that engages a bot, from which message on
// it is asked, and whether it greets first: opens says that the conversation begins. What it keeps in memory stays, unless it is another bot.
func keepTalk(ctx context.Context, tx Tx, c *Conversation, bot Bot, before uint64, opens bool) error {
	b, err := tx.BotTalk(ctx, c.ID)
	if err != nil {
		return err
	}
	if b == nil {
		b = &BotTalk{Conversation: c.ID}
	}
	b.over()
	if b.Bot != bot.ID {
		b.Memory = nil
	}
	b.Bot, b.Handled, b.Results, b.Opens = bot.ID, before, nil, opens
	return tx.SaveBotTalk(ctx, *b)
}

// BotClaim is a turn of a bot that the caller works on. Every use case that
// takes it checks, in its transaction, that nobody took over since.
type BotClaim struct {
	Workspace    identity.WorkspaceID
	Conversation ID
	Bot          Bot
	Turn         string
	Claim        string
}

// BotTurn is what a bot is asked.
type BotTurn struct {
	BotClaim
	UpTo     uint64 // seq of the customer's last message
	Asked    bool   // the customer wrote: otherwise tools are done, or the conversation began
	Opened   bool   // the conversation began, and nothing was said: what the customer wrote is of the next turn
	Results  []BotToolResult
	Memory   []byte
	Attempts int
	Since    time.Time
	Subject  Conversation
}

// BeginTurn claims the next turn of a bot in a conversation until a time, or
// the one that was begun and is not over. It returns nil when there is nothing
// to do: nobody wrote, the bot does not answer any more, or somebody else works
// on it. With bot nil (the inbox has none any more) the caller hands off.
func (s *Service) BeginTurn(ctx context.Context, r Ref, bot *Bot, claim string, until time.Time) (*BotTurn, error) {
	var out *BotTurn
	err := s.Store.Within(ctx, r.Workspace, func(ctx context.Context, tx Tx) error {
		out = nil
		c, err := tx.Conversation(ctx, r.ID)
		if err != nil {
			return err
		}
		b, err := tx.BotTalk(ctx, r.ID)
		now := s.Now()
		if err != nil || b == nil || !c.ByBot() || c.MergedInto != "" || !b.due(c) || now.Before(b.NextAt) || b.Claim != "" && now.Before(b.Until) {
			return err
		}
		by := Bot{ID: b.Bot}
		if bot != nil {
			by = *bot
			b.changeTo(bot.ID)
		}
		if b.Turn == "" {
			b.Turn, b.UpTo, b.Told, b.Results = s.ids.New("trn"), c.LastInboundSeq, b.Results, nil
			if b.Opens {
				b.UpTo = b.Handled
			}
			b.Since = now
		}
		b.Claim, b.Until = claim, until
		out = &BotTurn{
			BotClaim: BotClaim{Workspace: r.Workspace, Conversation: r.ID, Bot: by, Turn: b.Turn, Claim: claim},
			UpTo:     b.UpTo, Asked: b.UpTo > b.Handled, Opened: b.Opens, Results: b.Told, Memory: b.Memory, Attempts: b.Attempts, Since: b.Since, Subject: *c,
		}
		return tx.SaveBotTalk(ctx, *b)
	})
	return out, err
}

// changeTo makes another bot the one that is asked: it knows nothing yet of
// what the one before kept, and nothing of its turn.
func (b *BotTalk) changeTo(bot string) {
	if b.Bot == bot {
		return
	}
	b.over()
	b.Bot, b.Memory, b.Results = bot, nil, nil
}

// within runs a change that a bot's turn makes, unless somebody took over.
func (s *Service) within(ctx context.Context, by BotClaim, fn func(ctx context.Context, tx Tx, t Turn, c *Conversation, b *BotTalk) error) error {
	return s.Store.Within(ctx, by.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := tx.Conversation(ctx, by.Conversation)
		if err != nil {
			return err
		}
		b, err := tx.BotTalk(ctx, by.Conversation)
		if err != nil {
			return err
		}
		if b == nil || !c.ByBot() || c.MergedInto != "" || b.Turn != by.Turn || b.Claim != by.Claim {
			return errTurnOver()
		}
		t := Turn{Actor: by.Bot.actor(), At: s.Now(), IDs: s.ids}
		if err := fn(ctx, tx, t, c, b); err != nil {
			return err
		}
		if err := s.save(ctx, tx, c); err != nil {
			return err
		}
		return tx.SaveBotTalk(ctx, *b)
	})
}

// HoldTurn keeps a claim until a later time.
func (s *Service) HoldTurn(ctx context.Context, by BotClaim, until time.Time) error {
	return s.within(ctx, by, func(_ context.Context, _ Tx, _ Turn, _ *Conversation, b *BotTalk) error {
		b.Until = until
		return nil
	})
}

// EndTurn ends a turn that the bot is done with, and keeps its memory.
func (s *Service) EndTurn(ctx context.Context, by BotClaim, memory []byte) error {
	return s.within(ctx, by, func(_ context.Context, _ Tx, _ Turn, _ *Conversation, b *BotTalk) error {
		b.Handled, b.Opens = max(b.Handled, b.UpTo), false
		b.over()
		b.Memory = memory
		return nil
	})
}

// FailTurn gives a turn back that did not work, to be tried again at a time.
// With counts it was the bot's fault: it returns how many attempts failed.
func (s *Service) FailTurn(ctx context.Context, by BotClaim, again time.Time, counts bool) (failed int, err error) {
	err = s.within(ctx, by, func(_ context.Context, _ Tx, _ Turn, _ *Conversation, b *BotTalk) error {
		if counts {
			b.Attempts++
		}
		failed, b.NextAt, b.Claim, b.Until = b.Attempts, again, "", time.Time{}
		return nil
	})
	return failed, err
}

// ToolDone keeps what became of a tool, for the bot that asked for it: its next
// turn tells it. It does nothing when the bot does not answer any more.
func (s *Service) ToolDone(ctx context.Context, r Ref, bot string, result BotToolResult) error {
	return s.Store.Within(ctx, r.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := tx.Conversation(ctx, r.ID)
		if err != nil {
			return err
		}
		b, err := tx.BotTalk(ctx, r.ID)
		if err != nil || b == nil || b.Bot != bot || !c.ByBot() || len(b.Results) >= MaxBotResults {
			return err
		}
		for _, known := range append(b.Results, b.Told...) {
			if known.Call == result.Call {
				return nil
			}
		}
		b.Results = append(b.Results, result)
		return tx.SaveBotTalk(ctx, *b)
	})
}
