package bot_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// A model writes bytes, people read characters.
func TestDelta(t *testing.T) {
	const text = "a长🙂é\xffz"
	var got []string
	out := bot.NewTurn(func(e bot.Event) error {
		got = append(got, e.Delta)
		return nil
	})
	for i := range len(text) {
		if err := out.Delta(text[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if want := "a|长|🙂|é|\ufffd|z"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
}

// What cannot be said fails the turn, whether the bot looks or not.
func TestNothingIsLostInSilence(t *testing.T) {
	gone := errors.New("gone")
	for name, say := range map[string]func(*bot.Turn) error{
		"blank":      func(out *bot.Turn) error { return out.Reply(message.Text(" \n")) },
		"no UTF-8":   func(out *bot.Turn) error { return out.Reply(message.Text("\xff")) },
		"no call id": func(out *bot.Turn) error { return out.CallTool(bot.ToolCall{Tool: "a/b:c"}) },
		"no JSON": func(out *bot.Turn) error {
			return out.CallTool(bot.ToolCall{CallID: "1", Tool: "a/b:c", Args: math.NaN()})
		},
		"no object":     func(out *bot.Turn) error { return out.CallTool(bot.ToolCall{CallID: "1", Tool: "a/b:c", Args: 1}) },
		"after the end": func(out *bot.Turn) error { return errors.Join(out.Resolve(), out.HandOff(bot.HandOff{})) },
		"nobody there": func(*bot.Turn) error {
			return bot.NewTurn(func(bot.Event) error { return gone }).Reply(message.Text("x"))
		},
	} {
		out := bot.NewTurn(func(bot.Event) error { return nil })
		err := say(out)
		if err == nil || name != "nobody there" && out.Err() == nil {
			t.Errorf("%s: %v, the turn %v", name, err, out.Err())
		}
	}
	out := bot.NewTurn(func(e bot.Event) error {
		if fmt.Sprintf("%s", e.Call.Args) != "{}" {
			t.Errorf("no arguments: %s", e.Call.Args)
		}
		return nil
	})
	if err := out.CallTool(bot.ToolCall{CallID: "1", Tool: "a/b:c"}); err != nil || out.Err() != nil {
		t.Error(err)
	}
}
