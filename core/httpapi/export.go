package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// exportBody is an export.
type exportBody struct {
	ID         string           `json:"id"`
	ContactID  string           `json:"contact_id,omitempty" doc:"Absent: of the whole workspace."`
	WithFiles  bool             `json:"with_files"`
	State      string           `json:"state" enum:"queued,running,done,failed,cancelled"`
	Done       int64            `json:"done" doc:"Lines written."`
	Total      int64            `json:"total" doc:"Lines there are, about; 0 until they are counted."`
	Size       int64            `json:"size,omitempty" doc:"Bytes."`
	SHA256     string           `json:"sha256,omitempty"`
	Counts     map[string]int64 `json:"counts,omitempty" doc:"Lines by noun."`
	Code       string           `json:"code,omitempty" enum:"export.failed,export.interrupted,export.erasure,export.no_space" doc:"Of a failure. export.erasure: a contact was erased, so every export from before was thrown away."`
	Detail     string           `json:"detail,omitempty"`
	By         string           `json:"by,omitempty" doc:"A name."`
	CreatedAt  time.Time        `json:"created_at"`
	FinishedAt *time.Time       `json:"finished_at,omitempty"`
	ExpiresAt  *time.Time       `json:"expires_at,omitempty" doc:"When the file is thrown away; absent: there is none."`
}

func (s *Server) exportOf(j export.Job) exportBody {
	out := exportBody{
		ID: string(j.ID), ContactID: string(j.Contact), WithFiles: j.Files, State: string(j.State), Done: j.Done, Total: j.Total,
		Size: j.Size, SHA256: j.SHA256, Counts: j.Counts, Code: j.Code, Detail: j.Detail, By: j.Actor.Name,
		CreatedAt: wire.Stamp(j.CreatedAt), FinishedAt: stampOf(j.FinishedAt),
	}
	if j.State == export.Done && j.HasFile && s.Now().Before(j.ExpiresAt) {
		out.ExpiresAt = stampOf(j.ExpiresAt)
	}
	return out
}

const exportsPath = apiPrefix + "/workspaces/{workspace}/exports"

func (s *Server) exportRoutes() {
	tags, one := []string{"data"}, exportsPath+"/{export}"
	member(s, huma.Operation{Method: http.MethodGet, Path: exportsPath, Summary: "List exports", Description: "The newest 50.", Tags: tags}, identity.WorkspaceExport, s.listExports)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: exportsPath, Summary: "Start an export", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "Of everything, or of one contact. It is made in the background, one at a time in a workspace; see docs/operate/export.md for the format.",
	}, identity.WorkspaceExport, s.startExport)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get an export", Tags: tags}, identity.WorkspaceExport, s.getExport)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: one, Summary: "Cancel an export, or throw its file away", Tags: tags, DefaultStatus: http.StatusNoContent,
	}, identity.WorkspaceExport, s.deleteExport)
	s.plain(huma.Operation{ // huma would hold it in memory
		Path: one + "/file", Summary: "Download an export", Tags: tags, Description: "A zip. It takes a session: an API key is refused.",
		Responses: map[string]*huma.Response{"200": {Description: "The file.", Content: map[string]*huma.MediaType{"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}},
	}, access(identity.WorkspaceExport), s.sendExport)
}

type exportPath struct {
	WorkspacePath
	Export string `path:"export"`
}

func (s *Server) listExports(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[exportBody]], error) {
	found, err := s.Exports.Jobs(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[exportBody]]{Body: list[exportBody]{Items: make([]exportBody, len(found))}}
	for i, j := range found {
		out.Body.Items[i] = s.exportOf(j)
	}
	return out, nil
}

type startExportInput struct {
	WorkspacePath
	Body struct {
		ContactID string `json:"contact_id,omitempty" maxLength:"40" doc:"Only what is kept of this contact."`
		WithFiles *bool  `json:"with_files,omitempty" doc:"The bytes of attachments, too; true unless said otherwise."`
	}
}

func (s *Server) startExport(ctx context.Context, scope identity.Scope, in *startExportInput) (*body[exportBody], error) {
	files := in.Body.WithFiles == nil || *in.Body.WithFiles
	return asOne(s.exportOf)(s.Exports.Start(ctx, scope, contact.ID(in.Body.ContactID), files))
}

func (s *Server) getExport(ctx context.Context, scope identity.Scope, in *exportPath) (*body[exportBody], error) {
	return asOne(s.exportOf)(s.Exports.Job(ctx, scope, export.ID(in.Export)))
}

func (s *Server) deleteExport(ctx context.Context, scope identity.Scope, in *exportPath) (*struct{}, error) {
	return nil, s.Exports.Delete(ctx, scope, export.ID(in.Export))
}

// sendExport answers the bytes of an export to a signed-in member. A key may
// start one and ask how far it is; the file itself takes a person.
func (s *Server) sendExport(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if _, ok := keyIn(c.Get(fiber.HeaderAuthorization)); ok {
		return identity.KeyNotHere()
	}
	who, err := s.callerOf(ctx, func(name string) string { return c.Cookies(name) })
	if err != nil {
		return err
	}
	client := clientOf(ctx)
	client.Via = string(who.session.ID)
	ctx = identity.WithClient(ctx, client)
	scope, err := s.scopeOf(ctx, who, c.Params("workspace"), identity.WorkspaceExport)
	if err != nil {
		return err
	}
	j, f, err := s.Exports.Download(ctx, scope, export.ID(c.Params("export")))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, inertMedia)
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="patchbay-`+j.CreatedAt.UTC().Format("20060102-150405")+`.zip"`)
	c.Set(fiber.HeaderContentLength, strconv.FormatInt(f.Size(), 10))
	c.Context().Response.SetBodyStream(&stream{
		Reader: io.NewSectionReader(f, 0, f.Size()), Closer: f, conn: c.Context().Conn(), now: s.Now,
	}, int(f.Size()))
	return nil
}
