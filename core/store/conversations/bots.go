package conversations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const botColumns = `conversation_id, bot, handled_seq, memory, results, turn_id, up_to_seq, told, attempts, since, next_at, claim, claim_until, opens`

// BotTalk implements conversation.BotTx.
func (t *Tx) BotTalk(ctx context.Context, id conversation.ID) (*conversation.BotTalk, error) {
	b := conversation.BotTalk{Conversation: id}
	var of, results, told string
	var handled, upTo, since, next, until, opens int64
	err := t.tx.Row(ctx, `SELECT `+botColumns+` FROM bot_talk WHERE workspace_id = ? AND conversation_id = ?`, []any{string(t.workspace), string(id)},
		&of, &b.Bot, &handled, &b.Memory, &results, &b.Turn, &upTo, &told, &b.Attempts, &since, &next, &b.Claim, &until, &opens)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if err != nil {
		return nil, err
	}
	b.Handled, b.UpTo = db.Unsigned(handled), db.Unsigned(upTo)
	b.Since, b.NextAt, b.Until = db.Time(since), db.Time(next), db.Time(until)
	b.Opens = opens != 0
	if len(b.Memory) == 0 {
		b.Memory = nil
	}
	if b.Results, err = toolResults(results); err != nil {
		return nil, err
	}
	b.Told, err = toolResults(told)
	return &b, err
}

func toolResults(text string) ([]conversation.BotToolResult, error) {
	if text == "" {
		return nil, nil
	}
	var out []conversation.BotToolResult
	return out, json.Unmarshal([]byte(text), &out)
}

func toolResultsText(all []conversation.BotToolResult) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(all)
	return string(raw), err
}

// SaveBotTalk implements conversation.BotTx.
func (t *Tx) SaveBotTalk(ctx context.Context, b conversation.BotTalk) error {
	results, err := toolResultsText(b.Results)
	if err != nil {
		return err
	}
	told, err := toolResultsText(b.Told)
	if err != nil {
		return err
	}
	opens := 0
	if b.Opens {
		opens = 1
	}
	if b.Memory == nil {
		b.Memory = []byte{}
	}
	return t.tx.Queue(ctx, `INSERT INTO bot_talk (workspace_id, `+botColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET bot = excluded.bot, handled_seq = excluded.handled_seq, memory = excluded.memory,
results = excluded.results, turn_id = excluded.turn_id, up_to_seq = excluded.up_to_seq, told = excluded.told, attempts = excluded.attempts,
since = excluded.since, next_at = excluded.next_at, claim = excluded.claim, claim_until = excluded.claim_until, opens = excluded.opens`,
		string(t.workspace), string(b.Conversation), b.Bot, db.Signed(b.Handled), b.Memory, results, b.Turn, db.Signed(b.UpTo), told, b.Attempts,
		db.Micros(b.Since), db.Micros(b.NextAt), b.Claim, db.Micros(b.Until), opens)
}

// BotsDue implements conversation.BotReader.
func (s *Store) BotsDue(ctx context.Context, now time.Time, limit int) ([]conversation.Ref, error) {
	const query = `SELECT c.workspace_id, c.conversation_id FROM conversation c
JOIN bot_talk b ON b.workspace_id = c.workspace_id AND b.conversation_id = c.conversation_id
WHERE c.responder = 'bot' AND c.state = 'open' AND b.next_at <= ? AND (b.claim = '' OR b.claim_until <= ?)
AND (b.opens <> 0 OR b.turn_id <> '' OR c.last_inbound_seq > b.handled_seq OR b.results <> '')
ORDER BY c.updated_at, c.conversation_id LIMIT ?`
	var out []conversation.Ref
	err := s.db.Rows(ctx, query, []any{db.Micros(now), db.Micros(now), limit}, func(sc db.Scanner) error {
		var workspace, id string
		err := sc.Scan(&workspace, &id)
		out = append(out, conversation.Ref{Workspace: identity.WorkspaceID(workspace), ID: conversation.ID(id)})
		return err
	})
	return out, err
}
