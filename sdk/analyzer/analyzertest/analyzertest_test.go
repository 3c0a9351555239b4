package analyzertest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/analyzer/analyzertest"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
)

const manifest = `manifest_version: 1
id: test/oops
version: 1.0.0
name: {en: Oops}
summary: {en: An analyzer to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [analyzer]
analyzer: {messages: [customer]}
`

// oops notices "oops", and has one fault, or none.
type oops struct {
	fault string
	calls atomic.Int32
}

func (o *oops) Analyze(_ context.Context, req analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	var out analyzer.AnalyzeResponse
	calls := o.calls.Add(1)
	for _, m := range req.Messages {
		text := m.Content.Text
		if o.fault == "panics at emptiness" && text == "" {
			panic("empty")
		}
		var a analyzer.Analysis
		if before, _, found := strings.Cut(text, "oops"); found && o.fault != "sees nothing" {
			start := utf8.RuneCountInString(before)
			a.Findings = append(a.Findings, analyzer.Finding{
				Code: "oops", Level: analyzer.LevelWarning, Title: map[string]string{"en": "Oops"}, Start: start, End: start + 4,
			})
			if o.fault == "has no words" {
				a.Findings[0].Title = nil
			}
			if o.fault == "loses interest" && calls > 1 {
				a.Findings = nil
			}
		}
		out.Analyses = append(out.Analyses, a)
	}
	return out, nil
}

func (o *oops) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) {
	if o.fault == "cannot be set anew" && req.Instance.Revision > 1 {
		return instance.ConfigureResponse{}, errors.New("no")
	}
	return instance.ConfigureResponse{}, nil
}

func TestOops(t *testing.T) {
	analyzertest.Run(t, analyzertest.Subject{
		Manifest: []byte(manifest),
		Open: analyzertest.InProcess(func(sdk.Env) (analyzer.Analyzer, error) {
			return &oops{fault: conformance.Fault()}, nil
		}),
		Samples: []analyzertest.Sample{
			{Text: "all is well"},
			{Text: "糟糕 oops 🙂", Findings: []analyzertest.Finding{{Code: "oops", Words: "oops", Level: analyzer.LevelWarning}}},
			{Text: strings.Repeat("长", 10) + "oops" + strings.Repeat(".", 100), Findings: []analyzertest.Finding{{Code: "oops", Words: "oops", Level: analyzer.LevelWarning}}},
		},
	})
}

func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestOops", map[string]string{
		"sees nothing":        "notices",
		"has no words":        "words its findings",
		"loses interest":      "notices the same again",
		"panics at emptiness": "reads every text",
		"cannot be set anew":  "takes configurations",
	})
}
