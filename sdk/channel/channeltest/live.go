package channeltest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// LiveSubject is the live channel under test.
type LiveSubject struct {
	Manifest   []byte // plugin.yaml
	Open       Opener // InProcessLive or Process
	Config     string
	BadConfigs []string
	// Visits are visitors and what becomes of them under Config.
	Visits []Visit
}

// Visit is a visitor who knocks.
type Visit struct {
	Name        string
	EmbedOrigin string
	Locale      string
	Allow       bool
	Reason      string // part of what a refused visitor is told
	Settings    string // what the settings are, as JSON; "" = not checked
}

// InProcessLive runs the channel in the test's own process.
func InProcessLive(newLive func(sdk.Env) (channel.Live, error)) Opener {
	return inProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Live, err = newLive(env)
		return a, err
	})
}

// RunLive runs the suite of live channels.
func RunLive(t *testing.T, s LiveSubject) {
	t.Helper()
	m := checkManifest(t, s.Manifest, s.Config)
	if !m.Live() {
		t.Fatal("the manifest is not that of a live channel")
	}
	subject := Subject{Manifest: s.Manifest, Open: s.Open, Config: s.Config, BadConfigs: s.BadConfigs}
	run := func(name string, fn func(*rig)) {
		t.Run(name, func(t *testing.T) { fn(open(t, s.Open, m, subject)) })
	}
	run("introduces itself", introduction)
	run("takes configurations", configurations)
	for _, v := range s.Visits {
		run("visit: "+v.Name, func(r *rig) { visit(r, v) })
	}
	run("knows nobody else's visitors", func(r *rig) {
		if _, err := r.plugin.Channel.OpenSession(r.ctx(), &pluginv1.OpenSessionRequest{InstanceId: "inb_stranger"}); err == nil {
			r.Error("it opens sessions of an instance it was not told of")
		}
	})
	run("ends when told", termination)
	run("ends with the host", orphanage)
}

func visit(r *rig, v Visit) {
	answer, err := r.plugin.Channel.OpenSession(r.ctx(), &pluginv1.OpenSessionRequest{
		InstanceId: instanceID, SessionId: "vis_1", EmbedOrigin: v.EmbedOrigin, Locale: v.Locale,
		PageUrl: v.EmbedOrigin + "/page", UserAgent: "conformance",
	})
	if err != nil {
		r.Fatal(err)
	}
	if answer.GetAllow() != v.Allow {
		r.Errorf("allowed: %v", answer.GetAllow())
	}
	if !v.Allow && (answer.GetReason() == "" || !strings.Contains(answer.GetReason(), v.Reason)) {
		r.Errorf("the visitor is told %q", answer.GetReason())
	}
	var got, want map[string]any
	if settings := answer.GetSettings(); len(settings) > 0 {
		if err := json.Unmarshal(settings, &got); err != nil || got == nil {
			r.Errorf("the settings are no JSON object: %s", settings)
		}
	}
	if v.Settings == "" {
		return
	}
	if err := json.Unmarshal([]byte(v.Settings), &want); err != nil {
		r.Fatal(err)
	}
	if !same(got, want) {
		r.Errorf("settings %v, want %v", got, want)
	}
}

func same(a, b map[string]any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
