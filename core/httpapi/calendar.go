package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/wire"
)

// calendarBody is business hours.
type calendarBody struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	TimeZone   string            `json:"time_zone" doc:"Of the IANA database. All hours are those of a clock there."`
	Week       weekBody          `json:"week"`
	Exceptions []exceptionBody   `json:"exceptions" nullable:"false" doc:"Dates that differ from the week, by date."`
	Revision   uint64            `json:"revision" doc:"Grows with each change; a change names the one that it was made of."`
	Open       bool              `json:"open" doc:"Whether it is open now."`
	ChangeAt   *time.Time        `json:"change_at,omitempty" doc:"When that changes next; absent: never."`
	Warnings   []calendarWarning `json:"warnings" nullable:"false" doc:"What may be a mistake."`
	CreatedAt  time.Time         `json:"created_at"`
	UpdatedAt  time.Time         `json:"updated_at"`
}

// spanBody is a stretch of a day.
type spanBody struct {
	From string `json:"from" doc:"As 09:00."`
	To   string `json:"to" doc:"As 17:30; the end of the day is 24:00. What goes on over midnight is two."`
}

// weekBody is the hours of each day; a day without any is closed.
type weekBody struct {
	Monday    []spanBody `json:"monday,omitempty"`
	Tuesday   []spanBody `json:"tuesday,omitempty"`
	Wednesday []spanBody `json:"wednesday,omitempty"`
	Thursday  []spanBody `json:"thursday,omitempty"`
	Friday    []spanBody `json:"friday,omitempty"`
	Saturday  []spanBody `json:"saturday,omitempty"`
	Sunday    []spanBody `json:"sunday,omitempty"`
}

// exceptionBody is dates that differ from the week.
type exceptionBody struct {
	Name    string     `json:"name"`
	From    string     `json:"from" doc:"The first date, as 2026-02-15."`
	To      string     `json:"to,omitempty" doc:"The last date, which is in it; absent: the first."`
	Effect  string     `json:"effect" doc:"closed; weekday: open as another day of the week, such as a make-up day; hours: open at hours of its own."`
	Weekday string     `json:"weekday,omitempty" doc:"Of weekday: monday to sunday."`
	Hours   []spanBody `json:"hours,omitempty" doc:"Of hours."`
}

// calendarWarning is something that may be meant, and may be a mistake.
type calendarWarning struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code" enum:"year_missing,make_up_open,make_up_closed,overlaps"`
	Detail  string `json:"detail"`
	About   string `json:"about" doc:"The year or the date that it names."`
}

func (s *Server) calendarRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/calendars"
	one := path + "/{calendar}"
	tags := []string{"calendars"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List calendars", Tags: tags}, identity.TeamRead, s.listCalendars)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path, Summary: "Make a calendar", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "Business hours: a week in a time zone, and dates that differ from it. A calendar that never opens is refused.",
	}, identity.TeamManage, s.createCalendar)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get a calendar", Tags: tags}, identity.TeamRead, s.getCalendar)
	member(s, huma.Operation{Method: http.MethodPatch, Path: one, Summary: "Change a calendar", Tags: tags}, identity.TeamManage, s.patchCalendar)
	member(s, huma.Operation{Method: http.MethodDelete, Path: one, Summary: "Delete a calendar", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.TeamManage, s.deleteCalendar)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: one + "/days", Summary: "Get the hours of the next 14 days", Tags: tags,
		Description: "From today on, as a clock of the calendar's zone has it.",
	}, identity.TeamRead, s.calendarDays)
}

func spansOf(list []calendar.Span) []spanBody {
	out := make([]spanBody, len(list))
	for i, x := range list {
		out[i] = spanBody(x)
	}
	return out
}

func spans(list []spanBody) []calendar.Span {
	var out []calendar.Span
	for _, x := range list {
		out = append(out, calendar.Span(x))
	}
	return out
}

func weekOf(w calendar.WeekDraft) weekBody {
	return weekBody{
		Monday: spansOf(w.Monday), Tuesday: spansOf(w.Tuesday), Wednesday: spansOf(w.Wednesday), Thursday: spansOf(w.Thursday),
		Friday: spansOf(w.Friday), Saturday: spansOf(w.Saturday), Sunday: spansOf(w.Sunday),
	}
}

func (w weekBody) domain() calendar.WeekDraft {
	return calendar.WeekDraft{
		Monday: spans(w.Monday), Tuesday: spans(w.Tuesday), Wednesday: spans(w.Wednesday), Thursday: spans(w.Thursday),
		Friday: spans(w.Friday), Saturday: spans(w.Saturday), Sunday: spans(w.Sunday),
	}
}

func exceptionOf(e calendar.ExceptionDraft) exceptionBody {
	return exceptionBody{Name: e.Name, From: e.From, To: e.To, Effect: e.Effect, Weekday: e.Weekday, Hours: spansOf(e.Hours)}
}

func exceptionsOf(list []calendar.Exception) []exceptionBody {
	out := make([]exceptionBody, len(list))
	for i, e := range list {
		out[i] = exceptionOf(e.Draft())
	}
	return out
}

