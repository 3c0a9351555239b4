package extension

import "context"

// Level says who is to know of a finding.
type Level string

// The levels.
const (
	Notice   Level = "notice"   // shown at the message
	Warning  Level = "warning"  // whose conversation it is told
	Critical Level = "critical" // supervisors are told too
)

// Levels lists the levels, the mildest first.
func Levels() []Level { return []Level{Notice, Warning, Critical} }

// Noticed is something that an analyzer noticed in a message.
type Noticed struct {
	Code   string // stable, lower case
	Level  Level
	Title  map[string]string // by locale; "en" is always there
	Advice map[string]string // what to do; empty = nothing in particular
	// Start and End are the words it is about, in characters (Unicode code
	// points) of the text, from Start up to End; both 0 = the whole message.
	Start, End int
	Score      float64 // 0 to 1; 0 = not known
}

// Analysis is what an analyzer says of one message.
type Analysis struct {
	Outcome Outcome
	Found   []Noticed
}

// Limits of what an analyzer says.
const (
	MaxFindings = 16   // of one message
	MaxTitle    = 120  // characters
	MaxAdvice   = 1000 // characters
	MaxLocales  = 20   // of a title or an advice
	MaxCode     = 64   // bytes
)

// Analyzers asks analyzers.
type Analyzers interface {
	// Reads lists whose messages a plugin's manifest asks for; nil when it is
	// no analyzer, or not installed.
	Reads(p PluginID) []Author
	// Analyze asks a plugin about messages, at most MaxTold. It returns an
	// analysis for each that it answered, in order. What it noticed has been
	// checked: levels are known, texts cut, the words inside the text. One that
	// is asked as much as its manifest allows is errs.Unavailable CodeBusy, with
	// when to ask again.
	Analyze(ctx context.Context, to Address, messages []Message) ([]Analysis, error)
}
