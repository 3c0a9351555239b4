package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk/message"
)

// ErrOver is returned for what a bot says after HandOff or Resolve: its part is
// over.
var ErrOver = errors.New("the bot has handed the conversation over, or resolved it: its part is over")

// Turn takes what a bot says. Each method returns when the core's side of the
// connection has it, or with an error when nobody wants it any more; it never
// waits longer than the ctx of the turn.
//
// What could not be said fails the turn, also when the author does not look at
// the error, so that nothing is lost in silence.
//
// Concurrency: safe for concurrent use; a Turn ends with Bot.Turn.
type Turn struct {
	mu     sync.Mutex
	say    func(Event) error
	over   bool
	failed error
	held   string // the beginning of a character
}

// NewTurn returns a Turn that gives what is said to say, one after the other.
// The SDK makes the turns; this is for tests of a bot.
func NewTurn(say func(Event) error) *Turn { return &Turn{say: say} }

// Event is one thing that a bot says: exactly one field is set.
type Event struct {
	Delta   string
	Reply   *message.Content
	Call    *ToolCall
	HandOff *HandOff
	Resolve bool
}

// ToolCall asks for a tool.
type ToolCall struct {
	CallID string // chosen by the bot, unique in the conversation
	Tool   string // "<publisher>/<plugin>:<tool>"
	Args   any    // encoded as a JSON object that the tool's schema accepts
}

// HandOff gives a conversation to people.
type HandOff struct {
	Team    string // the name or the id of a team; "" = where the inbox sends its customers
	Reason  string // stable: ReasonAskedForAgent, ...; lower case, words joined by underscores
	Summary string // what the agent should know, kept as an internal note; "" = none
}

// Reasons that the core has words for.
const (
	ReasonAskedForAgent = "asked_for_agent"
	ReasonNoAnswer      = "no_answer"
	ReasonFailed        = "failed"
)

// Delta shows text that is being written, as a preview. It never reaches the
// customer: the complete message goes through Reply. A character that is cut in
// two, as models do, is held back until the rest of it comes.
func (t *Turn) Delta(text string) error {
	t.mu.Lock()
	text = t.held + text
	end := whole(text)
	t.held, text = text[end:], strings.ToValidUTF8(text[:end], "\ufffd")
	t.mu.Unlock()
	if text == "" {
		return nil
	}
	return t.event(Event{Delta: text}, false)
}

// whole returns where the last complete character of text ends.
func whole(text string) int {
	for cut := 1; cut < utf8.UTFMax && cut <= len(text); cut++ {
		start := len(text) - cut
		if utf8.RuneStart(text[start]) {
			if utf8.FullRuneInString(text[start:]) {
				return len(text)
			}
			return start
		}
	}
	return len(text)
}

// Reply sends a complete message to the customer, at once.
func (t *Turn) Reply(content message.Content) error {
	if strings.TrimSpace(content.Text) == "" && len(content.Attachments) == 0 {
		return t.fail(errors.New("a reply without text or a file"))
	}
	if !utf8.ValidString(content.Text) {
		return t.fail(errors.New("a reply whose text is not UTF-8"))
	}
	return t.event(Event{Reply: &content}, false)
}

// CallTool asks for a tool. Do not wait for the result: it comes with a later
// turn, as TurnRequest.ToolResults.
func (t *Turn) CallTool(call ToolCall) error {
	if call.CallID == "" || call.Tool == "" {
		return t.fail(errors.New("a tool call without its CallID or its Tool"))
	}
	encoded, err := json.Marshal(call.Args)
	if err != nil {
		return t.fail(fmt.Errorf("encode the arguments of %s: %w", call.Tool, err))
	}
	if string(encoded) == "null" {
		encoded = []byte("{}")
	}
	if encoded[0] != '{' {
		return t.fail(fmt.Errorf("the arguments of %s are no JSON object", call.Tool))
	}
	call.Args = json.RawMessage(encoded)
	return t.event(Event{Call: &call}, false)
}

// HandOff gives the conversation to people. It ends the bot's part.
func (t *Turn) HandOff(h HandOff) error { return t.event(Event{HandOff: &h}, true) }

// Resolve ends the conversation: the customer is helped. It ends the bot's part.
func (t *Turn) Resolve() error { return t.event(Event{Resolve: true}, true) }

// Err returns the first error of the methods above.
func (t *Turn) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *Turn) event(e Event, last bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return t.failLocked(ErrOver)
	}
	if err := t.say(e); err != nil {
		return t.failLocked(err)
	}
	t.over = last
	return nil
}

func (t *Turn) fail(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failLocked(err)
}

func (t *Turn) failLocked(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}
