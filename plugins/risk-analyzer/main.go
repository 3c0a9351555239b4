// Package main is an analyzer with a lexicon of risk words in Chinese and
// English: it tells agents, and supervisors where it matters, what they should
// not overlook. It keeps nothing and talks to nobody.
package main

import (
	"context"
	_ "embed"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

//go:embed plugin.yaml
var manifest []byte

//go:embed lexicon.json
var lexiconFile []byte

func main() { sdk.Serve(sdk.Plugin{Manifest: manifest, Analyzer: newAnalyzer}) }

func newAnalyzer(sdk.Env) (analyzer.Analyzer, error) {
	known, err := readLexicon(lexiconFile)
	if err != nil {
		return nil, err
	}
	return &riskAnalyzer{known: known, cache: make(map[string]prepared)}, nil
}

// Analyze reads each message on its own.
func (r *riskAnalyzer) Analyze(_ context.Context, req analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	l, err := r.of(req.Instance)
	if err != nil {
		return analyzer.AnalyzeResponse{}, err
	}
	out := analyzer.AnalyzeResponse{Analyses: make([]analyzer.Analysis, len(req.Messages))}
	for i, m := range req.Messages {
		out.Analyses[i].Findings = l.findings(m.Content.Text)
	}
	return out, nil
}

// ValidateConfig finds what the schema cannot.
func (r *riskAnalyzer) ValidateConfig(_ context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c config
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	return instance.ValidateConfigResponse{Problems: c.problems()}, nil
}

// RemoveInstance forgets what was made ready for an instance.
func (r *riskAnalyzer) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cache, req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}
