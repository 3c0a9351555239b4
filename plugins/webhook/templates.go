package main

import (
	"cmp"
	"context"

	"github.com/patchbay-im/patchbay/plugins/webhook/templates"
	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Templates implements channel.Templater: what the system has prepared. Without
// an address there is none.
func (p *plugin) Templates(ctx context.Context, req channel.TemplatesRequest) (channel.TemplatesResponse, error) {
	made, err := p.of(req.Instance.ID)
	if err != nil || made.config.TemplatesURL == "" {
		return channel.TemplatesResponse{}, err
	}
	page, err := p.templates(ctx, made, req.After)
	return channel.TemplatesResponse{Templates: page.Templates, Next: page.Next}, err
}

// templates asks for a page, and keeps what was exchanged for those who look on.
func (p *plugin) templates(ctx context.Context, made *plan, after string) (templates.Page, error) {
	by, err := p.http(made.in, templates.MaxAnswer)
	if err != nil {
		return templates.Page{}, err
	}
	begun := p.now()
	source := templates.Source{URL: made.config.TemplatesURL, Authorization: made.target.Authorization, Secrets: made.target.Secrets}
	page, err := source.Fetch(ctx, by, after, begun)
	if made.traffic == nil { // it is only tried
		return page, err
	}
	e := traffic.Entry{At: begun.UTC(), Fetched: true, What: "templates", Status: page.Status, Bytes: page.Bytes, MS: p.now().Sub(begun).Milliseconds()}
	if failed := errs.As(err); failed != nil {
		e.Code, e.Detail = failed.Code, failed.Detail
	}
	made.traffic.Add(ctx, e)
	return page, err
}

// probeTemplates says what keeps the templates from being asked for, at the field
// that has to be mended.
func (p *plugin) probeTemplates(ctx context.Context, made *plan, w words) []instance.Problem {
	_, err := p.templates(ctx, made, "")
	e := errs.As(err)
	if e == nil {
		return nil
	}
	pointer := "/templates_url"
	if e.Code == errs.CodeAuthExpired {
		pointer = "/authorization"
	}
	return []instance.Problem{{Pointer: pointer, Message: w.noTemplates + cmp.Or(e.Detail, e.Code)}}
}

// prepared asks for the first page of templates, and shows it to whoever connects
// a system.
func (s sandbox) prepared(ctx context.Context, made *plan, _ posted) (any, error) {
	if made.config.TemplatesURL == "" {
		return nil, errs.Reject("no_templates", "This inbox asks for no templates.")
	}
	page, err := s.p.templates(ctx, made, "")
	out := map[string]any{"status": page.Status, "count": len(page.Templates), "more": page.Next != ""}
	if e := errs.As(err); e != nil {
		out["error"] = map[string]string{"code": e.Code, "message": e.Detail}
		return out, nil //nolint:nilerr // it is what the page shows
	}
	shown := make([]any, min(len(page.Templates), mostShown))
	for i := range shown {
		shown[i] = asListed(page.Templates[i])
	}
	out["templates"] = shown
	return out, nil
}

// asListed is a template in the words of the guide.
func asListed(t channel.Template) map[string]any {
	fields := make([]any, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = map[string]any{"name": f.Name, "label": f.Label, "example": f.Example, "max_length": f.MaxLength, "optional": f.Optional}
	}
	return map[string]any{
		"id": t.ID, "language": t.Language, "name": t.Name, "category": t.Category, "header": t.Header, "text": t.Text, "footer": t.Footer,
		"buttons": t.Buttons, "fields": fields, "file": t.File, "unusable": t.Unusable,
	}
}
