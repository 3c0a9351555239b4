package traffic

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// CodeDay is the code of a day that cannot be played.
const CodeDay = "policy.day"

// Journal reads what was recorded.
type Journal interface {
	// Histories calls fn with the history of each conversation that was there before
	// a time and changed since another, or is not done: the conversations one after
	// the other, each one's changes in order. Changes of other types than figures
	// counts, and what customers and machines wrote, may be left out. fn's error ends
	// it and is returned.
	Histories(ctx context.Context, w identity.WorkspaceID, since, before time.Time, fn func(figures.Event, dispatch.Channel) error) error
	// Present returns the members whose status has not changed since a time, with
	// that status.
	Present(ctx context.Context, w identity.WorkspaceID, since time.Time) (map[identity.MemberID]dispatch.Status, error)
	// Switches returns the changes of presence since a time, in order.
	Switches(ctx context.Context, w identity.WorkspaceID, since time.Time) ([]Switch, error)
	// Waits counts how often conversations came to wait since a time, by quarters of
	// an hour (of UTC, by their beginning).
	Waits(ctx context.Context, w identity.WorkspaceID, since time.Time) (map[time.Time]int, error)
}

// People says who is there to serve. It is dispatch.Store's and queue.People's.
type People interface {
	queue.People
	Agents(ctx context.Context, w identity.WorkspaceID) ([]dispatch.AgentRow, error)
}

// Teams lists teams. It is team.Store's.
type Teams interface {
	Teams(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[team.Team], error)
}

// Skills lists skills. It is queue.Skills'.
type Skills interface {
	Skills(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[queue.Skill], error)
}

// Deps is what a Service stands on.
type Deps struct {
	Journal   Journal
	Queues    queue.Store
	Skills    Skills
	Teams     Teams
	People    People
	Calendars figures.Calendars
	Zone      *time.Location // of workspaces without a calendar
	Now       func() time.Time
}

// Service answers what was recorded of a workspace's days. It checks nobody's
// rights.
type Service struct{ Deps }

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{d} }

// Count is how often conversations came to wait on a day.
type Count struct {
	Date  string // 2026-11-20
	Waits int
}

// Calendar is the days that can be played.
type Calendar struct {
	Zone string
	Days []Count // the newest first, without those on which nobody waited
}

const dateForm = time.DateOnly

// List says on which days how much came, of those that can be played.
func (s *Service) List(ctx context.Context, w identity.WorkspaceID) (Calendar, error) {
	zone, err := figures.ZoneOf(ctx, s.Calendars, w, s.Zone)
	if err != nil {
		return Calendar{}, err
	}
	today := s.Now().In(zone)
	found, err := s.Journal.Waits(ctx, w, midnight(today, 1-Days))
	if err != nil {
		return Calendar{}, err
	}
	by := map[string]int{}
	for at, n := range found {
		by[at.In(zone).Format(dateForm)] += n
	}
	out := Calendar{Zone: zone.String(), Days: []Count{}}
	for back := range Days {
		date := midnight(today, -back).Format(dateForm)
		if by[date] > 0 {
			out.Days = append(out.Days, Count{date, by[date]})
		}
	}
	return out, nil
}

// midnight is when the day began that is so many days after that of an instant.
func midnight(of time.Time, days int) time.Time {
	y, m, d := of.Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, of.Location())
}

