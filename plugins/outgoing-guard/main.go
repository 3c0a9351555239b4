// Package main is a hook that looks at messages before they go to customers. It
// refuses or masks words of the administrator's, phone numbers and card
// numbers. It keeps nothing and talks to nobody.
package main

import (
	"context"
	_ "embed"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

//go:embed plugin.yaml
var manifest []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Hook: newHook}) }

func newHook(sdk.Env) (hook.Hook, error) { return &guard{cache: make(map[string]prepared)}, nil }

// Intercept judges a message: what must not go is refused, and nothing of it is
// sent; what is to be covered is covered.
func (g *guard) Intercept(_ context.Context, req hook.InterceptRequest) (hook.InterceptResponse, error) {
	if req.Message == nil {
		return hook.Allow(), nil
	}
	r, err := g.of(req.Instance)
	if err != nil {
		return hook.InterceptResponse{}, err
	}
	if req.Message.Author == message.AuthorBot && !r.bots {
		return hook.Allow(), nil
	}
	said := textsFor(req.Instance.Locale)
	v := r.judge(req.Message.Content.Text)
	switch {
	case v.refused != nil:
		return hook.Deny(said.refusal(*v.refused)), nil
	case len(v.masked) > 0:
		content := req.Message.Content
		content.Text = v.text
		return hook.ChangeMessage(content, said.masked(v.masked)), nil
	}
	return hook.Allow(), nil
}

// OnEvents is not asked for.
func (g *guard) OnEvents(context.Context, hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	return hook.OnEventsResponse{}, nil
}

// ValidateConfig finds what the schema cannot.
func (g *guard) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	c := defaults()
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	return instance.ValidateConfigResponse{Problems: c.problems()}, nil
}

// RemoveInstance forgets what was made ready for an instance.
func (g *guard) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.cache, req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}
