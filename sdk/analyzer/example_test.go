package analyzer_test

import (
	"context"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// cards notices what looks like the number of a payment card.
type cards struct{ number *regexp.Regexp }

func (c cards) Analyze(_ context.Context, req analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	var out analyzer.AnalyzeResponse
	for _, m := range req.Messages {
		var a analyzer.Analysis
		text := m.Content.Text
		for _, at := range c.number.FindAllStringIndex(text, -1) {
			a.Findings = append(a.Findings, analyzer.Finding{
				Code: "card_number", Level: analyzer.LevelWarning,
				Title:  map[string]string{"en": "A card number"},
				Advice: map[string]string{"en": "Ask to take it out."},
				// Positions are characters, regexp's are bytes.
				Start: utf8.RuneCountInString(text[:at[0]]), End: utf8.RuneCountInString(text[:at[1]]),
			})
		}
		out.Analyses = append(out.Analyses, a)
	}
	return out, nil
}

func ExampleAnalyzer() {
	c := cards{regexp.MustCompile(`\b(?:\d{4} ?){4}\b`)}
	answer, err := c.Analyze(context.Background(), analyzer.AnalyzeRequest{Messages: []message.Message{
		{Content: message.Text("你好")},
		{Content: message.Text("卡号 4111 1111 1111 1111")},
	}})
	for i, a := range answer.Analyses {
		for _, f := range a.Findings {
			fmt.Println("message", i, f.Code, f.Start, f.End)
		}
	}
	fmt.Println(err)
	// Output:
	// message 1 card_number 3 22
	// <nil>
}
