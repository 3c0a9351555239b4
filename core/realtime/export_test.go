package realtime

import (
	"encoding/json"
	"fmt"

	"github.com/patchbay-im/patchbay/core/errs"
)

// CheckParse parses a client's frame and says what is wrong with the outcome:
// it must be an Invalid error, or a request that stands in the frame word for
// word, and decoding must refuse every field that is not named.
func CheckParse(frame []byte) (problems []string) {
	r, err := parse(frame)
	if err != nil {
		if !errs.Is(err, errs.Invalid) {
			problems = append(problems, fmt.Sprintf("%q: %v", frame, err))
		}
		return problems
	}
	var all map[string]any
	if json.Unmarshal(frame, &all) != nil || all["op"] != r.op || r.ref != "" && all["ref"] != r.ref {
		problems = append(problems, fmt.Sprintf("%q: parsed as %+v", frame, r))
	}
	var send memberSend
	err = r.into(&send, "conversation_id", "client_msg_id", "kind", "text")
	for name := range all {
		switch name {
		case "op", "ref", "conversation_id", "client_msg_id", "kind", "text":
		default:
			if err == nil {
				problems = append(problems, fmt.Sprintf("%q: the field %q was let through", frame, name))
			}
		}
	}
	if text, ok := all["text"].(string); ok && err == nil && send.Text != text {
		problems = append(problems, fmt.Sprintf("%q: the text became %q", frame, send.Text))
	}
	return problems
}

// Held counts what the gateway holds of sessions: in the hubs, in the rooms,
// of those who type and of those who look at something.
func (g *Gateway) Held() int {
	n := len(g.hubs.every()) + len(g.typists.list()) + g.lookers.held()
	g.rooms.mu.RLock()
	defer g.rooms.mu.RUnlock()
	for _, r := range g.rooms.all {
		r.mu.RLock()
		n += len(r.visitors)
		r.mu.RUnlock()
	}
	return n
}

// Waiting counts the bytes that wait to be written to anybody.
func (g *Gateway) Waiting() int {
	g.mu.Lock()
	transport := g.transport
	g.mu.Unlock()
	n := 0
	for _, h := range transport.Handlers() {
		n += h.(*session).conn.Waiting()
	}
	return n
}
