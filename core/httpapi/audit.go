package httpapi

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/contact/sheet"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/wire"
)

// partyBody is who acted, or what was acted on.
type partyBody struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name" doc:"As it was then."`
}

// auditBody is a row of the audit log.
type auditBody struct {
	ID       string         `json:"id"`
	Seq      uint64         `json:"seq" doc:"1, 2, 3, ... per workspace without a gap."`
	At       time.Time      `json:"at"`
	Action   string         `json:"action" example:"member.updated"`
	Actor    partyBody      `json:"actor"`
	Via      string         `json:"via,omitempty" doc:"The session or API key it came by."`
	Address  string         `json:"address,omitempty"`
	Target   partyBody      `json:"target"`
	Detail   map[string]any `json:"detail,omitempty" doc:"What became of each field: {\"name\": {\"from\": ..., \"to\": ...}}; other facts as they are."`
	Previous string         `json:"previous" doc:"The hash of the row before."`
	Hash     string         `json:"hash" doc:"SHA-256 over previous and the row, see /docs/api/audit-log."`
}

func partyOf(p event.Party) partyBody { return partyBody{p.Kind, p.ID, p.Name} }

func auditOf(r audit.Row) auditBody {
	out := auditBody{
		ID: r.ID, Seq: r.Seq, At: wire.Stamp(r.At), Action: r.Record.Action, Actor: partyOf(r.Record.Actor), Via: r.Record.Via,
		Address: r.Record.Address, Target: partyOf(r.Record.Target), Previous: r.Previous, Hash: r.Hash,
	}
	if len(r.Record.Detail) > 0 && json.Unmarshal(r.Record.Detail, &out.Detail) != nil { // somebody wrote it into the database
		out.Detail = map[string]any{"unreadable": string(r.Record.Detail)}
	}
	return out
}

func (s *Server) auditRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/audit"
	tags := []string{"audit"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base, Summary: "Read the audit log", Tags: tags,
		Description: "Administrative and security actions, the newest first. Reading is recorded too.",
	}, identity.AuditRead, s.listAudit)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/export", Summary: "Download the audit log", Tags: tags,
		Description: "The newest first, at most 100,000 rows. No cell of a CSV is a formula.",
	}, identity.AuditExport, s.exportAudit)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/verification", Summary: "Verify the audit log", Tags: tags,
		Description: "Computes every hash anew and names the first row that is not as it was written.",
	}, identity.AuditRead, s.verifyAudit)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/retention", Summary: "How long the audit log is kept", Tags: tags}, identity.AuditRead, s.auditRetention)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: base + "/retention", Summary: "Change how long the audit log is kept", Tags: tags,
		Description: "Needs audit.read too. What is older goes within the hour, after it was verified; a row says so.",
	}, identity.RetentionManage, s.setAuditRetention)
}

// AuditFilter is the query of both the list and the download.
type AuditFilter struct {
	Workspace string    `path:"workspace"`
	Actor     string    `query:"actor" doc:"Id of who acted."`
	Action    string    `query:"action" doc:"A whole action, or \"member.\" for all of a kind."`
	Target    string    `query:"target" doc:"Id of what was acted on."`
	From      time.Time `query:"from" doc:"Not before."`
	To        time.Time `query:"to" doc:"Before."`
	Words     string    `query:"q" maxLength:"200" doc:"A part of a name, an id, an address or the detail."`
}

func (f AuditFilter) domain() audit.Filter {
	return audit.Filter{Actor: f.Actor, Action: f.Action, Target: f.Target, From: f.From, To: f.To, Words: f.Words}
}

type listAuditInput struct {
	AuditFilter
	Paging
}

func (s *Server) listAudit(ctx context.Context, scope identity.Scope, in *listAuditInput) (*body[list[auditBody]], error) {
	return asList(auditOf)(s.Audit.List(ctx, scope, in.domain(), page.Request{Limit: in.Limit, Cursor: in.Cursor}))
}

type exportAuditInput struct {
	AuditFilter
	Format string `query:"format" enum:"csv,jsonl" default:"csv"`
}

// maxAuditExport bounds the rows of a download, which is made in memory.
const maxAuditExport = 100_000

