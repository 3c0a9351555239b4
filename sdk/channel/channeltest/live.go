package channeltest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// LiveSubject is the live channel under test.
type LiveSubject struct {
	Manifest   []byte // plugin.yaml
	Open       Opener // InProcessLive or Process
	Config     string
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
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
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Live, err = newLive(env)
		return a, err
	})
}

// RunLive runs the suite of live channels.
func RunLive(t *testing.T, s LiveSubject) {
	t.Helper()
	plugin := conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityLive, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
	if m := conformance.CheckManifest(t, plugin); !m.Live() {
		t.Fatal("the manifest is not that of a live channel")
	}
	var cases []conformance.Case
	for _, v := range s.Visits {
		cases = append(cases, conformance.Case{Name: "visit: " + v.Name, Run: func(r *conformance.Rig) { visit(r, v) }})
	}
	cases = append(cases, conformance.Unknown(func(r *conformance.Rig, id string) error {
		_, err := r.Channel.OpenSession(r.Ctx(), &pluginv1.OpenSessionRequest{InstanceId: id})
		return err
	}))
	conformance.Run(t, plugin, cases...)
}

func visit(r *conformance.Rig, v Visit) {
	answer, err := r.Channel.OpenSession(r.Ctx(), &pluginv1.OpenSessionRequest{
		InstanceId: conformance.InstanceID, SessionId: "vis_1", EmbedOrigin: v.EmbedOrigin, Locale: v.Locale,
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
