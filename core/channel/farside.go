package channel

import (
	"context"
	"io"
	"time"
)

// FarSide is what channels do when the host asks, beside Plugins. Its calls
// carry a deadline of their own; while a process is down they fail with
// errs.Unavailable.
type FarSide interface {
	// FetchFile writes a file that an Inbound named by File.Fetch. Errors:
	// errs.NotFound when it is gone for good, errs.Invalid (file.too_large) when
	// it has more bytes than most, and errs.Unavailable for what may work later;
	// w may have got a part of it then.
	FetchFile(ctx context.Context, inbox Inbox, fetch string, most int64, w io.Writer) (Fetched, error)
	// Signal shows the far side something. Best effort.
	Signal(ctx context.Context, inbox Inbox, s Signal) error
	// Backfill asks for a step of a backfill. count is told what became of what is
	// brought, also before an error; it may be called by several goroutines, and
	// not after the return.
	Backfill(ctx context.Context, inbox Inbox, step BackfillStep, count func([]Inbound, []Result)) (BackfillAnswer, error)
	// MessageTemplates returns a page of the templates that the account may send, judged
	// one by one; after is TemplatePage.Next of the page before, "" = the first.
	MessageTemplates(ctx context.Context, inbox Inbox, after string) (TemplatePage, error)
}

// BackfillStep is what a channel is to bring: everything since a time.
type BackfillStep struct {
	Run   string // names the backfill; the same in all its steps
	Since time.Time
	After string // BackfillAnswer.Next of the step before; "" = at the start
}

// BackfillAnswer says what a step came to.
type BackfillAnswer struct {
	Found int    // items that the far side had in the step, known ones too
	Next  string // there is more, and this is where to go on; "" = that was all
}

// Fetched is what the far side says of a file; "" = nothing new.
type Fetched struct {
	Name, Type string
}

// Signal is what the far side is shown and nobody keeps.
type Signal struct {
	Conversation string
	Recipient    string
	Thread       string
	Kind         SignalKind
	Target       string // of SignalRead: the far side's id of the last message that was read
}

// SignalKind says what is shown.
type SignalKind string

// The kinds.
const (
	SignalTyping SignalKind = "typing" // for the next seconds
	SignalRead   SignalKind = "read"   // Target and what came before
)

// CodeFileTooLarge is the code of a file with more bytes than are taken.
const CodeFileTooLarge = "file.too_large"
