// Package route is the ability to serve HTTP under
// /x/<publisher>/<plugin>/<instance>/: a download, a form of the far side's, a
// callback that is no message. The manifest says which paths and methods.
//
// The core takes cookies and credentials of its own away in both directions, so
// a route never knows a member's session: it checks by itself who asks.
//
// Concurrency: Handle is called from several goroutines at once.
package route

import (
	"context"
	"net/http"
	"net/url"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// MaxBody bounds the body of an answer, in bytes.
const MaxBody = 1 << 20

// Route serves HTTP. HTTP makes one of a net/http handler.
type Route interface {
	// Handle answers a request. ctx ends after 10 seconds. After an error the
	// core answers by itself: 400 with the detail for the source Rejected, 502
	// for FarSide, 500 otherwise.
	Handle(ctx context.Context, req Request) (Response, error)
}

// Request is a request whose method and path the manifest allows.
type Request struct {
	Instance instance.Instance
	ID       string // given by the core
	Method   string
	Path     string // after the instance, with a leading slash
	Query    url.Values
	RawQuery string
	Header   http.Header
	Body     []byte // at most the route's max_body_kb
	Remote   string // address of who asks
}

// Response is the answer.
type Response struct {
	Status int // 0 = 200
	Header http.Header
	Body   []byte // at most MaxBody
}
