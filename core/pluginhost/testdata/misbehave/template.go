package main

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Templates lists two pages with one sound template each, among others that are
// not; which page is meant is said by After.
func (b *bad) Templates(_ context.Context, req channel.TemplatesRequest) (channel.TemplatesResponse, error) {
	switch req.After {
	case "":
		return channel.TemplatesResponse{Next: "last", Templates: []channel.Template{
			{
				ID: "tea", Language: "en", Category: "utility", Header: "Tea", Text: "Your {{1}} is ready,\x00 {{name}}.", Footer: "Teahouse",
				Buttons: []string{"Thanks"}, File: "image",
				Fields: []channel.TemplateField{{Name: "1", Label: "Sort", Example: "oolong", MaxLength: 20}, {Name: "name", Optional: true}, {Name: "link"}},
			},
			{ID: "hole", Text: "{{Name}}"},
			{ID: "mute", Text: " "},
		}}, nil
	case "away":
		return channel.TemplatesResponse{}, errs.Unavailable(nil, "the kettle is cold")
	case "refused":
		return channel.TemplatesResponse{}, errs.Reject("teapot", "no teapot, no service")
	case "far":
		return channel.TemplatesResponse{Next: strings.Repeat("x", 1025)}, nil
	}
	return channel.TemplatesResponse{Templates: []channel.Template{{ID: "tea", Language: "de", Text: "Fertig.", Unusable: "in review"}}}, nil
}
