package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/markup"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) messageHTMLRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/{conversation}/messages/{message}/html", Summary: "Show the HTML of a message", Tags: []string{"conversations"},
		Description: "A page to be shown in a frame: what may be shown of the HTML that the far side wrote. Nothing in it runs, sends a form or loads from elsewhere; " +
			"pictures that came with the message are in their places. 404 for a message without HTML.",
	},
		identity.ConversationRead, s.messageHTML)
}

type messageHTMLInput struct {
	ConversationPath
	Message string `path:"message"`
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
	shown := markup.Clean(source, markup.Images{Inline: func(id string) string { return pictureOf(m, id) }})
	return &framed{ContentType: "text/html; charset=utf-8", Policy: foreignPolicy, Body: []byte(markup.Document(shown.HTML))}, nil
}

// pictureOf is the address of the picture that a message's HTML shows under an
// id: the one that was drawn anew here; "" for none.
func pictureOf(m conversation.Message, id string) string {
	for _, a := range m.Attachments {
		if a.ContentID == id && id != "" && a.HasPreview() {
			return wire.AttachmentOf(a).PreviewURL
		}
	}
	return ""
}
