package bottest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/bot/bottest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

const manifest = `manifest_version: 1
id: test/parrot
version: 1.0.0
name: {en: Parrot}
summary: {en: A bot to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [bot]
config_schema:
  type: object
  properties:
    word: {type: string, maxLength: 10}
`

// parrot repeats what is said, asks a tool for the time, and has one fault, or
// none.
type parrot struct{ fault string }

type memory struct{ Turns int }

func (p parrot) Turn(ctx context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	var known memory
	if err := req.Recall(&known); err != nil {
		known = memory{}
		if p.fault == "believes its memory" {
			return bot.TurnResponse{}, err
		}
	}
	known.Turns++
	last, _ := req.Said()
	said := last.Content.Text
	if err := p.say(ctx, req, said, out); err != nil {
		return bot.TurnResponse{}, err
	}
	if p.fault == "has no end" && said == "stop me" {
		select {}
	}
	return bot.TurnResponse{}.Remember(known)
}

func (p parrot) say(_ context.Context, req bot.TurnRequest, said string, out *bot.Turn) error {
	switch {
	case p.fault == "fears the unknown" && req.Trigger == bot.TriggerUnknown:
		return fmt.Errorf("the trigger %d", req.Trigger)
	case p.fault == "fails the second time" && req.Attempt > 0:
		return fmt.Errorf("attempt %d", req.Attempt)
	case p.fault == "panics at emoji" && strings.Contains(said, "🙂"):
		panic(said)
	case req.Trigger == bot.TriggerOpened:
		return out.Reply(message.Text("Polly!"))
	case req.Trigger == bot.TriggerToolResult && req.ToolResults[0].Err != nil:
		return out.HandOff(bot.HandOff{Reason: req.ToolResults[0].Err.Code})
	case req.Trigger == bot.TriggerToolResult:
		var output struct{ Time string }
		if err := json.Unmarshal(req.ToolResults[0].Output, &output); err == nil && output.Time != "" {
			return out.Reply(message.Text("It is " + output.Time))
		}
		return nil
	case said == "time":
		return out.CallTool(bot.ToolCall{CallID: req.TurnID, Tool: "test/clock:now"})
	case said == "bye":
		return out.Resolve()
	case strings.TrimSpace(said) == "":
		return nil
	case p.fault == "mumbles":
		return out.Reply(message.Text("mm"))
	default:
		if err := out.Delta(said[:1]); err != nil {
			return err
		}
		return out.Reply(message.Text(said))
	}
}

func (p parrot) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var config struct{ Word string }
	if err := req.Decode(&config); err != nil || p.fault == "takes any configuration" || config.Word != "rude" {
		return instance.ValidateConfigResponse{}, err
	}
	return instance.ValidateConfigResponse{Problems: []instance.Problem{{Pointer: "/word", Message: "is rude"}}}, nil
}

// TestParrot is the suite on the bot without a fault, and, in a process of its
// own, on those with one.
func TestParrot(t *testing.T) {
	bottest.Run(t, bottest.Subject{
		Manifest: []byte(manifest), Config: `{"word":"hi"}`, BadConfigs: []string{`{"word":"rude"}`, `{"word":1}`},
		Open: bottest.InProcess(func(sdk.Env) (bot.Bot, error) { return parrot{conformance.Fault()}, nil }),
		Dialogues: []bottest.Dialogue{
			{Name: "repeats", Steps: []bottest.Step{{Opened: true, Replies: []string{"Polly"}}, {Say: "nice bird", Replies: []string{"nice bird"}}, {Say: "bye", Resolve: true}}},
			{Name: "asks a tool", Steps: []bottest.Step{{Say: "time", Tool: "test/clock:now"}, {ToolOutput: `{"time":"noon"}`, Replies: []string{"It is noon"}}}},
			{Name: "is denied", Steps: []bottest.Step{{Say: "time", Tool: "test/clock:now"}, {Denied: true, HandOff: "denied"}}},
		},
	})
}

func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestParrot", map[string]string{
		"mumbles":                 "holds dialogues",
		"fails the second time":   "takes a turn again",
		"panics at emoji":         "answers every text",
		"believes its memory":     "bears any memory",
		"fears the unknown":       "bears what it does not know",
		"has no end":              "stops when nobody wants it",
		"takes any configuration": "takes configurations",
	})
}
