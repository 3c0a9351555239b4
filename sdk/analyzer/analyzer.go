// Package analyzer is the ability to read messages after they were stored and
// to say what one noticed. The manifest says whose messages. An analyzer cannot
// hold a message back: that is a hook's part.
//
// Concurrency: Analyze is called from several goroutines at once, for
// different instances.
package analyzer

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// MaxFindings bounds the findings of one message; of more, the gravest are kept.
const MaxFindings = 16

// Analyzer reads messages.
type Analyzer interface {
	// Analyze reads 1 to 32 messages of any conversations, those of each in
	// order. ctx ends after 5 seconds. The same message may come again: the
	// findings of the last time count.
	//
	// An error brings all of them again; one of the source Rejected skips them.
	Analyze(ctx context.Context, req AnalyzeRequest) (AnalyzeResponse, error)
}

// AnalyzeRequest is what to read.
type AnalyzeRequest struct {
	Instance instance.Instance
	Messages []message.Message
}

// AnalyzeResponse has one Analysis for each message, in order. Fewer: the rest
// comes again.
type AnalyzeResponse struct {
	Analyses []Analysis
}

// Analysis is the word on one message. The zero value found nothing.
type Analysis struct {
	Findings []Finding
	// Err brings the message again; of the source Rejected it skips it.
	Err error
}

// Finding is one thing that was noticed.
type Finding struct {
	Code  string // stable, lower case: complaint_to_regulator, self_harm, card_number, ...
	Level Level
	// A few words for people, by locale; "en" is always there.
	Title map[string]string
	// What to do about it, by locale; empty = nothing in particular.
	Advice map[string]string
	// The words it is about: characters (Unicode code points) of the text, from
	// Start up to End. Both 0 = the whole message.
	Start, End int
	Score      float64 // 0 to 1; 0 = not known
}

// Level is how grave a finding is.
type Level uint8

// The levels, from the lightest. LevelNotice is the zero value.
const (
	LevelNotice   Level = iota // shown to the agent at the message
	LevelWarning               // shown to the agent, who is told
	LevelCritical              // as a warning, and supervisors are told too
)
