package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/analyzer/analyzertest"
	"github.com/patchbay-im/patchbay/sdk/words"
)

func found(code, word string, level analyzer.Level) analyzertest.Finding {
	return analyzertest.Finding{Code: code, Words: word, Level: level}
}

func TestAnalyzer(t *testing.T) {
	subject := analyzertest.Subject{
		Manifest: manifest,
		Config: `{"off":["leaving"],"exceptions":["法院路","Bomb Cosmetics"],
			"words":[{"words":["Hydra","九头蛇"],"level":"critical","title":"Project Hydra","advice":"Call Nick."},{"words":["foo"]}]}`,
		BadConfigs: []string{`[]`, `{"least":"all"}`, `{"off":["weather"]}`, `{"words":[{"words":[]}]}`, `{"words":[{"words":["　"]}]}`, `{"exceptions":[" "]}`, `{"x":1}`},
		Samples: []analyzertest.Sample{
			{Text: "你好，请问什么时候发货？"},
			{Text: "I am pursuing a career in flattery and legality."}, // no "sue", no "legal action"
			{Text: "我要去投诉，打12315！", Findings: []analyzertest.Finding{
				found("regulator", "去投诉", analyzer.LevelCritical), found("regulator", "12315", analyzer.LevelCritical),
			}},
			{Text: "订单号 1231599 到了吗"},
			{Text: "我 要 投 * 诉 你 们", Findings: []analyzertest.Finding{found("regulator", "要 投 * 诉", analyzer.LevelCritical), found("regulator", "投 * 诉 你 们", analyzer.LevelCritical)}},
			{Text: "🙂🙂 我会找ＬＡＷＹＥＲ", Findings: []analyzertest.Finding{found("legal", "ＬＡＷＹＥＲ", analyzer.LevelCritical)}},
			{Text: "See you in\ncourt. Give me my MONEY  BACK", Findings: []analyzertest.Finding{
				found("legal", "See you in\ncourt", analyzer.LevelCritical), found("refund", "MONEY  BACK", analyzer.LevelNotice),
			}},
			{Text: "我不想活了", Findings: []analyzertest.Finding{found("self_harm", "不想活", analyzer.LevelCritical)}},
			{Text: "笑死我了，想死你了，跳楼价真便宜"},
			{Text: "i want to die", Findings: []analyzertest.Finding{found("self_harm", "want to die", analyzer.LevelCritical)}},
			{Text: "The bath bomb from Bomb Cosmetics, 法院路 12 号"},
			{Text: "你们是骗子，骗 子！", Findings: []analyzertest.Finding{found("fraud", "骗子", analyzer.LevelWarning), found("fraud", "骗 子", analyzer.LevelWarning)}},
			{Text: "吃了以后过敏了，在急诊", Findings: []analyzertest.Finding{found("injury", "过敏了", analyzer.LevelCritical), found("injury", "急诊", analyzer.LevelCritical)}},
			{Text: "please cancel my account"}, // a category that is off
			{Text: "hail hydra, 九-头-蛇", Findings: []analyzertest.Finding{found("own_word", "hydra", analyzer.LevelCritical), found("own_word", "九-头-蛇", analyzer.LevelCritical)}},
			{Text: "foo food", Findings: []analyzertest.Finding{found("own_word", "foo", analyzer.LevelWarning)}},
		},
	}
	t.Run("in process", func(t *testing.T) {
		subject.Open = analyzertest.InProcess(newAnalyzer)
		analyzertest.Run(t, subject)
	})
	t.Run("process", func(t *testing.T) { subject.Open = analyzertest.Process(t, "."); analyzertest.Run(t, subject) })
}

// Only what is grave enough is shown.
func TestLeast(t *testing.T) {
	analyzertest.Run(t, analyzertest.Subject{
		Manifest: manifest, Open: analyzertest.InProcess(newAnalyzer), Config: `{"least":"critical","words":[{"words":["soon"],"level":"notice"}]}`,
		Samples: []analyzertest.Sample{{Text: "refund, scam, lawsuit, soon", Findings: []analyzertest.Finding{found("legal", "lawsuit", analyzer.LevelCritical)}}},
	})
}

// The lexicon is complete in both languages, says nothing twice, and is what
// the settings offer to leave out.
func TestLexicon(t *testing.T) {
	known, err := readLexicon(lexiconFile)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	seen := make(map[string]string)
	for _, c := range known {
		codes = append(codes, c.Code)
		for _, locale := range []string{"en", "zh-CN"} {
			if c.Title[locale] == "" || c.Advice[locale] == "" {
				t.Errorf("%s has no title or no advice in %s", c.Code, locale)
			}
		}
		if !slices.Contains([]string{"notice", "warning", "critical"}, c.Level) {
			t.Errorf("%s has the level %q", c.Code, c.Level)
		}
		for _, w := range c.Words {
			key := words.New(w).String()
			if other, twice := seen[key]; twice || key == "" {
				t.Errorf("%q stands in %s and in %s", w, other, c.Code)
			}
			seen[key] = c.Code
		}
		for _, e := range c.Exceptions {
			if !slices.ContainsFunc(c.Words, func(w string) bool { return words.New(w).In(words.Of(e)) }) {
				t.Errorf("%s: the exception %q spares nothing", c.Code, e)
			}
		}
	}
	offered := regexp.MustCompile(`enum: \[(regulator,[^\]]*)\]`).FindSubmatch(manifest)
	if offered == nil || string(offered[1]) != strings.Join(codes, ", ") {
		t.Errorf("the settings offer %s, the lexicon has %q", offered, codes)
	}
}

// Every word of the lexicon is found where it stands alone.
func TestEveryWordIsFound(t *testing.T) {
	known, err := readLexicon(lexiconFile)
	if err != nil {
		t.Fatal(err)
	}
	l := prepare(known, config{})
	for _, c := range known {
		for _, w := range c.Words {
			got := l.findings(w)
			if !slices.ContainsFunc(got, func(f analyzer.Finding) bool { return f.Code == c.Code && f.Start == 0 && f.End == len([]rune(w)) }) {
				encoded, _ := json.Marshal(got)
				t.Errorf("%s %q: %s", c.Code, w, encoded)
			}
		}
	}
}
