// Package pluginhost runs plugins as processes and shows them to the domain as
// ports: channel.Plugins towards the inboxes, a delivery.Line for what must
// leave, extension.Host for administrators. It is the host's side of the
// protocol in sdk/proto, and maps it by itself; what an author sees is the
// SDK's business.
//
// A plugin is taken to be hostile until proven otherwise: it gets no
// environment and no privileges, every call has a deadline, every answer is
// checked at the edge, and it reaches the host only through methods whose scope
// its manifest asks for, about instances that are its own.
//
// Reading order: host.go (what there is), supervisor.go (one plugin's life),
// start.go, attend.go, then line.go (out) and ingest.go (in).
//
// # Concurrency
//
// One goroutine owns each plugin's life and makes all transitions. While a
// process is ready two more watch its health, one delivers and one reads
// receipts. The ports may be called from anywhere; they see the process through
// one pointer, which is nil while there is none to talk to.
//
// # Lifecycle
//
// New reads the installed plugins and starts nothing: the ports answer from the
// manifests. Run starts them, keeps them running until its context ends, then
// drains and ends them; it returns when nothing of them is left. A plugin that
// dies takes nothing with it: what was in flight is delivered again.
package pluginhost