// Day returns what was recorded of a day, as 2026-11-20. Refuses, as Invalid with
// CodeDay and the field /day/date, what is no date, or too far away, a day on
// which nobody waited or nobody was there, and one with more than MaxCustomers.
func (s *Service) Day(ctx context.Context, w identity.WorkspaceID, date string) (Day, error) {
	zone, err := figures.ZoneOf(ctx, s.Calendars, w, s.Zone)
	if err != nil {
		return Day{}, err
	}
	now := s.Now().In(zone).Truncate(time.Millisecond)
	from, err := begins(date, now)
	if err != nil {
		return Day{}, err
	}
	to := midnight(from, 1)
	if to.After(now) {
		to = now
	}
	f := newFold(from, to, now)
	if err := s.Journal.Histories(ctx, w, from, to, f.take); err != nil {
		return Day{}, err
	}
	f.done()
	if err := f.crowded(); err != nil {
		return Day{}, err
	}
	a, err := s.attendance(ctx, w, from, to)
	if err != nil {
		return Day{}, err
	}
	here, err := s.world(ctx, w)
	if err != nil {
		return Day{}, err
	}
	out := f.build(here, a)
	out.Date, out.Zone, out.Since, out.Until = date, zone.String(), from, to
	out.Scenario.Name = date
	return out, out.playable()
}

// begins is when a day begins that can be played.
func begins(date string, now time.Time) (time.Time, error) {
	var r errs.Refusals
	from, err := time.ParseInLocation(dateForm, date, now.Location())
	switch {
	case err != nil:
		r.Refuse("/day/date", "format", "must be a date: 2026-11-20")
	case from.After(now):
		r.Refuse("/day/date", "range", "is in the future")
	case from.Before(midnight(now, 1-Days)):
		r.Refuse("/day/date", "range", fmt.Sprintf("is more than %d days ago", Days-1))
	}
	return from, r.Refused(CodeDay, "The day cannot be played; fields says why.")
}

// playable refuses a day of which there is nothing to play.
func (d Day) playable() error {
	var r errs.Refusals
	switch {
	case len(d.Scenario.Arrivals) == 0:
		r.Refuse("/day/date", "empty", "is a day on which nobody waited")
	case len(d.Scenario.Staff) == 0:
		r.Refuse("/day/date", "empty", "is a day on which nobody was there to serve, as far as was recorded")
	}
	if err := r.Refused(CodeDay, "There is nothing to play on that day."); err != nil {
		return err
	}
	if err := d.Scenario.Check(); err != nil {
		return errs.Wrap(err, errs.Invalid, CodeDay, "The day cannot be played.").WithFields(errs.As(err).Fields...)
	}
	return nil
}

func (s *Service) attendance(ctx context.Context, w identity.WorkspaceID, from, to time.Time) (attendance, error) {
	present, err := s.Journal.Present(ctx, w, from)
	if err != nil {
		return attendance{}, err
	}
	switches, err := s.Journal.Switches(ctx, w, from)
	return attend(from, to, present, switches), err
}

// world reads what the workspace has now.
func (s *Service) world(ctx context.Context, w identity.WorkspaceID) (world, error) {
	out := world{called: names{map[team.ID]string{}, map[queue.SkillID]string{}}}
	var err error
	if out.queues, err = queue.All(ctx, s.Queues, w); err != nil {
		return out, err
	}
	err = page.Each(func(r page.Request) (page.Page[team.Team], error) { return s.Teams.Teams(ctx, w, r) }, func(t team.Team) { out.called.teams[t.ID] = t.Name })
	if err != nil {
		return out, err
	}
	err = page.Each(func(r page.Request) (page.Page[queue.Skill], error) { return s.Skills.Skills(ctx, w, r) }, func(k queue.Skill) { out.called.skills[k.ID] = k.Name })
	if err != nil {
		return out, err
	}
	out.people, err = s.people(ctx, w)
	return out, err
}

func (s *Service) people(ctx context.Context, w identity.WorkspaceID) ([]Person, error) {
	staff, err := s.People.Staff(ctx, w)
	if err != nil {
		return nil, err
	}
	rows, err := s.People.Agents(ctx, w)
	if err != nil {
		return nil, err
	}
	by := map[identity.MemberID]dispatch.AgentRow{}
	for _, r := range rows {
		by[r.Member] = r
	}
	out := make([]Person, len(staff))
	for i, c := range staff {
		out[i] = Person{c, by[c.Member].Capacity, by[c.Member].Limits}
	}
	return out, nil
}
