package agents

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// limitsOf reads a member's limits, an object of numbers by channel.
func limitsOf(text string) dispatch.PerChannel {
	var out dispatch.PerChannel
	if text == "" {
		return out
	}
	var named map[string]int
	_ = json.Unmarshal([]byte(text), &named) // we wrote it
	for name, n := range named {
		if c, known := dispatch.ParseChannel(name); known {
			out[c] = n
		}
	}
	return out
}
