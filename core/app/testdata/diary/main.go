// Package main is a hook for tests: it writes down what it is told, on disk
// before it says so. Told of "please die", its process ends.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{Manifest: manifest, Hook: func(env sdk.Env) (hook.Hook, error) {
		return diary{path: filepath.Join(env.DataDir, "diary.jsonl")}, nil
	}})
}

type diary struct {
	hook.Nothing
	path string
}

func (d diary) OnEvents(_ context.Context, req hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return hook.OnEventsResponse{}, err
	}
	defer f.Close()
	for _, e := range req.Events {
		if said(e.Data) == "please die" {
			os.Exit(3)
		}
		line, err := json.Marshal(map[string]any{"id": e.ID, "type": e.Type, "feed": e.Feed, "data": e.Data})
		if err != nil {
			return hook.OnEventsResponse{}, err
		}
		if _, err := f.Write(append(line, '\n')); err != nil {
			return hook.OnEventsResponse{}, err
		}
	}
	return hook.OnEventsResponse{}, f.Sync()
}

// said is the text of the message that an event is about. The conversation beside
// it is as it is now, and may show a later one.
func said(data json.RawMessage) string {
	var event struct {
		Change struct{ Message struct{ Text string } }
	}
	_ = json.Unmarshal(data, &event) // no message: no text
	return event.Change.Message.Text
}
