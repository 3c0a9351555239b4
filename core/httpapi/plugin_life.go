package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// movedBody is the version that runs now.
type movedBody struct {
	Version string `json:"version"`
	Digest  string `json:"digest" doc:"SHA-256 of the list of its files."`
}

// versionBody is a copy of a plugin that this server keeps.
type versionBody struct {
	Version  string    `json:"version"`
	Digest   string    `json:"digest" doc:"SHA-256 of the list of its files."`
	At       time.Time `json:"at" doc:"When the copy was made."`
	Size     int64     `json:"size" doc:"In bytes."`
	Active   bool      `json:"active"`
	Previous bool      `json:"previous"`
	Offered  bool      `json:"offered" doc:"It is what the plugins folder holds."`
	Asks     []string  `json:"asks" doc:"What it needs and the active version does not."`
}

// stepBody is a step in the life of a plugin's process.
type stepBody struct {
	Number      int64      `json:"number"`
	At          time.Time  `json:"at"`
	Node        string     `json:"node" doc:"The server."`
	Version     string     `json:"version"`
	State       string     `json:"state" enum:"starting,ready,backoff,quarantined,stopped,failed,rolled_back"`
	Reason      string     `json:"reason,omitempty" doc:"What is wrong and what to do."`
	Ending      string     `json:"ending,omitempty" doc:"How the process ended: an exit status, a signal, out of memory."`
	Lines       []string   `json:"lines" doc:"The last lines it wrote before it ended, the oldest first."`
	NextRetryAt *time.Time `json:"next_retry_at,omitempty"`
}

type upgradePlugin struct {
	PluginPath
	Body *struct { // may be left out
		Accept []string `json:"accept,omitempty" maxItems:"100" doc:"What the new version needs and the active one does not, agreed to by name."`
	}
}

type pinPlugin struct {
	PluginPath
	Body struct {
		Version string `json:"version" maxLength:"64" doc:"A version that this server keeps; it becomes the active one. Empty: take the pin away."`
	}
}

type pluginHistory struct {
	PluginPath
	Paging
}

func (s *Server) pluginLifeRoutes(base string) {
	act := func(verb, summary string, do func(context.Context, identity.Scope, extension.PluginID) error) {
		member(s, huma.Operation{Method: http.MethodPost, Path: base + "/" + verb, Summary: summary, Tags: []string{"plugins"}, DefaultStatus: http.StatusNoContent},
			identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *PluginPath) (*struct{}, error) {
				return nil, do(ctx, scope, in.id())
			})
	}
	act("enable", "Switch a plugin on, on every server", s.Extensions.Enable)
	act("disable", "Switch a plugin off, on every server", s.Extensions.Disable)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/upgrade", Summary: "Put what the plugins folder holds in place of the version that runs", Tags: []string{"plugins"},
		Description: "The new version starts beside the old one and takes over without a pause. When it does not start, the old one goes on.",
	}, identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *upgradePlugin) (*body[movedBody], error) {
		var accept []string
		if in.Body != nil {
			accept = in.Body.Accept
		}
		return movedOf(s.Extensions.Upgrade(ctx, scope, in.id(), accept))
	})
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/rollback", Summary: "Go back to the version before", Tags: []string{"plugins"}},
		identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *PluginPath) (*body[movedBody], error) {
			return movedOf(s.Extensions.Rollback(ctx, scope, in.id()))
		})
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/pin", Summary: "Keep a plugin at a version", Tags: []string{"plugins"}, DefaultStatus: http.StatusNoContent},
		identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *pinPlugin) (*struct{}, error) {
			return nil, s.Extensions.Pin(ctx, scope, in.id(), in.Body.Version)
		})
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/versions", Summary: "List the versions of a plugin that this server keeps", Tags: []string{"plugins"}},
		identity.PluginManage, s.pluginVersions)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/history", Summary: "List what became of a plugin's processes", Tags: []string{"plugins"}},
		identity.PluginManage, s.pluginSteps)
}

func movedOf(c extension.Copy, err error) (*body[movedBody], error) {
	if err != nil {
		return nil, err
	}
	return &body[movedBody]{Body: movedBody{Version: c.Version, Digest: c.Digest}}, nil
}

func (s *Server) pluginVersions(ctx context.Context, scope identity.Scope, in *PluginPath) (*body[list[versionBody]], error) {
	versions, err := s.Extensions.Versions(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := &body[list[versionBody]]{Body: list[versionBody]{Items: make([]versionBody, len(versions))}}
	for i, v := range versions {
		out.Body.Items[i] = versionBody{
			Version: v.Version, Digest: v.Digest, At: wire.Stamp(v.At), Size: v.Size,
			Active: v.Active, Previous: v.Previous, Offered: v.Offered, Asks: append([]string{}, v.Asks...),
		}
	}
	return out, nil
}

func (s *Server) pluginSteps(ctx context.Context, scope identity.Scope, in *pluginHistory) (*body[list[stepBody]], error) {
	return asList(stepOf)(s.Extensions.History(ctx, scope, in.id(), in.request()))
}

func stepOf(t extension.Transition) stepBody {
	out := stepBody{
		Number: t.Number, At: wire.Stamp(t.At), Node: t.Node, Version: t.Version, State: string(t.State), Reason: t.Reason,
		Ending: t.Ending, Lines: append([]string{}, t.Lines...),
	}
	if !t.NextRetryAt.IsZero() {
		at := wire.Stamp(t.NextRetryAt)
		out.NextRetryAt = &at
	}
	return out
}
