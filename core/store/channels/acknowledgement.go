package channels

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/channel"
)

// acknowledgementRow is an acknowledgement as it is stored.
type acknowledgementRow struct {
	Enabled bool              `json:"enabled"`
	Texts   map[string]string `json:"texts,omitempty"`
}

// acknowledgementText is "" for one that was never set.
func acknowledgementText(a channel.Acknowledgement) string {
	if !a.Enabled && len(a.Texts) == 0 {
		return ""
	}
	text, _ := json.Marshal(acknowledgementRow(a)) // strings always marshal
	return string(text)
}

func parseAcknowledgement(text string) channel.Acknowledgement {
	var r acknowledgementRow
	if text != "" {
		_ = json.Unmarshal([]byte(text), &r) // we wrote it
	}
	return channel.Acknowledgement(r)
}
