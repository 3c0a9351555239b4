package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/valyala/fasthttp"

	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/wire"
)

// importBody is a table of contacts on its way in.
type importBody struct {
	ID        string            `json:"id"`
	State     string            `json:"state" enum:"uploaded,checking,checked,running,done,failed"`
	Encoding  string            `json:"encoding" enum:"utf-8,utf-16,gb18030"`
	Columns   []columnBody      `json:"columns"`
	Mapping   map[string]string `json:"mapping" doc:"By index of the column: name, email, phone, external_id, organisation, note or attributes.KEY."`
	Match     string            `json:"match" enum:"email,phone,external_id,none" doc:"By what a row finds the contact that is there already."`
	OnMatch   string            `json:"on_match" enum:"update,skip"`
	Rows      int               `json:"rows" doc:"Of data, the header apart."`
	Position  int               `json:"position" doc:"Rows that are done."`
	Counts    importCounts      `json:"counts"`
	Errors    []rowErrorBody    `json:"errors" doc:"The first 100; empty in lists."`
	Detail    string            `json:"detail,omitempty" doc:"Why it failed."`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy wire.Actor        `json:"created_by"`
}

// columnBody is a column of the table.
type columnBody struct {
	Index   int      `json:"index"`
	Header  string   `json:"header"`
	Samples []string `json:"samples" doc:"At most 3 cells."`
}

// importCounts is what a check found, or a run has done.
type importCounts struct {
	Create int `json:"create"`
	Update int `json:"update"`
	Skip   int `json:"skip"`
	Error  int `json:"error"`
}

