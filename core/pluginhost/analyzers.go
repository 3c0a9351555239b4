package pluginhost

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Reads implements extension.Analyzers.
func (h *Host) Reads(p extension.PluginID) []extension.Author {
	s, ok := h.byID[channel.PluginID(p)]
	if !ok {
		return nil
	}
	m := s.installed().manifest
	if m.Analyzer == nil {
		return nil
	}
	out := make([]extension.Author, 0, len(m.Analyzer.Messages))
	for _, a := range m.Analyzer.Messages {
		out = append(out, extension.Author(a))
	}
	return out
}

// Analyze implements extension.Analyzers.
func (h *Host) Analyze(ctx context.Context, to extension.Address, messages []extension.Message) ([]extension.Analysis, error) {
	who, err := h.ready(ctx, to)
	if err != nil {
		return nil, err
	}
	defer who.session.calls.end()
	s, session, in := who.supervisor, who.session, who.instance
	leave, err := h.admit(s, session)
	if err != nil {
		return nil, err
	}
	defer leave()
	answer, err := pluginv1.NewAnalyzerServiceClient(session.process.Conn()).Analyze(ctx, &pluginv1.AnalyzeRequest{
		InstanceId: to.Instance, Messages: messagesTo(messages, in.May("contacts:read.pii")),
	})
	if err != nil {
		return nil, s.told(ctx, session, "Analyze", err)
	}
	said := answer.GetAnalyses()
	out := make([]extension.Analysis, 0, min(len(said), len(messages)))
	for i := range min(len(said), len(messages)) {
		out = append(out, extension.Analysis{Outcome: outcomeOf(said[i].GetResult()), Found: s.noticed(ctx, messages[i], said[i].GetFindings())})
	}
	return out, nil
}

// outcomeOf reads a result; what is not understood is tried again.
func outcomeOf(r *pluginv1.Result) extension.Outcome {
	read := resultOf(r)
	return extension.Outcome{
		Taken:    read.Outcome == channel.OutcomeAccepted || read.Outcome == channel.OutcomeDuplicate,
		Rejected: read.Outcome == channel.OutcomeRejected, Code: valid(read.Code), Detail: valid(read.Detail), After: read.RetryAfter,
	}
}

// noticed checks what an analyzer says of a message. What cannot be is left out
// and logged, without the message's words.
func (s *supervisor) noticed(ctx context.Context, m extension.Message, all []*pluginv1.Finding) []extension.Noticed {
	var out []extension.Noticed
	for _, f := range all {
		n, why := noticedOf(m, f)
		if why == "" && len(out) == extension.MaxFindings {
			why = "there are more than 16"
		}
		if why != "" {
			s.log.WarnContext(ctx, "a finding is not taken", "message", m.ID, "code", n.Code, "reason", why)
			continue
		}
		out = append(out, n)
	}
	return out
}

func noticedOf(m extension.Message, f *pluginv1.Finding) (n extension.Noticed, why string) {
	n = extension.Noticed{
		Code: codeOf(f.GetCode()), Title: textsOf(f.GetTitle(), extension.MaxTitle), Advice: textsOf(f.GetAdvice(), extension.MaxAdvice),
		Start: int(f.GetStart()), End: int(f.GetEnd()), Score: fraction(f.GetScore()),
	}
	switch f.GetLevel() {
	case pluginv1.Finding_LEVEL_NOTICE:
		n.Level = extension.Notice
	case pluginv1.Finding_LEVEL_WARNING:
		n.Level = extension.Warning
	case pluginv1.Finding_LEVEL_CRITICAL:
		n.Level = extension.Critical
	case pluginv1.Finding_LEVEL_UNSPECIFIED:
		return n, "its level is not known"
	default:
		return n, "its level is not known"
	}
	length := utf8.RuneCountInString(m.Text)
	switch {
	case n.Code == "unspecified":
		return n, "it has no code"
	case n.Title["en"] == "":
		return n, "it has no title in English"
	case n.Start > n.End || n.End > length:
		return n, "its words are not in the text"
	}
	return n, ""
}

// textsOf cuts texts by locale to a number of characters.
func textsOf(in map[string]string, limit int) map[string]string {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]string)
	keys := slices.Sorted(maps.Keys(in))
	slices.SortStableFunc(keys, func(a, b string) int { // English is never the one too many
		switch {
		case a == "en" && b != "en":
			return -1
		case b == "en" && a != "en":
			return 1
		}
		return 0
	})
	for _, k := range keys[:min(len(keys), extension.MaxLocales)] {
		text := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' || r == 0x7f {
				return -1
			}
			return r
		}, valid(in[k]))
		if r := []rune(text); len(r) > limit {
			text = string(r[:limit-1]) + "…"
		}
		if locale := cut(valid(k), 35); external(locale) && text != "" {
			out[locale] = text
		}
	}
	return out
}
