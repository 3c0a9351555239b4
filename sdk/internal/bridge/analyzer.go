package bridge

import (
	"cmp"
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// analyzerService is what analyzers serve.
type analyzerService struct {
	pluginv1.UnimplementedAnalyzerServiceServer
	*Server
}

// Analyze asks the author.
func (s *analyzerService) Analyze(ctx context.Context, req *pluginv1.AnalyzeRequest) (*pluginv1.AnalyzeResponse, error) {
	able := s.can().Analyzer
	var answer analyzer.AnalyzeResponse
	err := s.call(ctx, "Analyze", req.GetInstanceId(), able != nil, func(in instance.Instance) (failed error) {
		answer, failed = able.Analyze(ctx, analyzer.AnalyzeRequest{Instance: in, Messages: messagesOf(req.GetMessages())})
		return failed
	})
	failures := make([]error, len(answer.Analyses))
	for i, a := range answer.Analyses {
		failures[i] = a.Err
	}
	results, err := eachResult(err, failures, len(req.GetMessages()), false)
	if err != nil {
		return nil, err
	}
	out := &pluginv1.AnalyzeResponse{Analyses: make([]*pluginv1.Analysis, len(results))}
	for i, r := range results {
		out.Analyses[i] = &pluginv1.Analysis{Result: r}
		if r.GetOutcome() == pluginv1.Outcome_OUTCOME_ACCEPTED {
			out.Analyses[i].Findings = s.findings(ctx, answer.Analyses[i].Findings)
		}
	}
	return out, nil
}

// findings returns the gravest of a message's findings, in the author's order.
func (s *analyzerService) findings(ctx context.Context, list []analyzer.Finding) []*pluginv1.Finding {
	if len(list) > analyzer.MaxFindings {
		s.config.Log.WarnContext(ctx, "a message has more findings than are kept", "findings", len(list), "kept", analyzer.MaxFindings)
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b analyzer.Finding) int { return cmp.Compare(b.Level, a.Level) })
		list = list[:analyzer.MaxFindings]
		slices.SortStableFunc(list, func(a, b analyzer.Finding) int { return cmp.Compare(a.Start, b.Start) })
	}
	levels := map[analyzer.Level]pluginv1.Finding_Level{
		analyzer.LevelNotice: pluginv1.Finding_LEVEL_NOTICE, analyzer.LevelWarning: pluginv1.Finding_LEVEL_WARNING,
		analyzer.LevelCritical: pluginv1.Finding_LEVEL_CRITICAL,
	}
	out := make([]*pluginv1.Finding, len(list))
	for i, f := range list {
		out[i] = &pluginv1.Finding{
			Code: f.Code, Level: levels[f.Level], Title: f.Title, Advice: f.Advice,
			Start: uint32(max(f.Start, 0)), End: uint32(max(f.End, 0)), Score: min(max(f.Score, 0), 1), //nolint:gosec // positions in a message
		}
	}
	return out
}
