package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/markup"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) messageHTMLRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/messages/{message}/html", Summary: "Show the HTML of a message", Tags: []string{"conversations"},
		Description: "A page to be shown in a frame: what may be shown of the HTML that the far side wrote. Nothing in it runs, sends a form or loads from elsewhere; " +
			"pictures that came with the message are in their places. Pictures elsewhere are left out, unless they are asked for: then they are loaded through this server. " +
			"The page's body says how many there are (data-pictures), and how many of them only count who reads (data-pixels): those are never loaded. 404 for a message without HTML.",
	},
		identity.ConversationRead, s.messageHTML)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/messages/{message}/picture", Summary: "Show a picture that a message has elsewhere", Tags: []string{"conversations"},
		Description: "The picture is loaded from where the message's HTML has it, and drawn anew. The far side learns this server's address and that somebody reads, no more. " +
			"404 for a number that the message does not have, 422 for what is no picture, 503 for what cannot be loaded.",
	},
		identity.ConversationRead, s.messagePicture)
}

type messageHTMLInput struct {
	ConversationPath
	Message  string `path:"message"`
	Pictures bool   `query:"pictures" doc:"With the pictures that are elsewhere."`
}

type messagePictureInput struct {
	ConversationPath
	Message string `path:"message"`
	Number  int    `query:"n" minimum:"0" maximum:"10000" doc:"Which of the message's pictures that are elsewhere, from 0."`
}

// Pictures loads pictures that messages show from elsewhere.
type Pictures interface {
	// Picture returns the picture at an address, drawn anew. Errors:
	// picture.unreachable (errs.Unavailable), picture.none (errs.Invalid).
	Picture(ctx context.Context, address string) (media.Drawn, error)
}

// foreignPolicy is the policy of a page that a stranger wrote. It is of our
// origin, so that the console can measure it, and without scripts: there is
// nothing in it that could make use of that.
const foreignPolicy = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"

// framed is a page that is shown in a frame of the console.
type framed struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

func (s *Server) messageHTML(ctx context.Context, scope identity.Scope, in *messageHTMLInput) (*framed, error) {
	m, source, err := s.Conversations.HTML(ctx, scope, in.id(), conversation.MessageID(in.Message))
	if err != nil {
		return nil, err
	}
	shown, _ := s.cleaned(m, source, in.Pictures && s.Pictures != nil)
	return &framed{ContentType: "text/html; charset=utf-8", Policy: foreignPolicy, Body: []byte(markup.Document(shown))}, nil
}

// cleaned is what may be shown of a message's HTML, and the addresses of its
// pictures elsewhere, by their numbers.
func (s *Server) cleaned(m conversation.Message, source string, pictures bool) (markup.Cleaned, []string) {
	var elsewhere []string
	shown := markup.Clean(source, markup.Images{
		Inline: func(id string) string { return pictureOf(m, id) },
		Remote: func(address string) string {
			elsewhere = append(elsewhere, address)
			if !pictures {
				return ""
			}
			return "picture?n=" + strconv.Itoa(len(elsewhere)-1)
		},
	})
	return shown, elsewhere
}

// picturePolicy is the policy of a picture that is opened by itself.
const picturePolicy = "default-src 'none'; sandbox"

// drawn is a picture in a page of a frame.
type drawn struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

func (s *Server) messagePicture(ctx context.Context, scope identity.Scope, in *messagePictureInput) (*drawn, error) {
	m, source, err := s.Conversations.HTML(ctx, scope, in.id(), conversation.MessageID(in.Message))
	if err != nil {
		return nil, err
	}
	_, elsewhere := s.cleaned(m, source, false)
	if in.Number >= len(elsewhere) || s.Pictures == nil {
		return nil, errs.Absent()
	}
	p, err := s.Pictures.Picture(ctx, elsewhere[in.Number])
	if err != nil {
		return nil, err
	}
	return &drawn{ContentType: p.Type, Policy: picturePolicy, Cache: "private, max-age=86400", Body: p.Data}, nil
}

// pictureOf is the address of the picture that a message's HTML shows under an
// id: the one that was drawn anew here; "" for none.
func pictureOf(m conversation.Message, id string) string {
	for _, a := range m.Attachments {
		if a.ContentID == id && id != "" && a.Kind == media.Image && a.HasPreview() {
			return wire.AttachmentOf(a).PreviewURL
		}
	}
	return ""
}
