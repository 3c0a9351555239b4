package channel

import (
	"context"
	"io"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Fetcher is a channel that names files instead of storing them: see
// message.Attachment.Fetch.
type Fetcher interface {
	// FetchFile writes a file to w, which fails when there is more than
	// MaxBytes. ctx ends after 120 seconds. An error of the source Rejected ends
	// the attempts: the file is gone. Any other is tried again, from the start.
	FetchFile(ctx context.Context, req FetchFileRequest, w io.Writer) (FetchFileResponse, error)
}

// FetchFileRequest names a file.
type FetchFileRequest struct {
	Instance instance.Instance
	Fetch    string
	MaxBytes int64
}

// FetchFileResponse is what the far side says of the file; "" = nothing new.
type FetchFileResponse struct {
	Filename, MediaType string
}

// Signaler is a channel that can show the far side that somebody writes, or has
// read: the manifest's channel.can lists "typing" or "read".
type Signaler interface {
	// Signal is best effort: an error is counted and nothing more. ctx ends after
	// 2 seconds.
	Signal(ctx context.Context, req SignalRequest) error
}

// SignalRequest is what to show.
type SignalRequest struct {
	Instance       instance.Instance
	ConversationID string
	Recipient      string // Person.ID
	Thread         string // Inbound.Thread
	Kind           SignalKind
	Target         string // of SignalRead: the far side's id of the last message that was read
}

// SignalKind says what is shown.
type SignalKind uint8

// The kinds.
const (
	SignalTyping SignalKind = iota + 1 // for the next seconds
	SignalRead                         // Target and what came before
)
