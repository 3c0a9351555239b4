package parcel

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// Templates implements channel.Templater: the post office has forms, two of which
// are on a page.
func (p *parcel) Templates(ctx context.Context, req channel.TemplatesRequest) (channel.TemplatesResponse, error) {
	c, err := settingsOf(req.Instance)
	if err != nil {
		return channel.TemplatesResponse{}, err
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/templates", nil)
	if err != nil {
		return channel.TemplatesResponse{}, err
	}
	answer, err := p.client.Do(get)
	if err != nil {
		return channel.TemplatesResponse{}, errs.Unavailable(err, "The post office does not answer.")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	var all []channel.Template
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		return channel.TemplatesResponse{}, errs.Unavailable(err, "The post office answers with nonsense.")
	}
	at, _ := strconv.Atoi(req.After)
	end := min(at+page, len(all))
	out := channel.TemplatesResponse{Templates: all[at:end]}
	if end < len(all) {
		out.Next = strconv.Itoa(end)
	}
	if c.Fault == Hollow && at == 0 {
		out.Templates[0].Fields = nil
	}
	return out, nil
}