// calendarOf is a calendar as it stands now.
func (s *Server) calendarOf(c calendar.Calendar) (calendarBody, error) {
	status, err := s.Calendars.Status(c)
	if err != nil {
		return calendarBody{}, err
	}
	out := calendarBody{
		ID: string(c.ID), Name: c.Name, TimeZone: c.Hours.Zone, Week: weekOf(c.Hours.Draft().Week), Exceptions: exceptionsOf(c.Hours.Exceptions),
		Revision: c.Revision, Open: status.Open, Warnings: make([]calendarWarning, len(status.Warnings)),
		CreatedAt: wire.Stamp(c.CreatedAt), UpdatedAt: wire.Stamp(c.UpdatedAt),
	}
	for i, w := range status.Warnings {
		out.Warnings[i] = calendarWarning(w)
	}
	if !status.ChangeAt.IsZero() {
		at := wire.Stamp(status.ChangeAt)
		out.ChangeAt = &at
	}
	return out, nil
}

func (s *Server) oneCalendar(c calendar.Calendar, err error) (*body[calendarBody], error) {
	if err != nil {
		return nil, err
	}
	b, err := s.calendarOf(c)
	if err != nil {
		return nil, err
	}
	return &body[calendarBody]{Body: b}, nil
}

type listCalendarsInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listCalendars(ctx context.Context, scope identity.Scope, in *listCalendarsInput) (*body[list[calendarBody]], error) {
	p, err := s.Calendars.List(ctx, scope, in.request())
	if err != nil {
		return nil, err
	}
	out := page.Page[calendarBody]{Items: make([]calendarBody, len(p.Items)), Next: p.Next}
	for i, c := range p.Items {
		if out.Items[i], err = s.calendarOf(c); err != nil {
			return nil, err
		}
	}
	return listOf(out, func(b calendarBody) calendarBody { return b }), nil
}

// CalendarPath is the path parameters of one calendar.
type CalendarPath struct {
	WorkspacePath
	Calendar string `path:"calendar"`
}

// calendarPatch is what a calendar is made of, or becomes.
type calendarPatch struct {
	Name       *string          `json:"name,omitempty"`
	TimeZone   *string          `json:"time_zone,omitempty"`
	Week       *weekBody        `json:"week,omitempty" doc:"All of it: a day that is absent is closed."`
	Exceptions *[]exceptionBody `json:"exceptions,omitempty" doc:"All of them. Two that share a date must say the same of it."`
}

func (p calendarPatch) domain() calendar.Patch {
	out := calendar.Patch{Name: p.Name, Zone: p.TimeZone}
	if p.Week != nil {
		week := p.Week.domain()
		out.Week = &week
	}
	if p.Exceptions != nil {
		list := make([]calendar.ExceptionDraft, len(*p.Exceptions))
		for i, e := range *p.Exceptions {
			list[i] = calendar.ExceptionDraft{Name: e.Name, From: e.From, To: e.To, Effect: e.Effect, Weekday: e.Weekday, Hours: spans(e.Hours)}
		}
		out.Exceptions = &list
	}
	return out
}

type createCalendarInput struct {
	WorkspacePath
	Body calendarPatch
}

func (s *Server) createCalendar(ctx context.Context, scope identity.Scope, in *createCalendarInput) (*body[calendarBody], error) {
	return s.oneCalendar(s.Calendars.Create(ctx, scope, in.Body.domain()))
}

func (s *Server) getCalendar(ctx context.Context, scope identity.Scope, in *CalendarPath) (*body[calendarBody], error) {
	return s.oneCalendar(s.Calendars.Get(ctx, scope, calendar.ID(in.Calendar)))
}

type patchCalendarInput struct {
	CalendarPath
	Body struct {
		Revision   uint64           `json:"revision" doc:"That of the calendar that was changed."`
		Name       *string          `json:"name,omitempty"`
		TimeZone   *string          `json:"time_zone,omitempty"`
		Week       *weekBody        `json:"week,omitempty" doc:"All of it: a day that is absent is closed."`
		Exceptions *[]exceptionBody `json:"exceptions,omitempty" doc:"All of them. Two that share a date must say the same of it."`
	}
}

func (s *Server) patchCalendar(ctx context.Context, scope identity.Scope, in *patchCalendarInput) (*body[calendarBody], error) {
	return s.oneCalendar(s.Calendars.Update(ctx, scope, calendar.ID(in.Calendar), in.Body.Revision, calendarPatch{in.Body.Name, in.Body.TimeZone, in.Body.Week, in.Body.Exceptions}.domain()))
}

func (s *Server) deleteCalendar(ctx context.Context, scope identity.Scope, in *CalendarPath) (*struct{}, error) {
	return nil, s.Calendars.Delete(ctx, scope, calendar.ID(in.Calendar))
}

// calendarDay is the hours of a date.
type calendarDay struct {
	Date      string     `json:"date"`
	Weekday   string     `json:"weekday"`
	Hours     []spanBody `json:"hours" nullable:"false" doc:"Empty: closed."`
	Exception string     `json:"exception,omitempty" doc:"The name of the exception that makes them; absent: the week does."`
}

// calendarDaysBody is the hours of dates.
type calendarDaysBody struct {
	Items []calendarDay `json:"items" nullable:"false"`
}

func (s *Server) calendarDays(ctx context.Context, scope identity.Scope, in *CalendarPath) (*body[calendarDaysBody], error) {
	const ahead = 14
	days, err := s.Calendars.Days(ctx, scope, calendar.ID(in.Calendar), ahead)
	if err != nil {
		return nil, err
	}
	out := calendarDaysBody{Items: make([]calendarDay, len(days))}
	for i, d := range days {
		out.Items[i] = calendarDay{Date: d.Date.String(), Weekday: calendar.DayName(d.Date.Weekday()), Hours: spansOf(calendar.Spans(d.Hours)), Exception: d.Name}
	}
	return &body[calendarDaysBody]{Body: out}, nil
}
