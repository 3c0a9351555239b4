// Package templatetest is the conformance suite of templates. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := templatetest.Subject{Manifest: manifest, Plans: plans}
//	t.Run("in process", func(t *testing.T) { subject.Open = templatetest.InProcess(newMine); templatetest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = templatetest.Process(t, "."); templatetest.Run(t, subject) })
package templatetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/template"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Plans are answers, and what is made of them.
	Plans []Plan
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (template.Template, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Template, err = newValue(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

func (s Subject) plugin() conformance.Plugin {
	return conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityTemplate, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// Plan is a template with answers to its questions.
type Plan struct {
	Name     string // in the test's output; "" = the template's
	Template string
	Answers  string   // a JSON object; "" = {}
	Locale   string   // "" = en
	Objects  []string // "kind key", in order; nil = not checked
	Refused  bool     // instead: these answers will not do
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	m := conformance.CheckManifest(t, s.plugin())
	if len(m.Templates) == 0 {
		t.Fatal("the manifest has no templates")
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "plans", Run: func(r *conformance.Rig) { plans(r, s.Plans) }},
		conformance.Case{Name: "plans the same again", Run: func(r *conformance.Rig) { again(r, s.Plans) }},
		conformance.Case{Name: "refuses what it does not have", Run: stranger},
		conformance.Case{Name: "bears any answers", Run: anyAnswers},
		conformance.Draining(func(r *conformance.Rig) error {
			_, err := ask(r, Plan{Template: m.Templates[0].Name})
			if status.Code(err) == codes.FailedPrecondition { // these answers; it was asked all the same
				return nil
			}
			return err
		}),
	)
}

func ask(r *conformance.Rig, p Plan) (*pluginv1.PlanTemplateResponse, error) {
	return r.Template.PlanTemplate(r.Ctx(), &pluginv1.PlanTemplateRequest{
		Template: p.Template, Answers: []byte(conformance.Or(p.Answers, "{}")), Locale: conformance.Or(p.Locale, "en"),
	})
}

func plans(r *conformance.Rig, list []Plan) {
	for _, p := range list {
		name := conformance.Or(p.Name, p.Template)
		got, err := ask(r, p)
		if p.Refused {
			if status.Code(err) != codes.FailedPrecondition {
				r.Errorf("%s: it is not refused: %v", name, err)
			}
			continue
		}
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		var objects []string
		for _, o := range got.GetObjects() {
			key := o.GetKind() + " " + o.GetKey()
			var object map[string]any
			if json.Unmarshal(o.GetObject(), &object) != nil || o.GetKind() == "" || o.GetKey() == "" {
				r.Errorf("%s: %q is no object with a kind and a key: %s", name, key, o.GetObject())
			}
			if slices.Contains(objects, key) {
				r.Errorf("%s: %q is made twice", name, key)
			}
			objects = append(objects, key)
		}
		if p.Objects != nil && !slices.Equal(objects, p.Objects) {
			r.Errorf("%s: it makes %q, not %q", name, objects, p.Objects)
		}
	}
}

func again(r *conformance.Rig, list []Plan) {
	for _, p := range list {
		first, firstErr := ask(r, p)
		second, err := ask(r, p)
		if !proto.Equal(first, second) || status.Code(firstErr) != status.Code(err) {
			r.Errorf("%s: %v, asked again %v", conformance.Or(p.Name, p.Template), first, second)
		}
	}
}

func stranger(r *conformance.Rig) {
	for _, name := range []string{"", "no_such_template", "../x"} {
		if _, err := ask(r, Plan{Template: name}); status.Code(err) != codes.FailedPrecondition {
			r.Errorf("the template %q: %v", name, err)
		}
	}
}

func anyAnswers(r *conformance.Rig) {
	for _, t := range r.Manifest.Templates {
		for _, answers := range conformance.JSONs() {
			for _, locale := range []string{"en", "zh-CN", "x-moon"} {
				_, err := ask(r, Plan{Template: t.Name, Answers: answers, Locale: locale})
				r.NoFault(fmt.Sprintf("%s with %.40q", t.Name, answers), err)
			}
		}
	}
}
