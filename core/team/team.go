// Package team is groups of members that share a queue.
package team

// ID names a team: tea_.
type ID string
