// Package core is the map of Patchbay, a customer-service platform whose
// channels, bots and connectors are plugins. It holds no code.
//
// # Layers
//
// Imports point down this list and never up. core/internal/archtest is the
// rule as a test, docs/adr/0002-import-direction.md the reason.
//
//	cmd/patchbay   the one binary: serve, plugin, config, ...
//	app            puts everything together; start and stop order; who listens to what
//	config         a file, the environment and flags in, one checked Config out
//
//	adapters, one technology each; none imports another:
//	blob           files of messages, on disk under names of our own
//	backup         one file with everything in it: written, checked, read; tar, gzip, age
//	archive        exports of a workspace; zip
//	store          rows, migrations, the group-commit writer; SQLite and PostgreSQL
//	seal           secrets in the database, under a master key beside it
//	outbound       the one HTTP client that speaks outwards: public addresses only
//	bus            wake-ups between parts and between nodes; NATS in process
//	httpapi        REST, inbound webhooks, static files; fiber
//	realtime       WebSocket sessions of members and visitors: fan-out and resume
//	pluginhost     plugin processes shown to the domain as ports
//	oidc           sign-in providers: discovery, code flow, ID tokens
//	telemetry      logs and metrics
//	program        programs of this computer that look into files: the virus scanner
//	machine        the computer below: disk, memory, limits, modes of files; our own address tried
//	scaffold       the first files of a plugin, for its author
//	workbench      what that author works with: a watch over the sources, a page to try things on
//	certificate    who we are over TLS: files that change, ACME
//
//	wire           the JSON objects that httpapi and realtime both send
//
//	domain, no technology; a noun imports only what stands left of it:
//	identity < team < contact < channel < catalog < conversation < delivery
//	team, calendar < queue  streams of work, their hours, and the skills that they ask for; conversation knows it
//	identity < instance     what inboxes and connections have in common; channel, extension and webhook know it
//	identity < media        files that a message carries; channel and conversation know it
//	conversation < journey, view
//	view, queue, calendar < routing  rules that say where what enters the queue first waits
//	conversation < ticket   work that goes on when the talk has ended
//	ticket, erasure < webhook  other systems are told what happens
//	view, ticket < search; ticket < notification, survey
//	notification < push     members are told by their browser when no window is open
//	contact, media < erasure   a person is forgotten
//	media < retention       what is kept no longer goes
//	contact < export        what is kept of a workspace, or of a person, in a file
//	identity < calendar     business hours and holidays
//	identity < dispatch     who answers, over opaque work items
//	dispatch < policy       by which plan: a draft, what is in force, what was
//	conversation, dispatch < figures  how work stands now, and went today
//	identity, queue < alert  what supervisors are to know
//	identity < audit        who did what: a chain of hashes per workspace
//	identity < sandbox      workspaces to try things out in
//	identity < idempotency  a request that is sent twice is done once
//	identity < template     industry templates: planned, applied, taken away again
//	identity < system       how the installation is doing, in sentences
//	identity < license      what vendors of paid plugins have sold to the installation
//
//	foundation, imports nothing of ours:
//	errs id page event      kinds of failure, identifiers, cursors, the outbox contract
//	markup                  HTML that strangers wrote: what it says, what of it may be shown
//	quote                   a reply's text: what is new, what it repeats
//	lru limit               a map of bounded size; how often who may do what
//	filter                  conditions as a tree: checked against types, never text of a query
//
// SLA, automation and report have their place in the domain when they come.
//
// Beside core: sdk is what a plugin author imports, plugins holds the plugins
// that ship, web the console and the TypeScript client, docs the guides.
//
// # What is promised
//
// Only sdk/ keeps compatibility, with the protocol under sdk/proto. Everything
// in core may change with any commit; that is why plugins in this repository
// may not import it either.
//
// # Where to start reading
//
// An evening's order: errs, event, then conversation (the aggregate, its Store
// port, its Service), channel's port to the plugins, conversationtest (what
// every store must keep), store (how it is kept), app (how it all meets). To
// change what happens when a visitor writes, follow one message: pluginhost or
// realtime, conversation.Service, the store's transaction, then the observers
// that app subscribes to the feed.
//
// # How a failure travels
//
// As an errs.Error: a kind, a stable code, a message that may be shown and a
// cause that may not. It is logged once, where it is handled, and mapped to a
// status in one place of each transport.
package core
