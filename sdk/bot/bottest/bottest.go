// Package bottest is the conformance suite of bots. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on.
//
//	func TestBot(t *testing.T) {
//		subject := bottest.Subject{Manifest: manifest, Dialogues: []bottest.Dialogue{{
//			Name: "opening hours", Steps: []bottest.Step{{Say: "When do you open?", Replies: []string{"9 to 17"}}},
//		}}}
//		t.Run("in process", func(t *testing.T) { subject.Open = bottest.InProcess(newMine); bottest.Run(t, subject) })
//		t.Run("process", func(t *testing.T) { subject.Open = bottest.Process(t, "."); bottest.Run(t, subject) })
//	}
package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the bot under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Dialogues are conversations and how they go.
	Dialogues []Dialogue
}

// Dialogue is one conversation.
type Dialogue struct {
	Name   string
	Locale string // BCP 47: the customer's language; "" = not known
	Steps  []Step
}

// Step is one turn. Without Say, Opened or ToolOutput the turn has no message.
type Step struct {
	Opened     bool   // the conversation has just begun
	Say        string // what the customer writes
	ToolOutput string // the result of the tool asked for in the step before, as JSON
	Denied     bool   // instead: a person said no

	// Replies are parts of what the bot answers, one for each message, in order.
	Replies []string
	Tool    string // the tool that it asks for; "" = none
	HandOff string // the reason of the hand-over; "" = none
	Resolve bool
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the bot in the test's own process: quick, and a debugger sees
// it.
func InProcess(newBot func(sdk.Env) (bot.Bot, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Bot, err = newBot(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	ask := func(r *conformance.Rig, id string) error {
		req := turn(1, "hello")
		req.InstanceId = id
		_, err := take(r, r.Ctx(), req)
		return err
	}
	conformance.Run(t, conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityBot, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	},
		conformance.Case{Name: "holds dialogues", Run: func(r *conformance.Rig) { dialogues(r, s.Dialogues) }},
		conformance.Case{Name: "takes a turn again", Run: again},
		conformance.Case{Name: "answers every text", Run: texts},
		conformance.Case{Name: "bears any memory", Run: memories},
		conformance.Case{Name: "bears what it does not know", Run: strangeTurns},
		conformance.Case{Name: "stops when nobody wants it", Run: cancelling},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

// answer is what a turn brought.
type answer struct {
	replies []string
	tools   []*pluginv1.ToolCall
	handoff *pluginv1.Handoff
	resolve bool
	done    *pluginv1.Done
}

// take asks for one turn and reads it to its end.
func take(r *conformance.Rig, ctx context.Context, req *pluginv1.TurnRequest) (answer, error) { //nolint:revive // ctx is not always the rig's
	var a answer
	stream, err := r.Bot.Turn(ctx, req)
	if err != nil {
		return a, err
	}
	for {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if a.done == nil {
				return a, errors.New("the turn ends without Done")
			}
			return a, nil
		}
		if err != nil {
			return a, err
		}
		if a.done != nil {
			return a, fmt.Errorf("after Done came %v", got)
		}
		switch e := got.GetEvent().(type) {
		case *pluginv1.TurnResponse_Reply:
			a.replies = append(a.replies, e.Reply.GetText())
		case *pluginv1.TurnResponse_ToolCall:
			a.tools = append(a.tools, e.ToolCall)
		case *pluginv1.TurnResponse_Handoff:
			a.handoff = e.Handoff
		case *pluginv1.TurnResponse_Resolve:
			a.resolve = true
		case *pluginv1.TurnResponse_Done:
			a.done = e.Done
		}
	}
}

func message(seq int, text string) *pluginv1.Message {
	return &pluginv1.Message{
		Id: fmt.Sprintf("msg_%d", seq), ConversationId: "cnv_1", Seq: uint64(seq), Author: pluginv1.Author_AUTHOR_CUSTOMER,
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}}, At: &timestamppb.Timestamp{Seconds: 1_800_000_000 + int64(seq)},
	}
}

func turn(n int, said string) *pluginv1.TurnRequest {
	return &pluginv1.TurnRequest{
		TurnId: fmt.Sprintf("trn_%d", n), InstanceId: conformance.InstanceID, ConversationId: "cnv_1",
		Trigger: pluginv1.TurnRequest_TRIGGER_MESSAGE, History: []*pluginv1.Message{message(n, said)},
		Contact: &pluginv1.Contact{Id: "con_1"},
	}
}

func dialogues(r *conformance.Rig, all []Dialogue) {
	for _, d := range all {
		r.Run(conformance.Or(d.Name, "dialogue"), func(t *testing.T) { dialogue(r.In(t), d) })
	}
}

func dialogue(r *conformance.Rig, d Dialogue) {
	var history []*pluginv1.Message
	var memory []byte
	var called string
	for i, s := range d.Steps {
		req := turn(i+1, "")
		req.Locale, req.Memory = d.Locale, memory
		switch {
		case s.Opened:
			req.Trigger = pluginv1.TurnRequest_TRIGGER_OPENED
		case s.ToolOutput != "" || s.Denied:
			req.Trigger = pluginv1.TurnRequest_TRIGGER_TOOL_RESULT
			result := &pluginv1.ToolResult{CallId: called, Output: []byte(s.ToolOutput), Result: &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}}
			if s.Denied {
				result.Output, result.Result = nil, &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: bot.CodeDenied}
			}
			req.ToolResults = []*pluginv1.ToolResult{result}
		default:
			history = append(history, message(len(history)+1, s.Say))
		}
		req.History = history
		got, err := take(r, r.Ctx(), req)
		if err != nil {
			r.Fatalf("step %d: %v", i+1, err)
		}
		memory, called = got.done.GetMemory(), ""
		for _, reply := range got.replies {
			said := message(len(history)+1, reply)
			said.Author = pluginv1.Author_AUTHOR_BOT
			history = append(history, said)
		}
		if len(got.tools) > 0 {
			called = got.tools[0].GetCallId()
		}
		check(r, i+1, s, got)
	}
}

