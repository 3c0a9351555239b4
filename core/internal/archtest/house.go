package archtest

import "slices"

// House returns the import rule of this repository. Names without a folder yet
// are those the map in core/doc.go has a place for.
func House() Rules {
	return Rules{
		Module:  "github.com/patchbay-im/patchbay",
		Layers:  slices.Concat(foundation(), domain(), views(), adapters(), assembly(), published(), tools()),
		Modules: modules(),
	}
}

// foundation imports nothing of ours. The exceptions: a cursor that does not
// parse is the caller's mistake, and page says so as errs does; so is asking too
// often, for limit.
func foundation() []Layer {
	return []Layer{
		{Name: "foundation", Pattern: "core/errs"},
		{Name: "foundation", Pattern: "core/id"},
		{Name: "foundation", Pattern: "core/page", May: []string{"core/errs"}},
		{Name: "foundation", Pattern: "core/event/..."},
		{Name: "foundation", Pattern: "core/filter/...", May: []string{"core/errs", "core/id"}},
		{Name: "foundation", Pattern: "core/lru"},
		{Name: "foundation", Pattern: "core/markup"},
		{Name: "foundation", Pattern: "core/quote"},
		{Name: "foundation", Pattern: "core/limit", May: []string{"core/errs", "core/lru"}},
		{Name: "foundation", Pattern: "core/internal/mutant"},
		{Name: "foundation", Pattern: "core/internal/filelock"},
	}
}

// domain imports the foundation, and domain only downhill. An upward or
// sideways wish is an event, wired in core/app. Tests may go uphill: they use
// the suites and fakes of their neighbours.
func domain() []Layer {
	downhill := func(noun string, below ...string) Layer {
		l := Layer{Name: "domain", Pattern: "core/" + noun + "/...", May: patterns(foundation())}
		for _, b := range below {
			l.May = append(l.May, "core/"+b+"/...")
		}
		return l
	}
	out := []Layer{
		downhill("identity"),
		downhill("team", "identity"),
		downhill("calendar", "identity"),
		downhill("queue", "identity", "team", "calendar"),
		downhill("media", "identity"),
		downhill("contact", "identity"),
		downhill("instance", "identity"),
		downhill("channel", "identity", "contact", "media", "instance"),
		downhill("catalog", "identity", "team"),
		downhill("conversation", "identity", "team", "calendar", "queue", "contact", "channel", "media", "catalog"),
		downhill("journey", "identity", "contact", "channel", "media", "catalog", "team", "conversation"),
		downhill("view", "identity", "team", "contact", "catalog", "conversation"),
		downhill("routing", "identity", "team", "queue", "calendar", "contact", "channel", "catalog", "conversation", "view"),
		downhill("ticket", "identity", "team", "contact", "channel", "media", "catalog", "conversation"),
		downhill("search", "identity", "contact", "conversation", "view", "ticket"),
		downhill("notification", "identity", "team", "contact", "conversation", "ticket"),
		downhill("push", "identity", "notification"),
		downhill("sla", "identity", "contact", "channel", "media", "conversation", "ticket"),
		downhill("automation", "identity", "contact", "channel", "media", "conversation", "ticket", "sla", "extension"),
		downhill("delivery", "identity", "channel", "media", "conversation"),
		downhill("webhook", "identity", "instance", "team", "contact", "channel", "media", "catalog", "conversation", "ticket", "erasure"),
		downhill("erasure", "identity", "contact", "media"),
		downhill("retention", "identity", "media"),
		downhill("export", "identity", "contact"),
		downhill("survey", "identity", "team", "contact", "channel", "conversation", "ticket"),
		downhill("dispatch", "identity"),
		downhill("figures", "identity", "team", "calendar", "queue", "conversation", "dispatch"),
		downhill("traffic", "identity", "team", "calendar", "queue", "conversation", "dispatch", "figures"),
		downhill("policy", "identity", "queue", "dispatch", "traffic"),
		downhill("alert", "identity", "team", "calendar", "queue"),
		downhill("report", "identity"),
		downhill("audit", "identity"),
		downhill("sandbox", "identity"),
		downhill("idempotency", "identity"),
		downhill("extension", "identity", "instance"),
		downhill("system", "identity"),
		downhill("license", "identity"),
		downhill("template", "identity"),
	}
	all := patterns(out)
	for i := range out {
		out[i].TestsMay = all
	}
	return out
}

// views are the JSON shapes that two adapters must agree on: what REST answers
// and what the live protocol sends are the same objects.
func views() []Layer {
	return []Layer{{Name: "view", Pattern: "core/wire", May: slices.Concat(patterns(foundation()), patterns(domain()))}}
}

