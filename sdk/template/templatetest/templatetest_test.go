package templatetest_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/template"
	"github.com/patchbay-im/patchbay/sdk/template/templatetest"
)

const manifest = `manifest_version: 1
id: test/subject
version: 1.0.0
name: {en: Subject}
summary: {en: A plugin to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [template]
templates:
  - {name: shop, path: shop, title: {en: Shop}, summary: {en: For shops.}}
`

type subject struct {
	fault string
	calls atomic.Int32
}

func (s *subject) Plan(_ context.Context, req template.PlanRequest) (template.PlanResponse, error) {
	if req.Template != "shop" && s.fault != "plans anything" {
		return template.PlanResponse{}, errs.Reject("unknown_template", "No such template.")
	}
	var answers struct{ Labels []string }
	if err := req.Decode(&answers); err != nil {
		if s.fault == "chokes" {
			return template.PlanResponse{}, err
		}
		return template.PlanResponse{}, errs.Reject(errs.CodeBadRequest, "These are no answers.").WithCause(err)
	}
	var out template.PlanResponse
	for _, label := range answers.Labels {
		name := label
		switch {
		case s.fault == "has moods" && s.calls.Add(1) > 1:
			name = fmt.Sprint(label, s.calls.Load())
		case s.fault == "says it twice":
			label = "same"
		}
		out.Objects = append(out.Objects, template.Object{Kind: "label", Key: label, Object: map[string]string{"name": name}})
	}
	return out, nil
}

func TestSubject(t *testing.T) {
	templatetest.Run(t, templatetest.Subject{
		Manifest: []byte(manifest),
		Open:     templatetest.InProcess(func(sdk.Env) (template.Template, error) { return &subject{fault: conformance.Fault()}, nil }),
		Plans: []templatetest.Plan{
			{Template: "shop", Answers: `{"labels":["vip","late"]}`, Objects: []string{"label vip", "label late"}},
			{Name: "no list", Template: "shop", Answers: `{"labels":1}`, Refused: true},
		},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"says it twice":  "plans",
		"has moods":      "plans the same again",
		"plans anything": "refuses what it does not have",
	})
}