func check(r *conformance.Rig, n int, want Step, got answer) {
	r.Helper()
	fits := len(got.replies) == len(want.Replies)
	for i := 0; fits && i < len(want.Replies); i++ {
		fits = strings.Contains(got.replies[i], want.Replies[i])
	}
	if !fits {
		r.Errorf("step %d: it answers %q, not %q", n, got.replies, want.Replies)
	}
	var tool string
	for _, call := range got.tools {
		tool = call.GetTool()
		if call.GetCallId() == "" || !json.Valid(call.GetArgs()) {
			r.Errorf("step %d: a tool call without its id, or with arguments that are no JSON: %v", n, call)
		}
	}
	if tool != want.Tool {
		r.Errorf("step %d: it asks for the tool %q, not for %q", n, tool, want.Tool)
	}
	if got.handoff.GetReason() != want.HandOff || (got.handoff != nil) != (want.HandOff != "") {
		r.Errorf("step %d: it hands over for %q, not for %q", n, got.handoff, want.HandOff)
	}
	if got.resolve != want.Resolve {
		r.Errorf("step %d: resolved: %v", n, got.resolve)
	}
}

func again(r *conformance.Rig) {
	for attempt := range uint32(3) {
		req := turn(1, "hello")
		req.Attempt = attempt
		if _, err := take(r, r.Ctx(), req); err != nil {
			r.Errorf("attempt %d: %v", attempt, err)
		}
	}
}

func texts(r *conformance.Rig) {
	for i, text := range conformance.HardTexts() {
		if _, err := take(r, r.Ctx(), turn(i+1, text)); err != nil {
			r.Errorf("text %d (%.20q): %v", i, text, err)
		}
	}
}

// memories are what an older version of the bot, or a newer one, may have kept.
func memories(r *conformance.Rig) {
	all := []string{"\x00\xff\xfe", "{", "[1,2]", `"x"`, "null", `{"unknown":{"deep":[null]}}`, strings.Repeat("m", bot.MaxMemory)}
	for i, memory := range all {
		req := turn(i+1, "hello")
		req.Memory = []byte(memory)
		if _, err := take(r, r.Ctx(), req); err != nil {
			r.Errorf("memory %d (%.20q): %v", i, memory, err)
		}
	}
}

// strangeTurns are turns that a newer core may ask for, or one that knows little.
func strangeTurns(r *conformance.Rig) {
	for name, change := range map[string]func(*pluginv1.TurnRequest){
		"a trigger of the future": func(req *pluginv1.TurnRequest) { req.Trigger = 99 },
		"no history":              func(req *pluginv1.TurnRequest) { req.History = nil },
		"no contact":              func(req *pluginv1.TurnRequest) { req.Contact = nil },
		"no text":                 func(req *pluginv1.TurnRequest) { req.History[0].Content = nil },
		"an author of the future": func(req *pluginv1.TurnRequest) { req.History[0].Author = 99 },
		"opened":                  func(req *pluginv1.TurnRequest) { req.Trigger, req.History = pluginv1.TurnRequest_TRIGGER_OPENED, nil },
		"a language of the moon":  func(req *pluginv1.TurnRequest) { req.Locale = "x-moon" },
		"a result nobody asked for": func(req *pluginv1.TurnRequest) {
			req.Trigger, req.ToolResults = pluginv1.TurnRequest_TRIGGER_TOOL_RESULT, []*pluginv1.ToolResult{{CallId: "nobody", Output: []byte("{}")}}
		},
	} {
		req := turn(1, "hello")
		change(req)
		if _, err := take(r, r.Ctx(), req); err != nil {
			r.Errorf("%s: %v", name, err)
		}
	}
}

// cancelling cancels turns in flight: nothing of them may stay behind.
func cancelling(r *conformance.Rig) {
	for i := range 8 {
		ctx, cancel := context.WithCancel(r.Ctx())
		stream, err := r.Bot.Turn(ctx, turn(i+1, "stop me"))
		if err != nil {
			r.Fatal(err)
		}
		if i%2 == 0 {
			_, _ = stream.Recv() // whatever it says first
		}
		cancel()
	}
	r.Drain()
}
