package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

// The budgets of uploads. A visitor's is per session and, wider, per address.
func visitorUploads() limit.Rate { return limit.Rate{Every: time.Hour / 20, Burst: 20} }
func addressUploads() limit.Rate { return limit.Rate{Every: 15 * time.Second, Burst: 200} }
func memberUploads() limit.Rate  { return limit.Rate{Every: 2 * time.Second, Burst: 300} }
func uploadPieces() limit.Rate   { return limit.Rate{Every: time.Second / 20, Burst: 200} }

// uploadBody is a file on its way in.
type uploadBody struct {
	ID         string           `json:"id"`
	Offset     int64            `json:"offset" doc:"Bytes that are on disk: go on from here."`
	Size       int64            `json:"size"`
	ChunkSize  int64            `json:"chunk_size" doc:"The most bytes of one PATCH."`
	ExpiresAt  time.Time        `json:"expires_at" doc:"When it is thrown away, unless a message takes it."`
	Attachment *wire.Attachment `json:"attachment,omitempty" doc:"Once the last byte is there and the file was looked at."`
}

func uploadOf(u media.Upload) *body[uploadBody] {
	out := uploadBody{
		ID: media.UploadID(u.ID), Offset: u.Received, Size: u.Size, ChunkSize: media.ChunkSize, ExpiresAt: wire.Stamp(u.ExpiresAt),
	}
	if u.State != media.Uploading {
		a := wire.AttachmentOf(u.Attachment)
		out.Attachment = &a
	}
	return &body[uploadBody]{Body: out}
}

// announcement is the body that opens an upload.
type announcement struct {
	Name   string `json:"name" maxLength:"1000" doc:"As the file is called. It is cleaned, and only ever shown."`
	Size   int64  `json:"size" doc:"Bytes."`
	SHA256 string `json:"sha256,omitempty" doc:"Hex. Checked when the file is whole."`
}

func (a announcement) domain() media.Announcement {
	return media.Announcement{Name: a.Name, Size: a.Size, SHA256: a.SHA256}
}

// uploadOperation is one of the four requests of an upload, which members and
// visitors share.
func uploadOperation(method, path, summary, tag string) huma.Operation {
	op := huma.Operation{Method: method, Path: path, Summary: summary, Tags: []string{tag}}
	if isUploadPiece(path) {
		op.Metadata = map[string]any{ownLimit: true}
	}
	switch method {
	case http.MethodPost:
		op.DefaultStatus = http.StatusCreated
	case http.MethodPatch:
		op.MaxBodyBytes = media.ChunkSize + 1 // huma takes one less
		op.Description = "The last byte finishes the file. At another offset than the upload's: 409 upload.offset, with the right one in fields[0].detail. An empty piece at the end finishes what was interrupted."
	case http.MethodDelete:
		op.DefaultStatus = http.StatusNoContent
	}
	return op
}

func (s *Server) uploadRoutes() {
	if s.Media == nil {
		return
	}
	path := apiPrefix + "/workspaces/{workspace}/uploads"
	one := path + "/{upload}"
	member(s, uploadOperation(http.MethodPost, path, "Open an upload", "media"), identity.ConversationReply, s.beginUpload)
	member(s, uploadOperation(http.MethodPatch, one, "Send a piece of a file", "media"), identity.ConversationReply, s.appendUpload)
	member(s, uploadOperation(http.MethodGet, one, "Ask how far an upload is", "media"), identity.ConversationReply, s.getUpload)
	member(s, uploadOperation(http.MethodDelete, one, "Throw an upload away", "media"), identity.ConversationReply, s.cancelUpload)

	path = livePath + "/uploads"
	one = path + "/{upload}"
	register(s, uploadOperation(http.MethodPost, path, "Open an upload as a visitor", "visitors"), accessVisitor, s.visitorBeginUpload)
	register(s, uploadOperation(http.MethodPatch, one, "Send a piece of a file as a visitor", "visitors"), accessVisitor, s.visitorAppendUpload)
	register(s, uploadOperation(http.MethodGet, one, "Ask how far a visitor's upload is", "visitors"), accessVisitor, s.visitorGetUpload)
	register(s, uploadOperation(http.MethodDelete, one, "Throw a visitor's upload away", "visitors"), accessVisitor, s.visitorCancelUpload)
	for _, path := range []string{apiPrefix + "/workspaces/{workspace}/uploads/{upload}", one} {
		// huma wants a body wherever it may have one; an empty piece has none.
		s.api.OpenAPI().Paths[path].Patch.RequestBody.Required = false
	}
	s.mediaRoutes()
}

type beginUploadInput struct {
	Workspace string `path:"workspace"`
	Body      announcement
}

// UploadPath is the path parameters of one upload.
type UploadPath struct {
	Workspace string `path:"workspace"`
	Upload    string `path:"upload"`
}

type appendUploadInput struct {
	UploadPath
	Offset  int64  `query:"offset" required:"true" minimum:"0"`
	RawBody []byte `contentType:"application/octet-stream"`
}

