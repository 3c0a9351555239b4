package db

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// group is the jobs of one commit.
//
// On SQLite each job has a savepoint, which costs next to nothing. PostgreSQL
// makes a subtransaction of it, and many of them lock rows dearly (each sharing
// of a row becomes a MultiXact); so there the group first runs without, and
// again with them when a job fails that has written.
type group struct {
	w          *writer
	jobs       []*job
	errs       []error
	feeds      *feeds
	deliver    bool
	savepoints bool
}

// commit runs the group in one transaction, again where the database asks for
// it, and answers its jobs.
func (g *group) commit(ctx context.Context) {
	var err error
	g.savepoints = g.w.driver == SQLite
	for try := range groupTries {
		var r reach
		r, err = g.attempt(ctx, try == 0)
		if r == ofHaste {
			g.savepoints = true
			continue
		}
		if r != ofRace {
			break
		}
		<-time.After(raceWait << try) // lets the other node go first
	}
	if err != nil {
		g.fail(err)
		return
	}
	g.w.line.worked(len(g.jobs))
	g.acknowledge()
	g.w.committed(g.feeds.grown(), g.deliver)
	if mutant.On(mutant.SplitOutbox) {
		g.writeLate(ctx)
	}
}

// attempt runs every job, commits, and reports how far a failure went. Only
// the first attempt takes in jobs that come meanwhile.
func (g *group) attempt(ctx context.Context, fresh bool) (reach, error) {
	l, err := g.w.started(ctx)
	if err != nil {
		return wholeGroup(err)
	}
	g.feeds, g.deliver, g.errs = newFeeds(), false, g.errs[:0]
	if r, err := g.runAll(ctx, l, fresh); err != nil {
		_, _ = g.abort(ctx, l, err)
		return r, err
	}
	if err := errors.Join(g.feeds.write(ctx, g.w), l.flush(ctx)); err != nil {
		if r, _ := failure(err); r == ofJob && !g.savepoints { // some job's, but whose?
			_, _ = g.abort(ctx, l, err)
			return ofHaste, err
		}
		return g.abort(ctx, l, err)
	}
	if mutant.On(mutant.AckBeforeCommit) {
		g.acknowledge()
		<-time.After(mutantPause)
	}
	if _, err := l.exec(ctx, `COMMIT`, nil); err != nil {
		return g.abort(ctx, l, err)
	}
	return ofJob, nil
}

// runAll runs the jobs, and on SQLite those that come in meanwhile, up to the limits.
func (g *group) runAll(ctx context.Context, l line, fresh bool) (reach, error) {
	start := g.w.now()
	if fresh && g.w.driver == Postgres {
		slices.SortStableFunc(g.jobs, func(a, b *job) int { return strings.Compare(a.workspace, b.workspace) })
	}
	for i := 0; i < len(g.jobs); i++ {
		if r, err := g.runOne(ctx, l, g.jobs[i]); err != nil {
			return r, err
		}
		more := fresh && g.w.driver == SQLite && i == len(g.jobs)-1
		if more && len(g.jobs) < groupLimit && g.w.now().Sub(start) < groupTime {
			g.jobs = g.w.collect(g.jobs)
		}
	}
	return ofJob, nil
}

// runOne runs a job under its savepoint and keeps its answer. It returns an
// error only when the whole group has failed.
func (g *group) runOne(ctx context.Context, l line, j *job) (reach, error) {
	tx := &Tx{driver: g.w.driver, line: l, group: g}
	g.feeds.begin()
	err := j.run(ctx, tx)
	if err == nil {
		err = tx.err
	}
	if err == nil {
		err = tx.fail(tx.keep(ctx))
	}
	if err == nil {
		g.deliver = g.deliver || tx.deliver
		g.errs = append(g.errs, nil)
		return ofJob, nil
	}
	if tx.reach != ofJob {
		return tx.reach, tx.err
	}
	undone, broken := tx.undo(ctx)
	switch {
	case broken != nil:
		return wholeGroup(broken)
	case !undone:
		return ofHaste, err
	}
	g.feeds.rollback()
	g.w.report(ctx, err)
	g.errs = append(g.errs, err)
	return ofJob, nil
}

// abort undoes the transaction. A connection that cannot even do that is given up.
func (g *group) abort(ctx context.Context, l line, cause error) (reach, error) {
	_ = l.flush(ctx) // whatever was queued is undone with the rest
	if _, err := l.exec(ctx, `ROLLBACK`, nil); err != nil && g.w.driver == Postgres {
		g.w.disconnect()
	}
	return wholeGroup(cause)
}

// wholeGroup is failure for what no single job is to blame for.
func wholeGroup(cause error) (reach, error) {
	r, err := failure(cause)
	if r == ofJob {
		return ofGroup, unreachable(cause)
	}
	return r, err
}

// acknowledge answers every job with what became of it.
func (g *group) acknowledge() {
	for i, j := range g.jobs {
		select {
		case j.answer <- g.errs[i]:
		default: // answered before the commit by a seeded bug
		}
	}
}

// fail answers every job with the error that undid the group.
func (g *group) fail(err error) {
	for _, j := range g.jobs {
		select {
		case j.answer <- err:
		default:
		}
	}
}

// mutantPause gives a kill time to fall between the halves of a seeded bug.
const mutantPause = 2 * time.Millisecond

// writeLate is the second half of a seeded bug.
func (g *group) writeLate(ctx context.Context) {
	<-time.After(mutantPause)
	if err := errors.Join(g.w.insertEvents(ctx, g.feeds.events), g.w.line.flush(ctx)); err != nil {
		g.w.report(ctx, err)
	}
}
