package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/wire"
)

// pluginBody is an installed plugin and how its process fares.
type pluginBody struct {
	ID          string              `json:"id"`
	Name        map[string]string   `json:"name" doc:"By locale."`
	Version     string              `json:"version"`
	Kinds       []string            `json:"kinds"`
	State       string              `json:"state" enum:"starting,ready,backoff,quarantined,stopped,failed"`
	Detail      string              `json:"detail,omitempty" doc:"What is wrong and what to do."`
	Since       time.Time           `json:"since"`
	PID         int                 `json:"pid,omitempty"`
	Restarts    int                 `json:"restarts"`
	NextRetryAt *time.Time          `json:"next_retry_at,omitempty"`
	Isolation   []string            `json:"isolation" enum:"own_process_group,empty_environment,no_new_privileges,resource_limits,files,signals,memory_limit,memory_watch,cpu_limit,process_limit" doc:"What keeps the process in its place, as far as it is in force on this system."`
	Level       string              `json:"isolation_level,omitempty" enum:"trusted,confined" doc:"confined: the process touches its own files only. Absent: there is no process."`
	Lacking     []lackingBody       `json:"isolation_lacking" doc:"The measures that are not in force, and why."`
	Enabled     bool                `json:"enabled" doc:"false: an administrator switched it off."`
	Process     bool                `json:"process" doc:"false: it consists of files alone, and has none."`
	Active      string              `json:"active_version,omitempty" doc:"The version that is wanted, on every server."`
	Previous    string              `json:"previous_version,omitempty" doc:"Rollback goes there."`
	Pinned      string              `json:"pinned_version,omitempty"`
	Offered     string              `json:"offered_version,omitempty" doc:"What the plugins folder holds, when that is not what runs: upgrade goes there."`
	Asks        []string            `json:"offered_asks" doc:"What the offered version needs and the active one does not."`
	Left        string              `json:"left_version,omitempty" doc:"A version that was left by itself, because it failed."`
	Permissions []permissionBody    `json:"permissions"`
	Missing     []string            `json:"missing" doc:"Scopes that a version needs and nobody here has agreed to yet."`
	Summary     map[string]string   `json:"summary" doc:"By locale."`
	Inboxes     bool                `json:"inboxes" doc:"It is a channel: inboxes are made of it."`
	Connects    bool                `json:"connects" doc:"Connections are made of it."`
	Connections int                 `json:"connections" doc:"How many the workspace has."`
	Schema      rawObject           `json:"config_schema" doc:"JSON Schema 2020-12 of its inboxes and connections."`
	Network     []networkBody       `json:"network" doc:"Where it connects to."`
	Panels      []panelOfferBody    `json:"panels"`
	Tools       []toolOfferBody     `json:"tools"`
	Templates   []templateOfferBody `json:"templates"`
	Asked       []askedBody         `json:"asked_before" doc:"What it is asked about before it happens."`
	Told        []string            `json:"told_of" doc:"Types of events that it is told of."`
	Skipped     []skippedBody       `json:"skipped" doc:"Its connections in this workspace that this server does not ask for a while, because they gave no verdict several times in a row."`
	License     *standingBody       `json:"license,omitempty" doc:"Of a paid plugin."`
}

// askedBody is a point at which a plugin is asked.
type askedBody struct {
	Point    string `json:"point" enum:"message.send,conversation.route"`
	BudgetMS int    `json:"budget_ms" doc:"How long it may take to answer."`
	Denies   bool   `json:"denies" doc:"Without an answer it does not happen."`
	Priority int    `json:"priority" doc:"The lowest is asked first."`
}

// skippedBody is an interceptor that is not asked for a while.
type skippedBody struct {
	ConnectionID string    `json:"connection_id"`
	Name         string    `json:"name" doc:"Of the connection."`
	Point        string    `json:"point" enum:"message.send,conversation.route"`
	Denies       bool      `json:"denies" doc:"What it would be asked about does not happen meanwhile."`
	Since        time.Time `json:"since"`
	Failures     int       `json:"failures" doc:"Without a verdict, in a row."`
	Code         string    `json:"code" doc:"Of the last failure."`
	Detail       string    `json:"detail"`
	NextAt       time.Time `json:"next_at" doc:"It is asked once then, to see whether it answers again."`
}

