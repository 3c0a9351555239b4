package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/ical"
	"github.com/patchbay-im/patchbay/core/identity"
)

// holidaySetBody is the holidays of a place and a year.
type holidaySetBody struct {
	ID         string          `json:"id"`
	Country    string          `json:"country" doc:"ISO 3166-1."`
	Year       int             `json:"year"`
	Source     string          `json:"source" doc:"The document that says so."`
	Exceptions []exceptionBody `json:"exceptions" nullable:"false"`
}

// holidaySetsBody is all there are.
type holidaySetsBody struct {
	Items []holidaySetBody `json:"items" nullable:"false"`
}

// importPlanBody is what an import makes of a calendar.
type importPlanBody struct {
	Revision uint64              `json:"revision" doc:"Of the calendar that it was made for."`
	Add      []exceptionBody     `json:"add" nullable:"false"`
	Change   []importReplacement `json:"change" nullable:"false"`
	Skip     []importSkip        `json:"skip" nullable:"false"`
	Warnings []calendarWarning   `json:"warnings" nullable:"false" doc:"Of the calendar as it would be."`
}

// importReplacement is entries that an imported one takes the place of.
type importReplacement struct {
	From []exceptionBody `json:"from" nullable:"false"`
	To   exceptionBody   `json:"to"`
}

// importSkip is something that is left out.
type importSkip struct {
	Line   int    `json:"line,omitempty" doc:"Of the file."`
	Name   string `json:"name"`
	Code   string `json:"code" enum:"cancelled,free,no_date,backwards,unknown_zone,unsupported,outside,already_there,conflicts,no_holiday,nothing_else,disagrees,over_midnight"`
	Detail string `json:"detail"`
}

func (s *Server) calendarImportRoutes() {
	path := apiPrefix + "/workspaces/{workspace}"
	one := path + "/calendars/{calendar}/import"
	tags := []string{"calendars"}
	const reads = "text/calendar (RFC 5545): all-day and timed events, and rules that repeat yearly, monthly or weekly, of this year and the two after; at most 512 KiB. " +
		"Where a file marks days as 休 or 班 (or as Apple's feeds do), days without a mark are left out."
	member(s, huma.Operation{Method: http.MethodGet, Path: path + "/holiday-sets", Summary: "List built-in holidays", Tags: tags}, identity.TeamRead, s.listHolidaySets)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/preview", Summary: "Try an import of holidays; nothing is written", Tags: tags, MaxBodyBytes: importBodyLimit,
		Description: reads,
	}, identity.TeamManage, s.previewCalendar)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one, Summary: "Import holidays", Tags: tags, MaxBodyBytes: importBodyLimit, Description: reads,
	}, identity.TeamManage, s.importCalendar)
}

// importBodyLimit leaves room for what JSON makes of a file: line breaks and
// quotes take two bytes.
const importBodyLimit = 2 * ical.MaxFile

func (s *Server) listHolidaySets(context.Context, identity.Scope, *WorkspacePath) (*body[holidaySetsBody], error) {
	out := holidaySetsBody{Items: []holidaySetBody{}}
	for _, set := range calendar.HolidaySets() {
		out.Items = append(out.Items, holidaySetBody{ID: set.ID, Country: set.Country, Year: set.Year, Source: set.Source, Exceptions: exceptionsOf(set.Days())})
	}
	return &body[holidaySetsBody]{Body: out}, nil
}

// importSource is where holidays come from.
type importSource struct {
	File   string `json:"file,omitempty" doc:"The text of a calendar file."`
	Set    string `json:"set,omitempty" doc:"The id of a built-in set, instead of a file."`
	MakeUp string `json:"make_up,omitempty" doc:"As which day of the week make-up days are open; absent: monday."`
}

type previewCalendarInput struct {
	CalendarPath
	Body importSource
}

func (s *Server) previewCalendar(ctx context.Context, scope identity.Scope, in *previewCalendarInput) (*body[importPlanBody], error) {
	p, err := s.Calendars.Preview(ctx, scope, calendar.ID(in.Calendar), calendar.Import(in.Body))
	if err != nil {
		return nil, err
	}
	out := importPlanBody{
		Revision: p.Revision, Add: exceptionsOf(p.Add), Change: make([]importReplacement, len(p.Change)),
		Skip: make([]importSkip, len(p.Skip)), Warnings: make([]calendarWarning, len(p.Warnings)),
	}
	for i, r := range p.Change {
		out.Change[i] = importReplacement{From: exceptionsOf(r.From), To: exceptionOf(r.To.Draft())}
	}
	for i, skip := range p.Skip {
		out.Skip[i] = importSkip(skip)
	}
	for i, w := range p.Warnings {
		out.Warnings[i] = calendarWarning(w)
	}
	return &body[importPlanBody]{Body: out}, nil
}

type importCalendarInput struct {
	CalendarPath
	Body struct {
		Revision uint64 `json:"revision" doc:"That of the preview."`
		File     string `json:"file,omitempty" doc:"The text of a calendar file."`
		Set      string `json:"set,omitempty" doc:"The id of a built-in set, instead of a file."`
		MakeUp   string `json:"make_up,omitempty" doc:"As which day of the week make-up days are open; absent: monday."`
	}
}

func (s *Server) importCalendar(ctx context.Context, scope identity.Scope, in *importCalendarInput) (*body[calendarBody], error) {
	from := calendar.Import{File: in.Body.File, Set: in.Body.Set, MakeUp: in.Body.MakeUp}
	return s.oneCalendar(s.Calendars.Import(ctx, scope, calendar.ID(in.Calendar), in.Body.Revision, from))
}
