package httpapi

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/contact/sheet"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

func (s *Server) ticketExportRoute() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: ticketsPath + "/export", Summary: "Download tickets as a table", Tags: []string{"tickets"},
		Description: "CSV in UTF-8, the newest first, sent as it is read. No cell begins a formula: what would, begins with an apostrophe.",
	},
		identity.TicketExport, s.exportTickets)
}

type exportTicketsInput struct {
	Workspace string `path:"workspace"`
	Filter    string `query:"filter" maxLength:"16384"`
	Q         string `query:"q" maxLength:"800"`
	Format    string `query:"format" enum:"csv" default:"csv"`
}

func (s *Server) exportTickets(ctx context.Context, scope identity.Scope, in *exportTicketsInput) (*huma.StreamResponse, error) {
	e, err := s.Tickets.Export(ctx, scope, TicketAsk{Filter: in.Filter, Q: in.Q}.ask())
	if err != nil {
		return nil, err
	}
	err = s.Audit.Keep(ctx, scope, identity.Record(ctx, scope, "tickets.exported", event.Party{Kind: "tickets"}).Say(map[string]string{"filter": in.Filter, "q": in.Q}))
	if err != nil {
		return nil, err
	}
	first, err := e.Next(ctx) // what fails at once is an answer, not a broken file
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) { //nolint:contextcheck // huma's context carries that of the request
		c.SetHeader("Content-Type", "text/csv; charset=utf-8")
		c.SetHeader("Content-Security-Policy", inertMedia)
		c.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="tickets-%s.csv"`, s.Now().UTC().Format("20060102-150405")))
		if err := writeTickets(c.Context(), c.BodyWriter(), e, first); err != nil {
			s.Log.ErrorContext(c.Context(), "an export of tickets broke off", "error", err)
		}
	}}, nil
}

// writeTickets writes a table, a page at a time.
func writeTickets(ctx context.Context, to io.Writer, e ticket.Export, rows []ticket.Ticket) error {
	if _, err := io.WriteString(to, "\uFEFF"); err != nil { // so that spreadsheets see UTF-8
		return err //nolint:wrapcheck // the client is gone
	}
	w := csv.NewWriter(to)
	head := []string{
		"number", "title", "type", "status", "priority", "contact", "assignee", "team_id", "created_at", "updated_at", "due_at", "solved_at", "closed_at",
		"comments", "rating", "rating_comment", "description",
	}
	for _, key := range e.Keys {
		head = append(head, "fields."+key)
	}
	if err := w.Write(head); err != nil {
		return err //nolint:wrapcheck // as above
	}
	names := make(map[ticket.TypeID]string)
	for _, t := range e.Types {
		names[t.ID] = t.Name
	}
	for len(rows) > 0 {
		for _, t := range rows {
			if err := w.Write(recordOf(t, names[t.Type], e.Keys)); err != nil {
				return err //nolint:wrapcheck // as above
			}
		}
		if w.Flush(); w.Error() != nil {
			return w.Error() //nolint:wrapcheck // as above
		}
		var err error
		if rows, err = e.Next(ctx); err != nil {
			return err //nolint:wrapcheck // the use case's own
		}
	}
	w.Flush()
	return w.Error() //nolint:wrapcheck // as above
}

// recordOf is a ticket as a row.
func recordOf(t ticket.Ticket, typ string, keys []string) []string {
	at := func(when time.Time) string {
		if when.IsZero() {
			return ""
		}
		return when.UTC().Format(time.RFC3339)
	}
	score, words := "", ""
	if t.Rating != nil {
		score, words = strconv.Itoa(t.Rating.Score), t.Rating.Comment
	}
	out := []string{
		ticket.Label(t.Number), t.Title, typ, string(t.Status), string(t.Priority), t.ContactName, t.AssigneeName, string(t.Team),
		at(t.CreatedAt), at(t.UpdatedAt), at(t.DueAt), at(t.SolvedAt), at(t.ClosedAt), strconv.Itoa(t.Comments), score, words, t.Description,
	}
	for _, key := range keys {
		value := ""
		if v := t.Fields[key]; v != nil {
			value = strings.TrimSpace(fmt.Sprint(v))
		}
		out = append(out, value)
	}
	for i, cell := range out {
		out[i] = sheet.Safe(cell)
	}
	return out
}
