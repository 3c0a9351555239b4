// Package channel is the ability to connect a channel: a chat network, a mail
// account, an SMS provider. There are two kinds, and a plugin offers one.
//
// A Channel carries messages both ways: Send brings one to the far side,
// Receive understands what the far side posts to us. Two methods are all it
// needs. What else it can do is found by type assertion: see Fetcher, Signaler,
// Backfiller and Templater, and the interfaces of package instance.
//
// A Live channel is a conversation on a web page. Its sockets end in the core,
// its messages never touch the plugin; it only decides who may talk.
//
// Concurrency: every method may be called from several goroutines at once.
// Messages of one conversation are sent one after the other, in order.
// Durability: the core keeps every message until it is answered, so a plugin
// may die at any moment and needs no storage of its own.
package channel

import "context"

// Channel carries messages to a far side and back. What a method returns as an
// error decides what happens next: see package errs.
type Channel interface {
	// Send brings one message to the far side. It is called at least once for
	// each message: after a crash again, with the same DeliveryID and Suspect
	// set. ctx ends after 30 seconds; the message is then tried again, unless the
	// error is errs.Doubt.
	Send(ctx context.Context, req SendRequest) (SendResponse, error)

	// Receive verifies a request that the far side posted to the inbox's
	// address, and returns the messages in it. The far side is answered after
	// these are committed. ctx ends after 3 seconds; the core then answers by
	// itself and calls again later, with Replay set.
	//
	// An error of the source Rejected is answered with status 400 (401 for
	// errs.CodeBadSignature) and its detail, or as the response beside it says,
	// when that has a status of 400 to 499; any other error keeps the request for
	// a replay.
	Receive(ctx context.Context, req ReceiveRequest) (ReceiveResponse, error)
}
