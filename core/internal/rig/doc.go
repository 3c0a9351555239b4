// Package rig runs the real product for test programs: it builds the binary
// and its plugins, starts `patchbay serve` on a free port of loopback with a
// data folder of its own, ends it politely or with kill -9, and speaks to it
// as browsers do: REST and WebSocket. It knows the wire contract by its own
// types, not by the server's, so that a field renamed there is noticed here.
//
// Concurrency: an API and a Socket are safe for concurrent use; a Server is
// started and ended by one goroutine and may be read by all.
//
// Lifecycle: whoever calls Launch calls Kill, or Terminate and Wait.
package rig
