package specimen

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// listed is a page of templates as the far side lists them.
type listed struct {
	Templates []struct {
		ID, Language, Header, Text, Unusable string
		Fields                               []struct {
			Name, Example string
			MaxLength     int `json:"max_length"`
		}
	}
	Next string
}

// Templates implements channel.Templater.
func (s *specimen) Templates(ctx context.Context, req channel.TemplatesRequest) (channel.TemplatesResponse, error) {
	far, _, err := s.config(req.Instance)
	if err != nil {
		return channel.TemplatesResponse{}, err
	}
	far += "/templates"
	if req.After != "" {
		far += "?after=" + url.QueryEscape(req.After)
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, far, http.NoBody)
	if err != nil {
		return channel.TemplatesResponse{}, err
	}
	answer, err := s.client.Do(get)
	if err != nil {
		return channel.TemplatesResponse{}, errs.Unavailable(err, "the far side does not answer")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	var page listed
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&page); err != nil {
		return channel.TemplatesResponse{}, errs.Unavailable(err, "the far side makes no sense")
	}
	out := channel.TemplatesResponse{Next: page.Next}
	for _, one := range page.Templates {
		t := channel.Template{ID: one.ID, Language: one.Language, Header: one.Header, Text: one.Text, Unusable: one.Unusable}
		for _, f := range one.Fields {
			t.Fields = append(t.Fields, channel.TemplateField{Name: f.Name, Example: f.Example, MaxLength: f.MaxLength})
		}
		out.Templates = append(out.Templates, t)
	}
	switch {
	case s.fault == Hollow:
		out.Templates[0].Fields = nil
	case s.fault == Circles && page.Next == "":
		out = channel.TemplatesResponse{Next: req.After}
	}
	return out, nil
}

// prepared has the far side send what it has prepared.
func (s *specimen) prepared(ctx context.Context, far string, req channel.SendRequest) (channel.SendResponse, error) {
	use := *req.Template
	said := map[string]any{"text": req.Content.Text}
	switch s.fault {
	case Flattens:
	case Garbles:
		said["template"] = map[string]any{"id": use.ID, "language": use.Language, "values": map[string]string{}}
	default:
		said["template"] = map[string]any{"id": use.ID, "language": use.Language, "values": maps.Clone(use.Values)}
	}
	id, err := s.post(ctx, far, req.DeliveryID, said)
	if s.fault == Reissues && req.Suspect && err == nil {
		id, err = s.post(ctx, far, req.DeliveryID+"-again", said)
	}
	return channel.SendResponse{MessageID: id}, err
}
