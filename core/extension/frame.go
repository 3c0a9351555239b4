package extension

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// frameLife is how long a frame's token is good; the console asks for the next
// one in time.
const frameLife = 10 * time.Minute

// maxFrameToken bounds what is read as a token, in bytes.
const maxFrameToken = 2048

// frameTicket is what a frame's token says. It is signed, not stored: with the
// session, the connection or the reach it ends by itself, because each is looked
// at again whenever it is used.
type frameTicket struct {
	Workspace    identity.WorkspaceID `json:"w"`
	Actor        string               `json:"a"` // kind and id
	Session      string               `json:"s"`
	Connection   ConnectionID         `json:"c"`
	Panel        string               `json:"p"`
	Conversation string               `json:"o,omitempty"`
	Ticket       string               `json:"t,omitempty"`
	Locale       string               `json:"l,omitempty"`
	Theme        string               `json:"h,omitempty"`
	Until        time.Time            `json:"u"`
}

func ticketOf(ctx context.Context, scope identity.Scope, a Ask, until time.Time) frameTicket {
	return frameTicket{
		Workspace: scope.Workspace, Actor: string(scope.Actor.Kind) + " " + scope.Actor.ID, Session: identity.ClientFrom(ctx).Via,
		Connection: a.Connection, Panel: a.Panel, Conversation: a.Subject.Conversation, Ticket: a.Subject.Ticket,
		Locale: a.Locale, Theme: a.Theme, Until: until.UTC(),
	}
}

// sign returns the token: the ticket and 256 bits of HMAC-SHA256 over it.
func (t frameTicket) sign(key []byte) string {
	text, _ := json.Marshal(t) //nolint:errchkjson // texts and a time
	return base64.RawURLEncoding.EncodeToString(text) + "." + base64.RawURLEncoding.EncodeToString(seal(key, text))
}

func seal(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

// readTicket reads a token of ours; it may have ended.
func readTicket(key []byte, token string) (frameTicket, error) {
	if len(token) > maxFrameToken {
		return frameTicket{}, badTicket()
	}
	body, sum, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return frameTicket{}, badTicket()
	}
	given, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(given, seal(key, text)) {
		return frameTicket{}, badTicket()
	}
	var t frameTicket
	if json.Unmarshal(text, &t) != nil {
		return frameTicket{}, badTicket()
	}
	return t, nil
}

func badTicket() *errs.Error {
	return errs.New(errs.Forbidden, "panel.frame_token", "The page's token is not good here, or its time is over. Open the page again.")
}
