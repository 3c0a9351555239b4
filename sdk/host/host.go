// Package host is what the core does for a plugin when asked: keep small
// values, do a thing once, call back later, own something across nodes, read and
// write conversations, contacts, tickets and files, give tokens, use tools,
// count. An Env has it all, for one instance each:
//
//	cursor, err := env.State(in.ID).Get(ctx, "cursor")
//
// Each service needs the permission that its interface names; the manifest asks
// for it and a workspace may refuse what is optional. What is refused comes back
// as an error of the source Rejected (package errs) with one of the codes here;
// what may work later is of the source FarSide. Calls have the deadlines of the
// protocol, unless the context ends earlier.
//
// In tests, package plugintest has a host in memory that refuses what the real
// one refuses.
package host

// Codes of errors that the host gives to any call. A refusal with a code of its
// own ("plugin.full", "message.text_too_long") keeps that.
const (
	CodeDenied      = "host_denied"      // the manifest does not ask for the permission, or the workspace does not allow it
	CodeAbsent      = "host_absent"      // there is none, or the instance may not see it
	CodeNotFound    = "not_found"        // the record that was asked for is not there, or the instance may not see it
	CodeInvalid     = "host_invalid"     // the request is wrong, and will be wrong again
	CodeConflict    = "host_conflict"    // what is there does not allow it
	CodeUnavailable = "host_unavailable" // later, perhaps
	CodeBusy        = "host_busy"        // too many requests
)

// Instance is the core, as far as it serves one instance.
//
// Concurrency: everything here is safe for concurrent use.
type Instance struct {
	State         State
	Schedule      Schedule
	Leases        Leases
	Database      Database
	Blobs         Blobs
	Conversations Conversations
	Contacts      Contacts
	Tickets       Tickets
	Tokens        Tokens
	Tools         Tools
	Licenses      Licenses
	Metrics       Metrics
}
