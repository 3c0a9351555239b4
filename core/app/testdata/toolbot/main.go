// Package main is a bot for tests that greets, and looks parcels up by a tool of
// its own.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"strconv"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{
		Manifest: manifest,
		Bot:      func(sdk.Env) (bot.Bot, error) { return toolbot{}, nil },
		Tools:    func(sdk.Env) (tool.Tools, error) { return tool.Map{"track": track}, nil },
	})
}

func track(_ context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	var args struct{ Parcel string }
	err := req.Decode(&args)
	return tool.InvokeResponse{Output: args.Parcel + " is on its way"}, err
}

type toolbot struct{}

func (toolbot) Turn(_ context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	switch req.Trigger {
	case bot.TriggerOpened:
		return bot.TurnResponse{}, out.Reply(message.Text("Hello!"))
	case bot.TriggerMessage:
		said, _ := req.Said()
		name := "test/toolbot:track"
		if said.Content.Text == "trace" {
			name = "test/toolbot:trace"
		}
		return bot.TurnResponse{}, out.CallTool(bot.ToolCall{CallID: "c" + strconv.FormatUint(said.Seq, 10), Tool: name, Args: json.RawMessage(`{"parcel":"P-1"}`)})
	}
	for _, r := range req.ToolResults {
		text := string(r.Output)
		if r.Err != nil {
			text = r.Err.Code
		}
		if err := out.Reply(message.Text("It says: " + text)); err != nil {
			return bot.TurnResponse{}, err
		}
	}
	return bot.TurnResponse{}, nil
}