// networkBody is a place that a plugin connects to.
type networkBody struct {
	Host       string            `json:"host,omitempty" doc:"A name, or \"*.example.com\"."`
	FromConfig string            `json:"from_config,omitempty" doc:"Instead of a host: the JSON pointer to the field of the configuration that holds the address."`
	Reason     map[string]string `json:"reason" doc:"Why, by locale; \"en\" is always there."`
}

// panelOfferBody is something that a plugin shows in the console.
type panelOfferBody struct {
	Name  string            `json:"name"`
	Slot  string            `json:"slot" enum:"settings.page,conversation.sidebar,ticket.sidebar,composer.action,report.page,navigation"`
	Title map[string]string `json:"title"`
	Kind  string            `json:"kind" enum:"card,page"`
}

// toolOfferBody is something that a plugin can do when it is asked.
type toolOfferBody struct {
	Name        string            `json:"name"`
	Title       map[string]string `json:"title"`
	Description map[string]string `json:"description"`
	Writes      bool              `json:"writes" doc:"It changes something at the far side."`
	Approval    bool              `json:"approval" doc:"A person must agree each time."`
}

// templateOfferBody is an industry template of a plugin.
type templateOfferBody struct {
	Name    string            `json:"name"`
	Title   map[string]string `json:"title"`
	Summary map[string]string `json:"summary"`
}

// permissionBody is a scope a plugin asked for.
type permissionBody struct {
	Scope    string            `json:"scope"`
	Reason   map[string]string `json:"reason" doc:"Why, by locale; \"en\" is always there."`
	Optional bool              `json:"optional" doc:"The plugin works without it."`
	Granted  bool              `json:"granted" doc:"The workspace lets the plugin use it."`
}

// lackingBody is a measure that is not in force.
type lackingBody struct {
	Measure string `json:"measure"`
	Why     string `json:"why"`
}

// logLineBody is a line of a plugin's log.
type logLineBody struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// logsBody is the last lines of a plugin's log.
type logsBody struct {
	Lines []logLineBody `json:"lines"`
}

func pluginOf(p extension.Plugin, use extension.Use) pluginBody {
	out := pluginBody{
		ID: string(p.ID), Name: p.Name, Version: p.Version, Kinds: p.Kinds, State: string(p.State), Detail: p.Detail,
		Since: wire.Stamp(p.Since), PID: p.PID, Restarts: p.Restarts,
		Level: string(p.Tier), Lacking: make([]lackingBody, len(p.Lacking)), Enabled: p.Enabled, Process: !p.NoProcess,
		Active: p.Active.Version, Previous: p.Previous.Version, Pinned: p.Pinned, Offered: p.Offered.Version, Asks: append([]string{}, p.Asks...), Left: p.Left,
		Isolation: make([]string, len(p.Isolation)), Permissions: make([]permissionBody, len(p.Permissions)),
	}
	for i, x := range p.Isolation {
		out.Isolation[i] = string(x)
	}
	for i, x := range p.Lacking {
		out.Lacking[i] = lackingBody{Measure: string(x.Measure), Why: x.Why}
	}
	for i, x := range p.Permissions {
		out.Permissions[i] = permissionBody{Scope: x.Scope, Reason: x.Reason, Optional: x.Optional, Granted: use.Granted.Has(x.Scope)}
	}
	out.offers(p.Offers)
	out.Missing, out.Connections = append([]string{}, use.Missing...), use.Connections
	if !p.NextRetryAt.IsZero() {
		at := wire.Stamp(p.NextRetryAt)
		out.NextRetryAt = &at
	}
	return out
}

