package bridge

import (
	"reflect"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/panel"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/template"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// Abilities is what an author's constructors made; the rest is found by type
// assertion on them.
type Abilities struct {
	Channel   channel.Channel
	Live      channel.Live
	Bot       bot.Bot
	Connector connector.Connector
	Tools     tool.Tools
	Hook      hook.Hook
	Analyzer  analyzer.Analyzer
	Panel     panel.Panel
	Template  template.Template
	Route     route.Route
}

// named is an ability with its name on the wire.
type named struct {
	name  string
	value any
	there bool
}

func (a Abilities) all() []named {
	return []named{
		{pluginv1.AbilityChannel, a.Channel, a.Channel != nil},
		{pluginv1.AbilityLive, a.Live, a.Live != nil},
		{pluginv1.AbilityBot, a.Bot, a.Bot != nil},
		{pluginv1.AbilityConnector, a.Connector, a.Connector != nil},
		{pluginv1.AbilityTool, a.Tools, a.Tools != nil},
		{pluginv1.AbilityHook, a.Hook, a.Hook != nil},
		{pluginv1.AbilityAnalyzer, a.Analyzer, a.Analyzer != nil},
		{pluginv1.AbilityPanel, a.Panel, a.Panel != nil},
		{pluginv1.AbilityTemplate, a.Template, a.Template != nil},
		{pluginv1.AbilityRoute, a.Route, a.Route != nil},
	}
}

// values returns what the constructors made, each once: one value may be
// several abilities.
func (a Abilities) values() []any {
	var out []any
	for _, n := range a.all() {
		if n.there && !has(out, n.value) {
			out = append(out, n.value)
		}
	}
	return out
}

// has reports whether v is in list; values that cannot be compared are not.
func has(list []any, v any) bool {
	if !reflect.ValueOf(v).Comparable() {
		return false
	}
	for _, other := range list {
		if reflect.ValueOf(other).Comparable() && other == v {
			return true
		}
	}
	return false
}

func (a Abilities) names() []string {
	var out []string
	for _, n := range a.all() {
		if n.there {
			out = append(out, n.name)
		}
	}
	return out
}

// firstOf returns the first value that has an optional ability.
func firstOf[T any](a Abilities) (T, bool) {
	for _, v := range a.values() {
		if found, ok := v.(T); ok {
			return found, true
		}
	}
	var none T
	return none, false
}
