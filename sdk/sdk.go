// Package sdk is what the author of a plugin imports. It is the only part of
// Patchbay that is promised to stay; see docs/adr/0010-sdk-promise.md.
//
// A plugin is a program: its main function calls Serve with what it offers.
//
//	//go:embed plugin.yaml
//	var manifest []byte
//
//	func main() {
//		sdk.Serve(sdk.Plugin{
//			Manifest: manifest,
//			Channel:  func(env sdk.Env) (channel.Channel, error) { return &mine{env: env}, nil },
//		})
//	}
//
// The core starts the program, keeps it running and stops it. What it offers are
// abilities, each in a small package with one interface: channel, bot,
// connector, tool, hook, analyzer, panel, template and route. What only some
// plugins can do is another interface beside it, found by type assertion;
// package instance has those every plugin may have. Errors say where they come
// from: package errs. Nothing here shows the wire between the core and the
// plugin, which is gRPC.
//
// Each ability has a conformance suite for the author's tests: channeltest,
// bottest, connectortest, tooltest, hooktest, analyzertest, paneltest,
// templatetest and routetest. Package plugintest has a core in memory, for tests
// of an author's own code and of the plugin as a whole.
package sdk

import (
	"context"
	"log/slog"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/template"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// Plugin is what a program offers: at least one ability. A constructor is called
// once, when the core has started the process; an error from it ends the start,
// and administrators read it. The constructors of several abilities may return
// the same value: it is then configured once.
type Plugin struct {
	// Manifest is the plugin.yaml, embedded: it says which plugin this is.
	Manifest []byte
	// Channel makes a messaging channel.
	Channel func(Env) (channel.Channel, error)
	// Live makes the policy of a live channel.
	Live func(Env) (channel.Live, error)
	// Bot makes what answers customers.
	Bot func(Env) (bot.Bot, error)
	// Connector makes the way to a system of record.
	Connector func(Env) (connector.Connector, error)
	// Tools makes what does the manifest's tools; tool.Map is one.
	Tools func(Env) (tool.Tools, error)
	// Hook makes what is asked before things happen and told after.
	Hook func(Env) (hook.Hook, error)
	// Analyzer makes what reads messages.
	Analyzer func(Env) (analyzer.Analyzer, error)
	// Panel makes what the console shows.
	Panel func(Env) (panel.Panel, error)
	// Template makes what plans industry templates that need a program.
	Template func(Env) (template.Template, error)
	// Route makes what serves HTTP; route.HTTP is one.
	Route func(Env) (route.Route, error)
}

// Env is all that a plugin gets from its surroundings: there is no other way
// to the core, and no environment variables.
type Env struct {
	// Log goes to the console's page of the plugin and to the core's log. What
	// is printed to standard output or standard error goes there too.
	Log *slog.Logger
	// DataDir is the one directory the plugin may write to. What a plugin must
	// not lose belongs to the core instead.
	DataDir string
	// CoreVersion is the version of the core that runs the plugin.
	CoreVersion string
	// Manifest is the plugin's own: HTTP reads its network.
	Manifest []byte
	// Host is the core.
	Host
}

// Host is what a plugin can ask of the core. Each method needs the permission
// it names, which the manifest asks for.
type Host interface {
	// Ingest brings messages in that did not come by a request: from a socket
	// the plugin holds open, or from polling. Each names its Instance. It
	// returns nil when all of them are committed, or were before: only then may
	// the plugin move its own cursor. Calls of one goroutine keep their order.
	//
	// An error of the source FarSide means that some may be missing: call again
	// with the same messages, those that are there are skipped. Rejected names
	// the messages that will never be taken; the others are committed.
	//
	// Permission: messages:ingest.
	Ingest(ctx context.Context, messages ...channel.Inbound) error

	// ReportHealth tells administrators what the plugin noticed of an instance,
	// without waiting to be asked.
	//
	// Permission: health:report.
	ReportHealth(ctx context.Context, id string, health instance.Health) error

	// Instances returns the instances configured now, by id.
	Instances() []instance.Instance

	// For returns the services of the core for an instance. Env has a method for
	// each of them.
	For(id string) host.Instance
}
