package channel

import (
	"net/http"
	"net/url"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// ReceiveRequest is a raw request of the far side.
type ReceiveRequest struct {
	Instance instance.Instance
	ID       string // given by the core, the same on replay
	Method   string
	Path     string // after the inbox's address, with a leading slash
	Query    url.Values
	RawQuery string
	Header   http.Header
	Body     []byte // byte for byte: compute signatures over these
	Remote   string // address of the sender
	Replay   bool   // the far side was answered long ago; only Messages matters
}

// ReceiveResponse is what the request brought, and what to answer.
type ReceiveResponse struct {
	Messages []Inbound
	Status   int         // 0 = 200
	Header   http.Header // nil = Content-Type: text/plain when there is a body
	Body     []byte
}
