package importing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/sheet"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Rules of the job.
const (
	batchRows = 100             // of one transaction: others write between two
	tellRows  = 1000            // how often clients hear of the progress
	pollEvery = 5 * time.Second // finds what another node or an earlier process left
	sweepLot  = 20
)

// Wake makes Work look for imports at once.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// Work does checks and runs, one after the other, until ctx ends. Imports that
// an earlier process left go on where they were.
func (s *Service) Work(ctx context.Context, log *slog.Logger) {
	for ctx.Err() == nil {
		if err := s.WorkOnce(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "an import could not go on", "error", err)
		}
		timer := time.NewTimer(pollEvery)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// WorkOnce does what is to be done now, and deletes imports that are old. One
// that fails does not hold up the others.
func (s *Service) WorkOnce(ctx context.Context) error {
	busy, err := s.Desk.Busy(ctx, 100)
	if err != nil {
		return err
	}
	var failed error
	for _, r := range busy {
		if err := s.work(ctx, r); err != nil {
			failed = errors.Join(failed, fmt.Errorf("import %s: %w", r.ID, err))
		}
	}
	_, err = s.Desk.Sweep(ctx, s.Now().Add(-KeptFor), sweepLot)
	return errors.Join(failed, err)
}

// work does one import to its end. A storage that is down ends it for now; any
// other failure for good, unless another node has gone on with it meanwhile:
// that one may have finished, and the file gone from under us.
func (s *Service) work(ctx context.Context, r Ref) error {
	i, err := s.Store.Import(ctx, r.Workspace, r.ID)
	if err != nil {
		return err
	}
	if i.State != Checking && i.State != Running {
		return nil // another node has done it since it was listed
	}
	defined, err := s.Attributes.Definitions(ctx, r.Workspace)
	if err != nil {
		return err
	}
	job := &job{Service: s, i: i, reader: newReader(&i, defined), seen: make(map[string]int)}
	err = job.do(ctx)
	if err == nil || ctx.Err() != nil || errs.Is(err, errs.Unavailable) {
		return err
	}
	ours, gaveUp := s.Desk.Advance(ctx, r.Workspace, r.ID, job.i.State, job.i.Position, func(_ context.Context, i *Import, _ Tx) (Step, error) {
		i.State, i.Detail, i.UpdatedAt = Failed, errs.As(err).Message, s.Now()
		return Step{Events: []event.Event{s.changed(*i)}}, nil
	})
	if gaveUp == nil && !ours {
		return nil
	}
	return errors.Join(err, gaveUp)
}

// job is an import at work.
type job struct {
	*Service
	i      Import // as of the last batch
	reader *reader
	seen   map[string]int // the row that first had a key, in a dry run
}

// do reads the table from the position on, a batch at a time.
func (j *job) do(ctx context.Context) error {
	table := sheet.NewReader(j.Desk.File(ctx, j.i.Workspace, j.i.ID), j.i.Delimiter)
	for skip := j.i.Position + 1; skip > 0; skip-- { // the header, and what is done
		if _, _, err := table.Read(); err != nil {
			return err //nolint:wrapcheck // a port's error, or of a table that was read before
		}
	}
	for {
		lot, err := j.lot(table)
		if err != nil {
			return err
		}
		var after Import
		advanced, err := j.Desk.Advance(ctx, j.i.Workspace, j.i.ID, j.i.State, j.i.Position, func(ctx context.Context, i *Import, tx Tx) (Step, error) {
			step, err := j.batch(ctx, i, tx, lot)
			if err == nil {
				j.finish(i, &step, len(lot))
				after = *i
			}
			return step, err
		})
		if err != nil || !advanced {
			return err
		}
		if j.i = after; j.i.State == Done || j.i.State == Checked {
			return nil
		}
	}
}

// line is a row with its number.
type line struct {
	cells []string
	row   int
}

func (j *job) lot(table *sheet.Reader) ([]line, error) {
	var out []line
	for len(out) < batchRows {
		cells, row, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // as in do
		}
		out = append(out, line{slices.Clone(cells), row})
	}
	return out, nil
}

// finish moves the import on by n rows; with none left it is done.
func (j *job) finish(i *Import, step *Step, n int) {
	before := i.Position
	i.Position += n
	i.UpdatedAt = j.Now()
	if n < batchRows {
		switch i.State {
		case Checking:
			i.State = Checked
		case Running:
			i.State = Done
		case Uploaded, Checked, Done, Failed:
		}
	}
	if n < batchRows || before/tellRows != i.Position/tellRows {
		step.Events = append(step.Events, j.changed(*i))
	}
}

func (j *job) batch(ctx context.Context, i *Import, tx Tx, lot []line) (Step, error) {
	var step Step
	for _, l := range lot {
		d, wrong := j.reader.read(l.cells, l.row)
		if len(wrong) > 0 {
			i.Counts.Failed++
			step.Errors = append(step.Errors, wrong...)
			continue
		}
		events, err := j.apply(ctx, i, tx, d)
		if err != nil {
			return step, err
		}
		step.Events = append(step.Events, events...)
	}
	return step, nil
}

// apply writes a row, or counts what it would do.
func (j *job) apply(ctx context.Context, i *Import, tx Tx, d draft) ([]event.Event, error) {
	found, again, err := j.find(ctx, i, tx, d)
	if err != nil {
		return nil, err
	}
	known := found != nil || again
	switch {
	case known && i.OnMatch == Skip:
		i.Counts.Skipped++
		return nil, nil
	case known:
		i.Counts.Updated++
	default:
		i.Counts.Created++
	}
	if i.State == Checking {
		return nil, nil
	}
	return j.write(ctx, i.Workspace, tx, found, d)
}

// find looks for the contact of a row. again says that a dry run would have
// made it by then.
func (j *job) find(ctx context.Context, i *Import, tx Tx, d draft) (found *contact.Contact, again bool, err error) {
	value := d.keys[i.Match]
	if i.Match == ByNothing || value == "" {
		return nil, false, nil
	}
	if i.State == Checking {
		first, ok := j.seen[value]
		if ok && first < d.row {
			return nil, true, nil
		}
		j.seen[value] = d.row // the same when the batch is done again
	}
	found, err = tx.Find(ctx, i.Match, value)
	return found, false, err
}

func (j *job) write(ctx context.Context, w identity.WorkspaceID, tx Tx, found *contact.Contact, d draft) ([]event.Event, error) {
	now := j.Now()
	var events []event.Event
	c := contact.Contact{Workspace: w, ID: contact.ID(j.ids.New("con")), CreatedAt: now}
	if found != nil {
		c = *found
	}
	if d.organisation != "" {
		org, err := tx.Organisation(ctx, d.organisation)
		if err == nil && org == "" {
			org = contact.OrganisationID(j.ids.New("org"))
			events = append(events, j.told(w, contact.OrganisationChanged, string(org)))
			err = tx.AddOrganisation(ctx, contact.Organisation{Workspace: w, ID: org, Name: d.organisation, CreatedAt: now, UpdatedAt: now})
		}
		if err != nil {
			return nil, err
		}
		d.edit.Organisation = &org
	}
	d.edit.Apply(&c)
	c.UpdatedAt = now
	save := tx.Add
	if found != nil {
		save = tx.Save
	}
	return append(events, j.told(w, contact.Changed, string(c.ID))), save(ctx, c)
}

func (j *job) told(w identity.WorkspaceID, typ, id string) event.Event {
	return event.Event{
		ID: j.ids.New("chg"), Workspace: string(w), Type: typ, Subject: id, At: j.Now(), Data: []byte(`{"id":"` + id + `"}`),
	}
}
