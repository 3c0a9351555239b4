// Command talker is a plugin that logs on every level when it starts, and keeps
// what it is told in the core.
package main

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

type talker struct {
	tool.Map
	env sdk.Env
}

// Configure implements instance.Configurer.
func (t *talker) Configure(ctx context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	_, err := t.env.State(req.Instance.ID).Put(ctx, host.PutRequest{Key: "config", Value: req.Instance.Config})
	return instance.ConfigureResponse{}, err
}

func main() {
	sdk.Serve(sdk.Plugin{
		Manifest: []byte("id: acme/talker\nversion: 1.0.0\n"),
		Tools: func(env sdk.Env) (tool.Tools, error) {
			env.Log.Debug("at debug")
			env.Log.Info("at info")
			env.Log.Warn("at warn")
			env.Log.Error("at error")
			return &talker{env: env}, nil
		},
	})
}
