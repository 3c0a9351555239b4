package plugintest

import (
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Refused is a template that the core leaves out.
type Refused struct {
	ID, Language string
	Reason       string // in the words of docs/build-plugins/manifest.md: undeclared, duplicate
}

// maxTemplates is how many templates of an instance the core keeps.
const maxTemplates = 1000

// Templates has a channel list its templates, page by page and judged as the
// core does.
func (p *Plugin) Templates(instance string) ([]channel.Template, []Refused, error) {
	p.tb.Helper()
	var sound []channel.Template
	var refused []Refused
	seen, after := make(map[[2]string]bool), ""
	for range maxTemplates {
		answer, err := p.templates(instance, after)
		if err != nil {
			return nil, nil, err
		}
		for _, t := range answer.GetTemplates() {
			key, fault := [2]string{t.GetId(), t.GetLanguage()}, t.Fault()
			switch {
			case fault == "" && seen[key]:
				fault = pluginv1.FaultDuplicate
				fallthrough
			case fault != "":
				refused = append(refused, Refused{ID: t.GetId(), Language: t.GetLanguage(), Reason: fault})
			default:
				seen[key] = true
				sound = append(sound, bridge.Template(t))
			}
		}
		if after = answer.GetNext(); after == "" {
			return sound, refused, nil
		}
	}
	p.tb.Fatalf("the list of templates comes to no end: it goes on at %q", after)
	return nil, nil, nil
}

func (p *Plugin) templates(instance, after string) (*pluginv1.ListTemplatesResponse, error) {
	ctx, cancel := p.ctx()
	defer cancel()
	return p.Channel.ListTemplates(ctx, &pluginv1.ListTemplatesRequest{InstanceId: instance, After: after})
}