// rowErrorBody is a row that was left out, and why.
type rowErrorBody struct {
	Row    int    `json:"row" doc:"As a spreadsheet shows it: 1 is the header."`
	Column string `json:"column" doc:"The header of the column; empty for the row as a whole."`
	Value  string `json:"value"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func importOf(i importing.Import, found []importing.RowError) importBody {
	out := importBody{
		ID: string(i.ID), State: string(i.State), Encoding: i.Encoding, Columns: make([]columnBody, len(i.Columns)),
		Mapping: make(map[string]string, len(i.Mapping)), Match: string(i.Match), OnMatch: string(i.OnMatch), Rows: i.Rows, Position: i.Position,
		Counts: importCounts{Create: i.Counts.Created, Update: i.Counts.Updated, Skip: i.Counts.Skipped, Error: i.Counts.Failed},
		Errors: make([]rowErrorBody, len(found)), Detail: i.Detail, CreatedAt: wire.Stamp(i.CreatedAt),
		CreatedBy: wire.Actor{Kind: string(i.Actor.Kind), ID: i.Actor.ID, Name: i.Actor.Name},
	}
	for n, c := range i.Columns {
		out.Columns[n] = columnBody{Index: c.Index, Header: c.Header, Samples: c.Samples}
	}
	for index, f := range i.Mapping {
		out.Mapping[strconv.Itoa(index)] = string(f)
	}
	for n, e := range found {
		out.Errors[n] = rowErrorBody{Row: e.Row, Column: e.Column, Value: e.Value, Code: e.Code, Detail: e.Detail}
	}
	return out
}

const (
	csvType     = "text/csv"
	importsPath = apiPrefix + "/workspaces/{workspace}/imports"
)

func (s *Server) importRoutes() {
	tags := []string{"contacts"}
	one := importsPath + "/{import}"
	member(s, huma.Operation{
		Method: http.MethodPost, Path: importsPath, Summary: "Send a table of contacts", Tags: tags, DefaultStatus: http.StatusCreated,
		MaxBodyBytes: importing.MaxFile + 1, // huma takes one less
		Description:  "Text with commas, semicolons or tabs, the first row names the columns; UTF-8, UTF-16 or GB18030; at most 20 MiB and 100,000 rows.",
	}, identity.ContactImport, s.createImport)
	member(s, huma.Operation{Method: http.MethodGet, Path: importsPath, Summary: "List imports", Tags: tags},
		identity.ContactImport, s.listImports)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get an import", Tags: tags},
		identity.ContactImport, s.getImport)
	member(s, huma.Operation{Method: http.MethodPatch, Path: one, Summary: "Say what the columns mean", Tags: tags},
		identity.ContactImport, s.patchImport)
	member(s, huma.Operation{Method: http.MethodPost, Path: one + "/check", Summary: "Try an import; nothing is written", Tags: tags},
		identity.ContactImport, s.checkImport)
	member(s, huma.Operation{Method: http.MethodPost, Path: one + "/run", Summary: "Run an import", Tags: tags},
		identity.ContactImport, s.runImport)
	member(s, huma.Operation{Method: http.MethodGet, Path: one + "/errors.csv", Summary: "Download the rows that were left out", Tags: tags},
		identity.ContactImport, s.importErrors)
}

// largeBodies lets tables of contacts be larger than other requests: fasthttp
// asks before it reads a body, all of which it keeps in memory. So only those
// who may import send them; anybody else's are cut off as every request is.
func (s *Server) largeBodies(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if !h.IsPost() || !isTable(string(h.ContentType()), string(h.RequestURI())) || !s.mayImport(h) {
		return fasthttp.RequestConfig{}
	}
	const patience = 2 * time.Minute // 20 MiB at 1.5 Mbit/s
	return fasthttp.RequestConfig{MaxRequestBodySize: importing.MaxFile, ReadTimeout: patience}
}

// mayImport reports whether a request comes from somebody who may import into
// the workspace that its path names. The route asks again.
func (s *Server) mayImport(h *fasthttp.RequestHeader) bool {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience) //nolint:forbidigo // there is no request yet
	defer cancel()
	before, after, _ := strings.Cut(importsPath, "{workspace}")
	path, _, _ := strings.Cut(string(h.RequestURI()), "?")
	path, under := strings.CutPrefix(path, before)
	workspace, ends := strings.CutSuffix(path, after)
	if !under || !ends {
		return false
	}
	who, err := s.callerOf(ctx, func(name string) string { return string(h.Cookie(name)) })
	if err != nil {
		return false
	}
	_, err = s.scopeOf(ctx, who, workspace, identity.ContactImport)
	return err == nil
}

// isTable reports whether a request brings a table of contacts.
func isTable(contentType, uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	return strings.HasPrefix(contentType, csvType) && pathUnder(path, apiPrefix) && strings.HasSuffix(path, "/imports")
}

type createImportInput struct {
	Workspace string `path:"workspace"`
	RawBody   []byte `contentType:"text/csv"`
}

func (s *Server) createImport(ctx context.Context, scope identity.Scope, in *createImportInput) (*body[importBody], error) {
	i, err := s.Imports.Upload(ctx, scope, in.RawBody)
	if err != nil {
		return nil, err
	}
	return &body[importBody]{Body: importOf(i, nil)}, nil
}

type listImportsInput struct {
	Workspace string `path:"workspace"`
	Paging
}

func (s *Server) listImports(ctx context.Context, scope identity.Scope, in *listImportsInput) (*body[list[importBody]], error) {
	p, err := s.Imports.List(ctx, scope, page.Request{Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	return listOf(p, func(i importing.Import) importBody { return importOf(i, nil) }), nil
}

// ImportPath is the path parameters of one import.
type ImportPath struct {
	Workspace string `path:"workspace"`
	Import    string `path:"import"`
}

func (p ImportPath) id() importing.ID { return importing.ID(p.Import) }

func (s *Server) getImport(ctx context.Context, scope identity.Scope, in *ImportPath) (*body[importBody], error) {
	i, found, err := s.Imports.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	return &body[importBody]{Body: importOf(i, found)}, nil
}

type patchImportInput struct {
	ImportPath
	Body struct {
		Mapping map[string]string `json:"mapping,omitempty" doc:"The whole mapping; an empty field leaves its column out."`
		Match   *string           `json:"match,omitempty" enum:"email,phone,external_id,none"`
		OnMatch *string           `json:"on_match,omitempty" enum:"update,skip"`
	}
}

func (s *Server) patchImport(ctx context.Context, scope identity.Scope, in *patchImportInput) (*body[importBody], error) {
	var p importing.Plan
	if in.Body.Mapping != nil {
		p.Mapping = make(map[int]importing.Field, len(in.Body.Mapping))
		for index, f := range in.Body.Mapping {
			n, err := strconv.Atoi(index)
			if err != nil {
				return nil, errs.New(errs.Invalid, "import.mapping", "Some fields are not right.").
					WithFields(errs.Field{Pointer: "/mapping", Code: "column", Detail: "has a key that is no index of a column"})
			}
			p.Mapping[n] = importing.Field(f)
		}
	}
	if in.Body.Match != nil {
		p.Match = new(importing.Match(*in.Body.Match))
	}
	if in.Body.OnMatch != nil {
		p.OnMatch = new(importing.OnMatch(*in.Body.OnMatch))
	}
	if _, err := s.Imports.Configure(ctx, scope, in.id(), p); err != nil {
		return nil, err
	}
	return s.getImport(ctx, scope, &in.ImportPath)
}

func (s *Server) checkImport(ctx context.Context, scope identity.Scope, in *ImportPath) (*body[importBody], error) {
	i, err := s.Imports.Check(ctx, scope, in.id())
	return &body[importBody]{Body: importOf(i, nil)}, err
}

func (s *Server) runImport(ctx context.Context, scope identity.Scope, in *ImportPath) (*body[importBody], error) {
	i, err := s.Imports.Run(ctx, scope, in.id())
	return &body[importBody]{Body: importOf(i, nil)}, err
}

type importErrorsOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) importErrors(ctx context.Context, scope identity.Scope, in *ImportPath) (*importErrorsOutput, error) {
	var b bytes.Buffer
	if err := s.Imports.WriteErrors(ctx, scope, in.id(), &b); err != nil {
		return nil, err
	}
	return &importErrorsOutput{ContentType: csvType + "; charset=utf-8", Disposition: `attachment; filename="errors.csv"`, Body: b.Bytes()}, nil
}