// offers adds what the manifest says that the plugin adds.
func (b *pluginBody) offers(o extension.Offers) {
	b.Summary, b.Inboxes, b.Connects, b.Schema = o.Summary, o.Channel, o.Connects, rawObject(o.ConfigSchema)
	if len(b.Schema) == 0 {
		b.Schema = rawObject(`{}`)
	}
	if b.Summary == nil {
		b.Summary = map[string]string{}
	}
	b.Network = make([]networkBody, len(o.Network))
	for i, x := range o.Network {
		b.Network[i] = networkBody(x)
	}
	b.Panels, b.Tools, b.Templates = []panelOfferBody{}, []toolOfferBody{}, []templateOfferBody{}
	for _, x := range o.Panels {
		kind := "card"
		if x.Page {
			kind = "page"
		}
		b.Panels = append(b.Panels, panelOfferBody{Name: x.Name, Slot: x.Slot, Title: x.Title, Kind: kind})
	}
	for _, x := range o.Tools {
		b.Tools = append(b.Tools, toolOfferBody(x))
	}
	for _, x := range o.Templates {
		b.Templates = append(b.Templates, templateOfferBody(x))
	}
	b.Asked, b.Told = make([]askedBody, len(o.Asked)), append([]string{}, o.Told...)
	for i, x := range o.Asked {
		b.Asked[i] = askedBody{Point: string(x.Point), BudgetMS: int(x.Budget / time.Millisecond), Denies: x.Deny, Priority: x.Priority}
	}
}

// skippedOf are the interceptors of a plugin that are not asked now.
func skippedOf(all []extension.Skipped, plugin extension.PluginID) []skippedBody {
	out := []skippedBody{}
	for _, x := range all {
		if x.Plugin == plugin {
			out = append(out, skippedBody{
				ConnectionID: string(x.Connection), Name: x.Name, Point: string(x.Point), Denies: x.Denies, Since: wire.Stamp(x.Since),
				Failures: x.Failures, Code: x.Code, Detail: x.Detail, NextAt: wire.Stamp(x.NextAt),
			})
		}
	}
	return out
}

func (s *Server) pluginRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/plugins"
	member(s, huma.Operation{Method: http.MethodGet, Path: base, Summary: "List installed plugins", Tags: []string{"plugins"}},
		identity.PluginRead, s.listPlugins)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/{publisher}/{name}/restart", Summary: "Restart a plugin's process", Tags: []string{"plugins"}, DefaultStatus: http.StatusNoContent},
		identity.PluginManage, s.restartPlugin)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/{publisher}/{name}/logs", Summary: "Read a plugin's log", Tags: []string{"plugins"}},
		identity.PluginManage, s.pluginLogs)
	s.pluginLifeRoutes(base + "/{publisher}/{name}")
	s.licenseRoutes()
}

// PluginPath names a plugin.
type PluginPath struct {
	Workspace string `path:"workspace"`
	Publisher string `path:"publisher"`
	Name      string `path:"name"`
}

func (p PluginPath) id() extension.PluginID { return extension.PluginID(p.Publisher + "/" + p.Name) }

func (s *Server) listPlugins(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[pluginBody]], error) {
	plugins, err := s.Extensions.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	uses, err := s.Connections.Uses(ctx, scope, plugins)
	if err != nil {
		return nil, err
	}
	out := &body[list[pluginBody]]{Body: list[pluginBody]{Items: make([]pluginBody, len(plugins))}}
	skipped := s.Gate.Skipped(scope.Workspace)
	for i, p := range plugins {
		out.Body.Items[i] = pluginOf(p, uses[p.ID])
		out.Body.Items[i].Schema = s.settingsForm(out.Body.Items[i].Schema)
		out.Body.Items[i].Skipped = skippedOf(skipped, p.ID)
		if at, paid := s.Licenses.Standing(license.PluginID(p.ID)); paid {
			out.Body.Items[i].License = standingOf(at)
		}
	}
	return out, nil
}

func (s *Server) restartPlugin(ctx context.Context, scope identity.Scope, in *PluginPath) (*struct{}, error) {
	return nil, s.Extensions.Restart(ctx, scope, in.id())
}

func (s *Server) pluginLogs(ctx context.Context, scope identity.Scope, in *PluginPath) (*body[logsBody], error) {
	lines, err := s.Extensions.Logs(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	out := &body[logsBody]{Body: logsBody{Lines: make([]logLineBody, len(lines))}}
	for i, l := range lines {
		out.Body.Lines[i] = logLineBody{At: wire.Stamp(l.At), Level: l.Level, Text: l.Text}
	}
	return out, nil
}
