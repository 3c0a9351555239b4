// Package alerttest tests charts/patchbay/files, the alert rules and the
// dashboard, with Prometheus's own engine, as promtool does: every rule fires
// on series made for it and stays quiet on others, and every name and label in
// rules and dashboard is one that a running server answers.
//
// It is a module of its own, with tests and nothing else: Prometheus brings
// some five hundred packages, and what ships must not depend on any of them.
// `make observe` runs it.
package alerttest
