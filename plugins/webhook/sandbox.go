package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/panel"
)

const panelSandbox = "sandbox"

// sandbox is the page that helps to connect a system: it sends as the system
// would, shows what came and went, and previews a mapping.
type sandbox struct {
	panel.NoCard
	p *plugin // not embedded: it would be configured a second time
}

// posted is what the page wants to post, or only to look at.
type posted struct {
	Path        string `json:"path"`
	ContentType string `json:"content_type"`
	Body        string `json:"body"`
}

// Call implements panel.Caller.
func (s sandbox) Call(ctx context.Context, req panel.CallRequest) (panel.CallResponse, error) {
	w := wordsIn(req.Context.Locale)
	methods := map[string]func(context.Context, *plan, posted) (any, error){
		"overview": s.overview, "send": s.try, "preview": s.preview, "curl": s.curl, "fetch": s.fetch, "restart": s.restart, "templates": s.prepared,
	}
	method := methods[req.Method]
	switch {
	case method == nil || req.Context.Panel != panelSandbox:
		return panel.CallResponse{}, errs.Reject("unknown_method", w.noMethod)
	case !req.Context.Allows(panel.MayManage):
		return panel.CallResponse{}, errs.Reject("not_allowed", w.notAllowed)
	}
	made, err := s.p.of(req.Instance.ID)
	if err != nil {
		return panel.CallResponse{}, err
	}
	var in posted
	if err := req.Decode(&in); err != nil {
		return panel.CallResponse{}, errs.Reject(errs.CodeBadRequest, w.noParams).WithCause(err)
	}
	value, err := method(ctx, made, in)
	return panel.CallResponse{Value: value}, err
}

// overview is what the page shows without being asked for anything.
func (s sandbox) overview(ctx context.Context, made *plan, _ posted) (any, error) {
	entries, err := made.traffic.List(ctx)
	if e := errs.As(err); e != nil && e.Source == errs.Rejected { // the workspace does not allow the state
		entries, err = nil, nil
	}
	out := map[string]any{
		"traffic": entries, "mapped": made.mapping != nil, "answers": made.config.URL != "", "posts": made.config.Secret != "", "templates": made.config.TemplatesURL != "",
	}
	if made.poll != nil && err == nil {
		out["polled"], err = s.polled(ctx, made)
	}
	return out, err
}

// try posts as the connected system would: the request is signed with the
// inbox's secret and goes through the same door as any other.
func (s sandbox) try(ctx context.Context, made *plan, in posted) (any, error) {
	header := made.sign([]byte(in.Body), s.p.now())
	header.Set("Content-Type", in.contentType())
	got, refused := s.p.receive(ctx, made, channel.ReceiveRequest{
		Instance: made.in, Method: http.MethodPost, Path: in.path(), Header: header, Body: []byte(in.Body),
	}, true)
	if e := errs.As(refused); e != nil && e.Source != errs.Rejected {
		return nil, refused
	}
	for i := range got.Messages {
		got.Messages[i].Instance = made.in.ID
	}
	out := map[string]any{"status": got.Status, "answer": string(got.Body)}
	if len(got.Messages) == 0 {
		return out, nil
	}
	err := s.p.env.Ingest(ctx, got.Messages...)
	if e := errs.As(err); e != nil && e.Source == errs.Rejected {
		out["core"], err = e.Detail, nil
	}
	return out, err
}

// preview reads a body and keeps nothing of it.
func (s sandbox) preview(_ context.Context, made *plan, in posted) (any, error) {
	results, fault := made.looked(in)
	return map[string]any{"results": results, "error": fault}, nil
}

func (p *plan) looked(in posted) ([]mapping.Result, *shape.Fault) {
	kind := shape.Kind(strings.Trim(in.Path, "/"))
	if p.mapping != nil {
		body, fault := mapping.Decode(in.contentType(), []byte(in.Body))
		if fault != nil {
			return nil, fault
		}
		return p.mapping.Apply(body, kind == shape.Echoes)
	}
	raws, _, fault := shape.Split([]byte(in.Body))
	if fault != nil {
		return nil, fault
	}
	if !kind.Known() {
		kind = shape.Messages
	}
	results := make([]mapping.Result, len(raws))
	for i, raw := range raws {
		results[i].Kind = kind
		results[i].Message, results[i].Fault = shape.Read(kind, raw, "")
	}
	return results, nil
}

// curl writes the request as a command: signed, and good for minutes; and as a
// script that signs by itself, where that can be said in a few lines.
func (s sandbox) curl(_ context.Context, made *plan, in posted) (any, error) {
	const post = `curl -sS -X POST "$INBOX`
	begin := post + in.path() + `" -H 'Content-Type: ` + in.contentType() + `'`
	if made.config.Auth == authBearer {
		return map[string]string{"script": begin + ` -H "Authorization: Bearer $SECRET" --data-binary ` + quoted(in.Body)}, nil
	}
	out := map[string]string{}
	signed := []string{begin}
	for name, values := range made.sign([]byte(in.Body), s.p.now()) {
		signed = append(signed, "-H", quoted(name+": "+values[0]))
	}
	out["signed"] = strings.Join(append(signed, "--data-binary", quoted(in.Body)), " ")
	if made.config.Auth != authOther {
		out["script"] = "BODY=" + quoted(in.Body) + "\nT=$(date +%s)\n" +
			`V1=$(printf '%s.%s' "$T" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')` + "\n" +
			begin + ` -H "` + signature.Header + `: t=$T,v1=$V1" --data-binary "$BODY"`
	}
	return out, nil
}

// sign is what the connected system would prove itself by, now.
func (p *plan) sign(body []byte, now time.Time) http.Header {
	if p.config.Auth == authBearer {
		return http.Header{"Authorization": {"Bearer " + p.config.Secret}}
	}
	return p.scheme.Sign(body, now, p.config.Secret)
}

func (in posted) path() string {
	if kind := strings.Trim(in.Path, "/"); shape.Kind(kind).Known() {
		return "/" + kind
	}
	return "/" + string(shape.Messages)
}

func (in posted) contentType() string {
	if in.ContentType == "application/x-www-form-urlencoded" {
		return in.ContentType
	}
	return "application/json"
}

// quoted is a text as a shell reads it whole.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
