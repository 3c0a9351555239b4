// Package main is a bot for tests that answers each question, slowly, with its
// own version. It is who the plugin.json beside it says, so that there can be
// many versions of it.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// think is how long it takes to an answer, and from there to the end of the turn.
const think = 40 * time.Millisecond

func main() {
	manifest, version, err := beside()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sdk.Serve(sdk.Plugin{Manifest: manifest, Bot: func(sdk.Env) (bot.Bot, error) { return talker{version}, nil }})
}

func beside() (manifest []byte, version string, err error) {
	exe, err := os.Readlink("/proc/self/exe")
	if err == nil {
		manifest, err = os.ReadFile(filepath.Join(filepath.Dir(exe), "plugin.json"))
	}
	if err != nil {
		return nil, "", err
	}
	who, err := stamp.Read(manifest)
	return manifest, who.Version, err
}

type talker struct{ version string }

// Turn answers what was said last.
func (t talker) Turn(_ context.Context, req bot.TurnRequest, out *bot.Turn) (bot.TurnResponse, error) {
	said, ok := req.Said()
	if req.Trigger != bot.TriggerMessage || !ok {
		return bot.TurnResponse{}, nil
	}
	time.Sleep(think)
	if err := out.Reply(message.Text(said.Content.Text + " | " + t.version)); err != nil {
		return bot.TurnResponse{}, err
	}
	time.Sleep(think)
	return bot.TurnResponse{}, nil
}
