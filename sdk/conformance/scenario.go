package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// limits of a scenario's time: of nearly all in the short form, and of all in
// the long one.
const (
	shortLimit = 90 * time.Second
	longLimit  = 30 * time.Minute
)

// scenario is one of the nineteen.
type scenario struct {
	number int
	name   string
	limit  time.Duration // of the short form
	// run runs it and says what was seen. An error is a failure, except
	// notApplicable.
	run func(*run) (string, error)
	// files runs it on a plugin that is files alone.
	files func(*run) (string, error)
}

// clause is the anchor of the scenario in the documentation.
func (s scenario) clause() string {
	return fmt.Sprintf("%02d-%s", s.number, strings.ReplaceAll(strings.ToLower(s.name), " ", "-"))
}

// scenarios lists them. Names and numbers are stable: results are compared over
// years, and documents point to them.
func scenarios() []scenario {
	all := []scenario{
		{number: 1, name: "handshake", run: handshake, files: filesRead},
		{number: 2, name: "configuration", run: configuration, files: filesQuestions},
		{number: 3, name: "every delivery once", run: deliveries, files: filesSame},
		{number: 4, name: "killed in the middle", run: kills},
		{number: 5, name: "credits and slow hosts", run: flow},
		{number: 6, name: "webhooks", run: webhooks},
		{number: 7, name: "failing far side", run: failures},
		{number: 8, name: "drain", run: drain},
		{number: 9, name: "stopped and continued", run: stopped},
		{number: 10, name: "death of the host", run: orphaned},
		{number: 11, name: "least privilege", run: privilege},
		{number: 12, name: "memory", run: memory},
		{number: 13, name: "other hosts", run: otherHosts},
		{number: 14, name: "any text", run: texts, files: filesTexts},
		{number: 15, name: "wrong clocks", run: clocks},
		{number: 16, name: "license states", run: licenses},
		{number: 17, name: "uninstall", run: uninstall, files: filesNothing},
		{number: 18, name: "edits and recalls", run: revisions},
		{number: 19, name: "templates", run: prepared},
	}
	for i := range all {
		if all[i].limit == 0 {
			all[i].limit = shortLimit
		}
		if all[i].files == nil {
			all[i].files = func(*run) (string, error) {
				return "", notApplicable("The plugin is files alone: it has no program that could do it wrong.")
			}
		}
	}
	return all
}

// run is one scenario under way.
type run struct {
	*kit
	ctx     context.Context //nolint:containedctx // a run lives as long as it
	closers []func() error
	far     far // the far side; nil = none
	serial  int // numbers the tasks, so that no two are the same
	logs    output
}

// later has fn called when the run is over, the last one first.
func (r *run) later(fn func() error) { r.closers = append(r.closers, fn) }

func (r *run) close() error {
	var all []error
	for len(r.closers) > 0 {
		last := len(r.closers) - 1
		fn := r.closers[last]
		r.closers = r.closers[:last]
		all = append(all, fn())
	}
	return errors.Join(all...)
}

// within is the run's context with a deadline.
func (r *run) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.ctx, d)
}

// until waits for ok, at most for d.
func (r *run) until(d time.Duration, ok func() bool) bool {
	ctx, cancel := r.within(d)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ok()
		}
	}
	return true
}

// pause waits for d; an error when the run is over before.
func (r *run) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// oneLine is s without line breaks, and with an end.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?") && !strings.HasSuffix(s, "…") {
		s += "."
	}
	return s
}
