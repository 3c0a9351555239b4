package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/bot"
)

// Places that settings may name.
const (
	saidPlace   = "{said}"  // in arguments: what the customer wrote
	resultPlace = "{result" // in answers: {result}, or {result.member.0.member}
)

const (
	reasonTool = "tool_failed" // why a conversation goes to people when a tool does not work
	maxPending = 8             // uses whose results are waited for in one conversation
	maxAnswer  = 2000          // characters
)

// pending is a tool that was asked for, and what to do with its result. It is
// kept whole, since the settings may be others by then.
type pending struct {
	Call string `json:"call"`
	Tool string `json:"tool"`
	action
}

// use asks for an action's tool.
func (t turn) use(req bot.TurnRequest, a action, waiting []pending) ([]pending, error) {
	last, _ := req.Said()
	args, err := argsOf(a.Args)
	if err != nil { // the settings were checked, and are broken all the same
		return waiting, t.failed(req, a)
	}
	call := bot.ToolCall{CallID: "m" + strconv.FormatUint(last.Seq, 10), Tool: a.Tool, Args: filled(args, last.Content.Text)}
	if err := t.say(t.texts.looking); err != nil {
		return waiting, err
	}
	if err := t.out.CallTool(call); err != nil {
		return waiting, err
	}
	if waiting = append(waiting, pending{Call: call.CallID, Tool: a.Tool, action: a}); len(waiting) > maxPending {
		waiting = waiting[len(waiting)-maxPending:]
	}
	return waiting, nil
}

// results answers with what tools said, and returns what is still waited for.
func (t turn) results(req bot.TurnRequest, waiting []pending) ([]pending, error) {
	var left []pending
	for _, w := range waiting {
		i := indexOf(req.ToolResults, w.Call)
		if i < 0 {
			left = append(left, w)
			continue
		}
		if req.ToolResults[i].Err != nil {
			return nil, t.failed(req, w.action)
		}
		a := w.action
		a.Answer = answerOf(or(a.Answer, resultPlace+"}"), req.ToolResults[i].Output)
		if a.Answer = or(a.Answer, t.texts.done); a.Then == thenHandOff || a.Then == thenResolve {
			return nil, t.act(req, a)
		}
		if err := t.say(a.Answer); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// failed gives the conversation to people: what a tool refuses is worded for
// them, not for customers.
func (t turn) failed(req bot.TurnRequest, a action) error {
	return t.handOver(req, reasonTool, or(a.Team, t.script.Team))
}

func indexOf(results []bot.ToolResult, call string) int {
	for i, r := range results {
		if r.CallID == call {
			return i
		}
	}
	return -1
}

// argsOf reads arguments as administrators write them: a JSON object, or nothing.
func argsOf(text string) (map[string]any, error) {
	args := map[string]any{}
	if strings.TrimSpace(text) == "" {
		return args, nil
	}
	err := json.Unmarshal([]byte(text), &args)
	return args, err
}

// filled puts what the customer said where the arguments name it: into texts, so
// that nobody writes themselves another argument.
func filled(v any, said string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, saidPlace, strings.TrimSpace(said))
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[name] = filled(one, said)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = filled(one, said)
		}
		return out
	}
	return v
}

// answerOf puts a result where an answer names it. What is not there is nothing.
func answerOf(answer string, output json.RawMessage) string {
	var result any
	d := json.NewDecoder(bytes.NewReader(output))
	d.UseNumber()
	if d.Decode(&result) != nil {
		result = nil // a tool may have nothing to tell
	}
	var out strings.Builder
	for answer != "" {
		before, place, found := strings.Cut(answer, resultPlace)
		path, after, closed := strings.Cut(place, "}")
		if out.WriteString(before); !found {
			break
		}
		if !closed || path != "" && !strings.HasPrefix(path, ".") { // no place after all
			out.WriteString(resultPlace)
			answer = place
			continue
		}
		out.WriteString(plain(member(result, path)))
		answer = after
	}
	text := []rune(strings.TrimSpace(out.String()))
	if len(text) > maxAnswer {
		text = append(text[:maxAnswer-1], '…')
	}
	return string(text)
}

// member follows a path such as ".campaigns.0.name".
func member(v any, path string) any {
	if path == "" {
		return v
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(at) {
				return nil
			}
			v = at[n]
		default:
			return nil
		}
	}
	return v
}

// plain is a value in words.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// checkTool finds what the schema cannot.
func (a action) checkTool(at string, fault func(pointer, message string)) {
	if _, err := argsOf(a.Args); err != nil {
		fault(at+"/args", "are no JSON object, for example {\"order\": \"{said}\"}")
	}
	switch {
	case a.Tool == "" && strings.TrimSpace(a.Args) != "":
		fault(at+"/tool", "is missing: there are arguments for it")
	case a.Tool == "" && strings.Contains(a.Answer, resultPlace+"}"):
		fault(at+"/tool", "is missing: the answer names its result")
	}
}