func byMember(scope identity.Scope) media.Uploader {
	return media.Uploader{Kind: media.ByMember, ID: scope.Actor.ID}
}

func (s *Server) beginUpload(ctx context.Context, scope identity.Scope, in *beginUploadInput) (*body[uploadBody], error) {
	if err := s.limits.Allow("upload", scope.Actor.ID, memberUploads()); err != nil {
		return nil, err
	}
	u, err := s.Media.Begin(ctx, scope.Workspace, byMember(scope), in.Body.domain(), 0)
	if err != nil {
		return nil, err
	}
	return uploadOf(u), nil
}

func (s *Server) appendUpload(ctx context.Context, scope identity.Scope, in *appendUploadInput) (*body[uploadBody], error) {
	return s.appendPiece(ctx, scope.Workspace, byMember(scope), in.Upload, in.Offset, in.RawBody)
}

func (s *Server) appendPiece(ctx context.Context, w identity.WorkspaceID, by media.Uploader, upload string, offset int64, data []byte) (*body[uploadBody], error) {
	if err := s.limits.Allow("upload-piece", by.ID, uploadPieces()); err != nil {
		return nil, err
	}
	u, err := s.Media.Append(ctx, w, by, media.OfUpload(upload), offset, data)
	if err != nil {
		return nil, err
	}
	return uploadOf(u), nil
}

func (s *Server) getUpload(ctx context.Context, scope identity.Scope, in *UploadPath) (*body[uploadBody], error) {
	u, err := s.Media.Get(ctx, scope.Workspace, byMember(scope), media.OfUpload(in.Upload))
	if err != nil {
		return nil, err
	}
	return uploadOf(u), nil
}

func (s *Server) cancelUpload(ctx context.Context, scope identity.Scope, in *UploadPath) (*struct{}, error) {
	return nil, s.Media.Cancel(ctx, scope.Workspace, byMember(scope), media.OfUpload(in.Upload))
}

type visitorBeginUploadInput struct {
	LivePathInput
	Body announcement
}

// VisitorUploadPath is the path parameters of one upload of a visitor.
type VisitorUploadPath struct {
	LivePathInput
	Upload string `path:"upload"`
}

type visitorAppendUploadInput struct {
	VisitorUploadPath
	Offset  int64  `query:"offset" required:"true" minimum:"0"`
	RawBody []byte `contentType:"application/octet-stream"`
}

func byVisitor(v conversation.Visitor) media.Uploader {
	return media.Uploader{Kind: media.ByVisitor, ID: string(v.ID)}
}

// mayUpload refuses files where the inbox takes none (upload.not_allowed): its
// channel cannot carry them, or its settings turn them off. It returns the most
// bytes that the channel takes; 0 = no limit of its own.
func (s *Server) mayUpload(ctx context.Context, id channel.InboxID) (int64, error) {
	inbox, err := s.Conversations.LiveInbox(ctx, id)
	if err != nil {
		return 0, err
	}
	policy, err := s.Conversations.Policy(ctx, inbox)
	if err != nil {
		return 0, err
	}
	t, _ := s.Inboxes.TypeOf(inbox.Plugin)
	if !policy.Live().Attachments || !t.Capabilities.TakesFiles() {
		return 0, errs.New(errs.Forbidden, "upload.not_allowed", "This chat takes no files.")
	}
	return t.Capabilities.AttachmentLimit, nil
}

func (s *Server) visitorBeginUpload(ctx context.Context, in *visitorBeginUploadInput) (*body[uploadBody], error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	most, err := s.mayUpload(ctx, v.Inbox)
	if err != nil {
		return nil, err
	}
	if err := s.limits.Allow("upload", string(v.ID), visitorUploads()); err != nil {
		return nil, err
	}
	if err := s.limits.Allow("upload-from", network(clientOf(ctx).Address), addressUploads()); err != nil {
		return nil, err
	}
	u, err := s.Media.Begin(ctx, v.Workspace, byVisitor(v), in.Body.domain(), most)
	if err != nil {
		return nil, err
	}
	return uploadOf(u), nil
}

func (s *Server) visitorAppendUpload(ctx context.Context, in *visitorAppendUploadInput) (*body[uploadBody], error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	return s.appendPiece(ctx, v.Workspace, byVisitor(v), in.Upload, in.Offset, in.RawBody)
}

func (s *Server) visitorGetUpload(ctx context.Context, in *VisitorUploadPath) (*body[uploadBody], error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.Media.Get(ctx, v.Workspace, byVisitor(v), media.OfUpload(in.Upload))
	if err != nil {
		return nil, err
	}
	return uploadOf(u), nil
}

func (s *Server) visitorCancelUpload(ctx context.Context, in *VisitorUploadPath) (*struct{}, error) {
	v, err := visitorIn(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Media.Cancel(ctx, v.Workspace, byVisitor(v), media.OfUpload(in.Upload))
}
