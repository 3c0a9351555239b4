// Package main is a bot, a hook and an analyzer for the tests of limits. A turn
// about "wait" takes a while; everything else is done at once.
package main

import (
	"context"
	_ "embed"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/hook"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{
		Manifest: manifest,
		Bot:      func(sdk.Env) (bot.Bot, error) { return quick{}, nil },
		Hook:     func(sdk.Env) (hook.Hook, error) { return quick{}, nil },
		Analyzer: func(sdk.Env) (analyzer.Analyzer, error) { return quick{}, nil },
	})
}

type quick struct{ hook.Nothing }

// Turn says nothing.
func (quick) Turn(_ context.Context, req bot.TurnRequest, _ *bot.Turn) (bot.TurnResponse, error) {
	if said, ok := req.Said(); ok && said.Content.Text == "wait" {
		time.Sleep(200 * time.Millisecond)
	}
	return bot.TurnResponse{}, nil
}

// Analyze finds nothing.
func (quick) Analyze(_ context.Context, req analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	return analyzer.AnalyzeResponse{Analyses: make([]analyzer.Analysis, len(req.Messages))}, nil
}
