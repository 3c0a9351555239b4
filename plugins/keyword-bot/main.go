// Package main is a bot of keywords and a numbered menu: all it says stands in
// its settings. When it does not know, or is asked for a person, it gives the
// conversation to people with a summary.
package main

import (
	"context"
	_ "embed"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/words"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Bot: newBot}) }

func newBot(sdk.Env) (bot.Bot, error) { return keywordBot{}, nil }

// keywordBot keeps nothing: the settings come with each turn, and what a
// conversation needs is in its memory.
type keywordBot struct{}

// memory is what is kept of a conversation.
type memory struct {
	Misses int       `json:"misses"` // messages in a row that nothing fitted
	Tools  []pending `json:"tools,omitempty"`
}

// Turn answers the customer's last message, or greets.
func (keywordBot) Turn(_ context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	script, err := scriptOf(req.Instance.Decode)
	if err != nil {
		return bot.TurnResponse{}, err
	}
	var known memory
	if req.Recall(&known) != nil {
		known = memory{} // of another version, or of another bot
	}
	t := turn{script: script, texts: textsFor(req), out: out}
	switch req.Trigger {
	case bot.TriggerOpened:
		err = t.say(script.greeting())
	case bot.TriggerMessage:
		known, err = t.answer(req, known)
	case bot.TriggerToolResult:
		known.Tools, err = t.results(req, known.Tools)
	case bot.TriggerUnknown:
	}
	if err != nil {
		return bot.TurnResponse{}, err
	}
	answer := bot.TurnResponse{}
	if req.Trigger == bot.TriggerMessage && known.Misses == 0 {
		answer.Confidence = 1
	}
	return answer.Remember(known)
}

// ValidateConfig finds what the schema cannot.
func (keywordBot) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c config
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	return instance.ValidateConfigResponse{Problems: c.problems()}, nil
}

// turn is one turn of one conversation.
type turn struct {
	script script
	texts  texts
	out    *bot.Turn
}

// answer answers a message and returns what to remember.
func (t turn) answer(req bot.TurnRequest, known memory) (memory, error) {
	last, _ := req.Said()
	said := words.Of(last.Content.Text)
	switch {
	case t.script.asksForPeople(said):
		return memory{}, t.handOver(req, bot.ReasonAskedForAgent, t.script.Team)
	case t.script.asksForMenu(said):
		return memory{Tools: known.Tools}, t.say(t.script.menu())
	}
	if a, ok := t.script.find(said); ok && a.Tool != "" {
		waiting, err := t.use(req, a, known.Tools)
		return memory{Tools: waiting}, err
	} else if ok {
		return memory{Tools: known.Tools}, t.act(req, a)
	}
	known.Misses++
	if known.Misses >= t.script.misses() {
		return memory{}, t.handOver(req, bot.ReasonNoAnswer, t.script.Team)
	}
	return known, t.say(paragraphs(or(t.script.Fallback, t.texts.fallback), t.script.menu()))
}

// act says an answer and does what comes after it.
func (t turn) act(req bot.TurnRequest, a action) error {
	switch a.Then {
	case thenHandOff:
		if a.Answer == "" {
			return t.handOver(req, reasonRule, or(a.Team, t.script.Team))
		}
		if err := t.say(a.Answer); err != nil {
			return err
		}
		return t.out.HandOff(t.handOff(req, reasonRule, or(a.Team, t.script.Team)))
	case thenResolve:
		if err := t.say(a.Answer); err != nil {
			return err
		}
		return t.out.Resolve()
	default:
		return t.say(a.Answer)
	}
}

// reasonRule is why a conversation goes to people when a rule says so.
const reasonRule = "rule"

func (t turn) handOver(req bot.TurnRequest, reason, team string) error {
	if err := t.say(or(t.script.HandingOver, t.texts.handingOver)); err != nil {
		return err
	}
	return t.out.HandOff(t.handOff(req, reason, team))
}

func (t turn) handOff(req bot.TurnRequest, reason, team string) bot.HandOff {
	return bot.HandOff{Team: team, Reason: reason, Summary: t.texts.summary(req.History, reason)}
}

func (t turn) say(text string) error {
	if text == "" {
		return nil
	}
	return t.out.Reply(message.Text(text))
}