// adapters own one technology each and never import one another. Their tests
// may put real parts beside them.
func adapters() []Layer {
	var out []Layer
	for _, name := range []string{"store", "bus", "blob", "backup", "archive", "seal", "outbound", "httpapi", "realtime", "pluginhost", "oidc", "telemetry", "machine", "certificate", "scaffold", "workbench", "program"} {
		l := Layer{
			Name: "adapter", Pattern: "core/" + name + "/...",
			May: slices.Concat(patterns(foundation()), patterns(domain())),
		}
		switch name {
		case "httpapi", "realtime":
			l.May = append(l.May, "core/wire")
		case "pluginhost":
			l.May = append(l.May, "sdk/...", "marketplace/...")
		case "outbound":
			l.May = append(l.May, "sdk/outbound/address")
		case "scaffold":
			l.May = append(l.May, "sdk/manifest")
		}
		out = append(out, l)
	}
	all := append(patterns(out), "core/internal/pgtest", "core/internal/openidtest", "core/internal/spoiled", "core/internal/mounttest", "docs")
	for i := range out {
		out[i].TestsMay = all
	}
	return out
}

// assembly is where everything meets: app puts it together, cmd calls app.
func assembly() []Layer {
	return []Layer{
		{Name: "map", Pattern: "core"},
		{Name: "configuration", Pattern: "core/config/...", May: patterns(foundation())},
		{
			Name: "assembly", Pattern: "core/app/...", TestsMay: []string{"core/internal/pgtest", "core/internal/rig", "core/internal/mounttest"},
			May: slices.Concat(patterns(foundation()), patterns(domain()), patterns(views()), patterns(adapters()),
				[]string{"core/config/...", "sdk/...", "marketplace/...", "web", "docs"}),
		},
		{Name: "command", Pattern: "core/cmd/...", May: []string{"core/app/..."}, TestsMay: []string{"core/internal/rig"}},
		{Name: "web files", Pattern: "web"},
		{Name: "guides", Pattern: "docs"},
	}
}

// published is what others build on: the SDK stands alone, and a plugin in the
// tree uses nothing that an author outside it cannot.
func published() []Layer {
	return []Layer{
		{Name: "sdk", Pattern: "sdk/..."},
		{Name: "plugin", Pattern: "plugins/*/...", May: []string{"sdk/..."}, TestsMay: []string{"plugins/email/mailrig"}},
		{Name: "marketplace", Pattern: "marketplace/...", May: []string{"sdk/manifest/...", "sdk/license/..."}},
	}
}

// tools are programs and helpers of our own tests. Nothing that ships imports
// them.
func tools() []Layer {
	everything := append(patterns(slices.Concat(foundation(), domain(), views(), adapters(), assembly(), published())),
		"core/internal/pgtest", "core/internal/rig")
	measuring := append(slices.Clone(everything), "core/internal/pluginrig")
	return []Layer{
		{Name: "test helper", Pattern: "core/internal/archtest"},
		{Name: "test helper", Pattern: "core/internal/pgtest"},
		{Name: "test helper", Pattern: "core/internal/rig", May: []string{"sdk/plugintest/loopback"}},
		{Name: "test helper", Pattern: "core/internal/mounttest"},
		{Name: "test helper", Pattern: "core/internal/charttest", TestsMay: []string{"sdk/plugintest/loopback"}},
		{Name: "test program", Pattern: "core/internal/kubeschema/..."},
		{Name: "release program", Pattern: "core/internal/ship/...", TestsMay: []string{"core/internal/rig", "core/internal/mounttest"}},
		{Name: "test helper", Pattern: "core/internal/openidtest"},
		{Name: "test helper", Pattern: "core/internal/spoiled"},
		{Name: "test program", Pattern: "core/internal/openidprovider", May: []string{"core/internal/openidtest"}, Suites: true},
		{Name: "test program", Pattern: "core/internal/authz/...", May: everything, TestsMay: []string{"core/internal/openidtest", "core/internal/spoiled"}, Suites: true},
		{Name: "test program", Pattern: "core/internal/crash/...", May: everything, Suites: true},
		{Name: "test program", Pattern: "core/internal/trytontest", May: everything, Suites: true},
		{Name: "test program", Pattern: "core/internal/mailtest", May: everything, Suites: true},
		{Name: "test helper", Pattern: "core/internal/pluginrig", May: everything, Suites: true},
		{Name: "test program", Pattern: "core/internal/pluginchaos/...", May: measuring, Suites: true},
		{Name: "test program", Pattern: "core/internal/pluginbench/...", May: measuring, Suites: true},
		{Name: "test program", Pattern: "core/internal/bench/...", May: measuring, Suites: true},
	}
}

func patterns(layers []Layer) []string {
	out := make([]string, 0, len(layers))
	for _, l := range layers {
		out = append(out, l.Pattern)
	}
	return out
}
