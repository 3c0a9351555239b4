// Command live is a plugin that lets every visitor in and writes down who they
// are.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	sdk.Serve(sdk.Plugin{Manifest: manifest, Live: func(env sdk.Env) (channel.Live, error) { return recorder{env}, nil }})
}

type recorder struct{ env sdk.Env }

// OpenSession lets everybody in, to everything that visitors may do.
func (r recorder) OpenSession(_ context.Context, req channel.OpenSessionRequest) (channel.OpenSessionResponse, error) {
	if line, err := json.Marshal(req); err == nil {
		f, err := os.OpenFile(filepath.Join(r.env.DataDir, req.Instance.ID+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, _ = f.Write(append(line, '\n'))
			_ = f.Close()
		}
	}
	var config struct{ Greeting string }
	if err := req.Instance.Decode(&config); err != nil {
		return channel.OpenSessionResponse{}, err
	}
	return channel.OpenSessionResponse{Allow: true, Settings: map[string]any{
		"greeting": config.Greeting, "attachments": true, "transcript": true, "page_views": "on", "rating": map[string]any{"enabled": true},
		"pre_chat": map[string]any{"enabled": true, "fields": []map[string]string{{"key": "name"}, {"key": "email"}}}, "offline": map[string]any{"enabled": true},
	}}, nil
}
