package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// fileLimit is the most bytes of one file on a ticket's page: what the inbox
// allows that the ticket came by, as in its chat window; 0 = no limit but the
// server's. Errors: upload.not_allowed where that inbox takes no files.
func (s *Server) fileLimit(ctx context.Context, t ticket.Ticket) (int64, error) {
	if t.Inbox == "" {
		return 0, nil
	}
	most, err := s.mayUpload(ctx, t.Inbox)
	if err != nil && errs.As(err).Code != "upload.not_allowed" { // no chat window, or none any more
		return 0, nil
	}
	return most, err
}

func (s *Server) takesFiles(ctx context.Context, t ticket.Ticket) bool {
	_, err := s.fileLimit(ctx, t)
	return s.Media != nil && err == nil
}

// begin opens an upload for the customer of a ticket.
func (p *ticketPage) begin(c *fiber.Ctx) error {
	ctx := c.UserContext()
	t, by, err := p.s.Tickets.Bringer(ctx, c.Params("token"))
	if err != nil {
		return err
	}
	most, err := p.s.fileLimit(ctx, t)
	if err != nil {
		return err
	}
	if err := p.s.limits.Allow("upload", by.ID, visitorUploads()); err != nil {
		return err
	}
	if err := p.s.limits.Allow("upload-from", network(clientOf(ctx).Address), addressUploads()); err != nil {
		return err
	}
	var a announcement
	strict := json.NewDecoder(bytes.NewReader(c.Body()))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&a); err != nil {
		return errs.New(errs.Invalid, "request.invalid", "This is not how a file is announced: {name, size, sha256?}.")
	}
	u, err := p.s.Media.Begin(ctx, t.Workspace, by, a.domain(), most)
	if err != nil {
		return err
	}
	return c.Status(http.StatusCreated).JSON(uploadOf(u).Body)
}

// piece takes a piece of a file.
func (p *ticketPage) piece(c *fiber.Ctx) error {
	t, by, err := p.s.Tickets.Bringer(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	offset, err := strconv.ParseInt(c.Query("offset"), 10, 64)
	if err != nil || offset < 0 {
		return errs.New(errs.Invalid, "request.invalid", "offset is where the piece begins.").
			WithFields(errs.Field{Pointer: "offset", Code: "format", Detail: "is not a number of bytes"})
	}
	out, err := p.s.appendPiece(c.UserContext(), t.Workspace, by, c.Params("upload"), offset, c.Body())
	if err != nil {
		return err
	}
	return c.JSON(out.Body)
}

// file answers a file of a public comment, for as long as the link works.
func (p *ticketPage) file(c *fiber.Ctx) error {
	a, err := p.s.Tickets.File(c.UserContext(), c.Params("token"), media.ID(c.Params("attachment")))
	if err != nil {
		return err
	}
	f, err := p.s.Media.Open(c.UserContext(), a.ID, p.s.Media.Signer.Ticket(a.ID), media.Original)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store") // a link that is revoked takes its files along
	return p.s.sendMedia(c, f)
}

// filesIn are the files that a form names.
func filesIn(c *fiber.Ctx) []media.ID {
	var out []media.ID
	for _, one := range c.Request().PostArgs().PeekMulti("file") {
		out = append(out, media.ID(one))
	}
	return out
}
