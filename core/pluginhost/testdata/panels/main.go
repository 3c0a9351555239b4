// Package main is a plugin with a panel, a page, records, tools and routes, which
// does what its instance's "mode" says. It is built by tests, and its page means
// harm: see web/e2e/test/frames.test.js.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

//go:embed plugin.yaml
var manifest []byte

func main() {
	p := &plugin{written: make(map[string]int)}
	sdk.Serve(sdk.Plugin{
		Manifest:  manifest,
		Panel:     func(sdk.Env) (panel.Panel, error) { return p, nil },
		Connector: func(sdk.Env) (connector.Connector, error) { return p, nil },
		Tools:     func(sdk.Env) (tool.Tools, error) { return p, nil },
		Route:     func(sdk.Env) (route.Route, error) { return p, nil },
	})
}

type plugin struct {
	mu      sync.Mutex
	written map[string]int // by idempotency key
}

func mode(i instance.Instance) string {
	var c struct {
		Mode string `json:"mode"`
	}
	_ = i.Decode(&c)
	return c.Mode
}

// Render implements panel.Panel: it says all that it was told.
func (p *plugin) Render(ctx context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	if mode(req.Instance) == "slow" {
		<-ctx.Done()
		return panel.RenderResponse{}, ctx.Err()
	}
	said, err := json.Marshal(req.Context)
	if err != nil {
		return panel.RenderResponse{}, err
	}
	return panel.RenderResponse{Card: card.New(card.Text{Text: string(said)}), Fresh: time.Minute}, nil
}

// Act implements panel.Actor.
func (p *plugin) Act(_ context.Context, req panel.ActRequest) (panel.ActResponse, error) {
	if req.Action == "no" {
		return panel.ActResponse{}, errs.Reject("no", "No.")
	}
	return panel.ActResponse{Message: "did " + req.Action, InsertText: "hello"}, nil
}

// Call implements panel.Caller: it says who asked.
func (p *plugin) Call(_ context.Context, req panel.CallRequest) (panel.CallResponse, error) {
	value, err := json.Marshal(map[string]any{"method": req.Method, "context": req.Context, "params": req.Params})
	return panel.CallResponse{Value: value}, err
}

// DescribeObjects implements connector.Connector.
func (p *plugin) DescribeObjects(context.Context, connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	return connector.DescribeObjectsResponse{Objects: []connector.ObjectType{{
		Name: "party", Label: "Party", Lookup: true, Search: true, Upsert: true, Activities: true, Pull: true,
		Fields: []connector.Field{{Name: "mail", Label: "E-mail", Type: connector.Email, Writable: true}, {Name: "tel", Label: "Phone", Type: connector.Phone}},
	}}}, nil
}

// Lookup implements connector.Connector.
func (p *plugin) Lookup(ctx context.Context, req connector.LookupRequest) (connector.LookupResponse, error) {
	if mode(req.Instance) == "slow" {
		<-ctx.Done()
		return connector.LookupResponse{}, ctx.Err()
	}
	return connector.LookupResponse{Records: []connector.Record{record("1", strings.Join(req.Emails, " "))}}, nil
}

func record(id, mail string) connector.Record {
	return connector.Record{Object: "party", ID: id, Title: "Party " + id, URL: "https://crm.example/party/" + id, Fields: map[string]any{"mail": mail}}
}

// Search implements connector.Searcher.
func (p *plugin) Search(_ context.Context, req connector.SearchRequest) (connector.SearchResponse, error) {
	return connector.SearchResponse{Records: []connector.Record{record("2", req.Query)}}, nil
}

// Upsert implements connector.Upserter.
func (p *plugin) Upsert(_ context.Context, req connector.UpsertRequest) (connector.UpsertResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written[req.IdempotencyKey]++
	req.Record.ID, req.Record.Title = "3", "Party 3"
	return connector.UpsertResponse{Record: req.Record, Duplicate: p.written[req.IdempotencyKey] > 1}, nil
}

// AddActivity implements connector.ActivityKeeper.
func (p *plugin) AddActivity(_ context.Context, req connector.AddActivityRequest) (connector.AddActivityResponse, error) {
	if req.RecordID == "gone" {
		return connector.AddActivityResponse{}, errs.Reject("gone", "There is no such party.")
	}
	return connector.AddActivityResponse{ID: "act-" + req.RecordID}, nil
}

// PullChanges implements connector.Puller: two pages.
func (p *plugin) PullChanges(_ context.Context, req connector.PullChangesRequest) (connector.PullChangesResponse, error) {
	switch string(req.Cursor) {
	case "":
		return connector.PullChangesResponse{Records: []connector.Record{record("10", "Pulled@Example.com"), record("11", "nobody@example.com")}, Cursor: []byte("1"), More: true}, nil
	case "1":
		return connector.PullChangesResponse{Records: []connector.Record{record("12", "pulled@example.com")}, Cursor: []byte("2")}, nil
	}
	return connector.PullChangesResponse{}, nil
}

// Invoke implements tool.Tools.
func (p *plugin) Invoke(_ context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written[req.ID]++
	if req.Tool == "parcel" && strings.Contains(string(req.Args), "lost") {
		return tool.InvokeResponse{}, errs.Reject("lost", "There is no such parcel.")
	}
	out, err := json.Marshal(map[string]any{"times": p.written[req.ID], "tool": req.Tool})
	return tool.InvokeResponse{Output: out}, err
}

// Handle implements route.Route: it says what it heard, and answers as badly as
// it is asked to.
func (p *plugin) Handle(_ context.Context, req route.Request) (route.Response, error) {
	heard, err := json.Marshal(map[string]any{"method": req.Method, "path": req.Path, "query": req.RawQuery, "header": req.Header, "body": string(req.Body)})
	out := route.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: heard}
	switch {
	case req.Query.Get("html") != "":
		out.Header.Set("Content-Type", "text/html")
		out.Body = []byte(`<script>document.title="ran"</script><p>hello</p>`)
	case req.Query.Get("to") != "":
		out.Status, out.Body = http.StatusFound, nil
		out.Header.Set("Location", req.Query.Get("to"))
	case req.Query.Get("bad") != "":
		for name, value := range map[string]string{
			"Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true", "Content-Security-Policy": "default-src *",
			"X-Accel-Redirect": "/etc/passwd", "Refresh": "0;url=https://x.example", "Clear-Site-Data": "*", "Service-Worker-Allowed": "/",
			"Strict-Transport-Security": "max-age=0", "Link": "<https://x.example>; rel=preconnect", "X-Frame-Options": "ALLOW", "WWW-Authenticate": "Basic",
		} {
			out.Header.Set(name, value)
		}
	}
	return out, err
}
