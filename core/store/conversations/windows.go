package conversations

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// windowRow is a window as a part of a conversation's column.
type windowRow struct {
	On      string `json:"on"`
	Opened  int64  `json:"opened"`
	Expires int64  `json:"expires"`
	Quota   int    `json:"quota,omitempty"`
	Used    int    `json:"used,omitempty"`
}

// windowsText is the column of a conversation's windows; "" = none.
func windowsText(all []conversation.Window) string {
	if len(all) == 0 {
		return ""
	}
	rows := make([]windowRow, len(all))
	for i, w := range all {
		rows[i] = windowRow{w.On, db.Micros(w.OpenedAt), db.Micros(w.ExpiresAt), w.Quota, w.Used}
	}
	b, _ := json.Marshal(rows) // texts and numbers
	return string(b)
}

func parseWindows(text string) []conversation.Window {
	if text == "" {
		return nil
	}
	var rows []windowRow
	_ = json.Unmarshal([]byte(text), &rows) // we wrote it
	out := make([]conversation.Window, len(rows))
	for i, r := range rows {
		out[i] = conversation.Window{On: r.On, OpenedAt: db.Time(r.Opened), ExpiresAt: db.Time(r.Expires), Quota: r.Quota, Used: r.Used}
	}
	return out
}

func (t *Tx) saveWindows(ctx context.Context, id conversation.ID, before, now string) error {
	if before == now {
		return nil
	}
	return t.tx.Queue(ctx, `UPDATE conversation SET windows = ? WHERE workspace_id = ? AND conversation_id = ?`, now, string(t.workspace), string(id))
}
