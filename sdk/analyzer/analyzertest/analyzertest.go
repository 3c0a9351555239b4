// Package analyzertest is the conformance suite of analyzers. It plays the core
// towards a plugin, over the real wire, and checks what the core relies on.
//
//	func TestAnalyzer(t *testing.T) {
//		subject := analyzertest.Subject{Manifest: manifest, Samples: []analyzertest.Sample{
//			{Text: "I will call my lawyer", Findings: []analyzertest.Finding{{Code: "legal", Words: "lawyer"}}},
//		}}
//		t.Run("in process", func(t *testing.T) { subject.Open = analyzertest.InProcess(newMine); analyzertest.Run(t, subject) })
//		t.Run("process", func(t *testing.T) { subject.Open = analyzertest.Process(t, "."); analyzertest.Run(t, subject) })
//	}
package analyzertest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Subject is the analyzer under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Samples are messages and what is to be noticed in them.
	Samples []Sample
}

// Sample is one message.
type Sample struct {
	Name     string // in the test's output; "" = the text
	Author   message.Author
	Text     string
	Findings []Finding // in the order of the text; empty: nothing may be found
}

// Finding is what is to be noticed.
type Finding struct {
	Code  string
	Words string // the words it is about, as they stand in the text; "" = the whole message
	Level analyzer.Level
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the analyzer in the test's own process: quick, and a debugger
// sees it.
func InProcess(newAnalyzer func(sdk.Env) (analyzer.Analyzer, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Analyzer, err = newAnalyzer(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	ask := func(r *conformance.Rig, id string) error {
		answer, err := r.Analyzer.Analyze(r.Ctx(), &pluginv1.AnalyzeRequest{InstanceId: id, Messages: []*pluginv1.Message{written(1, 0, "hello")}})
		if err != nil {
			return err
		}
		if n := len(answer.GetAnalyses()); n != 1 {
			return fmt.Errorf("%d analyses for one message", n)
		}
		return conformance.ErrorOf(answer.GetAnalyses()[0].GetResult())
	}
	conformance.Run(t, conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityAnalyzer, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	},
		conformance.Case{Name: "notices", Run: func(r *conformance.Rig) { samples(r, s.Samples) }},
		conformance.Case{Name: "words its findings", Run: func(r *conformance.Rig) { wording(r, s.Samples) }},
		conformance.Case{Name: "notices the same again", Run: func(r *conformance.Rig) { again(r, s.Samples) }},
		conformance.Case{Name: "reads every text", Run: texts},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

func written(n int, by message.Author, text string) *pluginv1.Message {
	author := map[message.Author]pluginv1.Author{
		message.AuthorAgent: pluginv1.Author_AUTHOR_AGENT, message.AuthorBot: pluginv1.Author_AUTHOR_BOT, message.AuthorSystem: pluginv1.Author_AUTHOR_SYSTEM,
	}[by]
	if author == pluginv1.Author_AUTHOR_UNSPECIFIED {
		author = pluginv1.Author_AUTHOR_CUSTOMER
	}
	return &pluginv1.Message{
		Id: fmt.Sprintf("msg_%d", n), ConversationId: fmt.Sprintf("cnv_%d", n%3), Seq: uint64(n), Author: author,
		Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}},
	}
}

// analyze asks about messages in batches, and wants an answer to each.
func analyze(r *conformance.Rig, messages []*pluginv1.Message) []*pluginv1.Analysis {
	r.Helper()
	var out []*pluginv1.Analysis
	for batch := range slices.Chunk(messages, pluginv1.MaxBatch) {
		answer, err := r.Analyzer.Analyze(r.Ctx(), &pluginv1.AnalyzeRequest{InstanceId: conformance.InstanceID, Messages: batch})
		if err != nil {
			r.Fatal(err)
		}
		for i, a := range answer.GetAnalyses() {
			if err := conformance.ErrorOf(a.GetResult()); err != nil {
				r.Fatalf("%.40q: %v", batch[i].GetContent().GetText(), err)
			}
		}
		if len(answer.GetAnalyses()) != len(batch) {
			r.Fatalf("%d analyses for %d messages", len(answer.GetAnalyses()), len(batch))
		}
		out = append(out, answer.GetAnalyses()...)
	}
	return out
}

func all(list []Sample) []*pluginv1.Message {
	out := make([]*pluginv1.Message, len(list))
	for i, s := range list {
		out[i] = written(i+1, s.Author, s.Text)
	}
	return out
}

func samples(r *conformance.Rig, list []Sample) {
	for i, a := range analyze(r, all(list)) {
		s := list[i]
		var want, got []string
		for _, f := range s.Findings {
			want = append(want, fmt.Sprintf("%s %d %q", f.Code, f.Level, f.Words))
		}
		for _, f := range a.GetFindings() {
			words := ""
			if runes := []rune(s.Text); f.GetStart() <= f.GetEnd() && int(f.GetEnd()) <= len(runes) {
				words = string(runes[f.GetStart():f.GetEnd()])
			}
			got = append(got, fmt.Sprintf("%s %d %q", f.GetCode(), int(f.GetLevel())-1, words))
		}
		if !slices.Equal(got, want) {
			r.Errorf("%s: it notices %s, not %s", conformance.Or(s.Name, s.Text), got, want)
		}
	}
}

// wording checks what people read of findings, and where they point.
func wording(r *conformance.Rig, list []Sample) {
	code := regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	for i, a := range analyze(r, all(list)) {
		length := uint32(utf8.RuneCountInString(list[i].Text))
		if n := len(a.GetFindings()); n > analyzer.MaxFindings {
			r.Errorf("%q: %d findings", list[i].Text, n)
		}
		for _, f := range a.GetFindings() {
			if !code.MatchString(f.GetCode()) || strings.TrimSpace(f.GetTitle()["en"]) == "" || f.GetLevel() == pluginv1.Finding_LEVEL_UNSPECIFIED {
				r.Errorf("%q: a finding without a code in lower case, an English title or a level: %v", list[i].Text, f)
			}
			whole := f.GetStart() == 0 && f.GetEnd() == 0
			if !whole && (f.GetStart() >= f.GetEnd() || f.GetEnd() > length) {
				r.Errorf("%q: a finding at %d to %d of %d characters", list[i].Text, f.GetStart(), f.GetEnd(), length)
			}
		}
	}
}

func again(r *conformance.Rig, list []Sample) {
	first, second := analyze(r, all(list)), analyze(r, all(list))
	for i := range first {
		if !proto.Equal(first[i], second[i]) {
			r.Errorf("%q: it notices %v, before %v", list[i].Text, second[i], first[i])
		}
	}
}

func texts(r *conformance.Rig) {
	var messages []*pluginv1.Message
	for i, text := range conformance.HardTexts() {
		messages = append(messages, written(i+1, 0, text))
	}
	messages = append(messages, &pluginv1.Message{}, &pluginv1.Message{Author: 99, Content: &pluginv1.Content{Attachments: []*pluginv1.Attachment{{BlobId: "blb_1"}}}})
	analyze(r, messages)
}