func (s *Server) exportAudit(ctx context.Context, scope identity.Scope, in *exportAuditInput) (*download, error) {
	rows, err := s.Audit.Export(ctx, scope, in.domain(), in.Format)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	write, kind := auditLines(&b), "application/jsonl"
	if in.Format == "csv" {
		write, kind = auditTable(&b), csvType+"; charset=utf-8"
	}
	n := 0
	err = rows(func(r audit.Row) error {
		if n++; n > maxAuditExport {
			return errs.New(errs.Invalid, "audit.export_large", "This is more than 100,000 rows. Narrow the time and download it in parts.")
		}
		return write(r)
	})
	if err != nil {
		return nil, err
	}
	return &download{
		ContentType: kind, Disposition: `attachment; filename="audit.` + in.Format + `"`, Policy: inertMedia, Body: b.Bytes(),
	}, nil
}

// auditLines writes each row as a line of JSON.
func auditLines(b *bytes.Buffer) func(audit.Row) error {
	return func(r audit.Row) error { return json.NewEncoder(b).Encode(auditOf(r)) }
}

// auditTable writes a table in UTF-8 with a byte order mark, which
// spreadsheets ask for.
func auditTable(b *bytes.Buffer) func(audit.Row) error {
	b.WriteString("\ufeff")
	w := csv.NewWriter(b)
	head := []string{"seq", "id", "at", "action", "actor_kind", "actor_id", "actor_name", "via", "address", "target_kind", "target_id", "target_name", "detail", "hash"}
	_ = w.Write(head) // a buffer takes it
	w.Flush()
	return func(r audit.Row) error {
		c := r.Record
		cells := []string{
			strconv.FormatUint(r.Seq, 10), r.ID, r.At.UTC().Format(time.RFC3339Nano), c.Action, c.Actor.Kind, c.Actor.ID, c.Actor.Name,
			c.Via, c.Address, c.Target.Kind, c.Target.ID, c.Target.Name, string(c.Detail), r.Hash,
		}
		for i := range cells {
			cells[i] = sheet.Safe(cells[i])
		}
		if err := w.Write(cells); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	}
}

// verificationBody is what a verification of the audit log found.
type verificationBody struct {
	Whole   bool       `json:"whole"`
	Rows    uint64     `json:"rows" doc:"How many were found right."`
	Seq     uint64     `json:"seq" doc:"Of the last row."`
	Hash    string     `json:"hash" doc:"Of the last row. Kept elsewhere, it proves later that nothing before was changed."`
	Removed uint64     `json:"removed" doc:"How many rows retention has removed from the beginning."`
	Fault   *faultBody `json:"fault,omitempty"`
}

type faultBody struct {
	Seq    uint64 `json:"seq"`
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason" enum:"missing,changed,unchained,unanchored,extra"`
}

func (s *Server) verifyAudit(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[verificationBody], error) {
	r, err := s.Audit.Verify(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := verificationBody{Whole: r.Fault == nil, Rows: r.Rows, Seq: r.Head.Seq, Hash: r.Head.Hash, Removed: r.Head.Base}
	if f := r.Fault; f != nil {
		out.Fault = &faultBody{Seq: f.Seq, ID: f.ID, Reason: string(f.Reason)}
	}
	return &body[verificationBody]{Body: out}, nil
}

// auditRetentionBody is how long the audit log is kept.
type auditRetentionBody struct {
	Months int `json:"months" minimum:"0" maximum:"120" doc:"0: for ever. Otherwise 6 to 120; whole months, counted from their first day."`
}

func (s *Server) auditRetention(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[auditRetentionBody], error) {
	months, err := s.Audit.Months(ctx, scope)
	return &body[auditRetentionBody]{Body: auditRetentionBody{Months: months}}, err
}

type setAuditRetentionInput struct {
	Workspace string `path:"workspace"`
	Body      auditRetentionBody
}

func (s *Server) setAuditRetention(ctx context.Context, scope identity.Scope, in *setAuditRetentionInput) (*body[auditRetentionBody], error) {
	if err := s.Audit.SetMonths(ctx, scope, in.Body.Months); err != nil {
		return nil, err
	}
	return &body[auditRetentionBody]{Body: in.Body}, nil
}
