package parcel

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// page is how many letters a step of a backfill brings.
const page = 2

// Backfill implements channel.Backfiller: the post office keeps copies.
func (p *parcel) Backfill(ctx context.Context, req channel.BackfillRequest) (channel.BackfillResponse, error) {
	c, err := settingsOf(req.Instance)
	if err != nil {
		return channel.BackfillResponse{}, err
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/letters", nil)
	if err != nil {
		return channel.BackfillResponse{}, err
	}
	answer, err := p.client.Do(get)
	if err != nil {
		return channel.BackfillResponse{}, errs.Unavailable(err, "The post office does not answer.")
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	var letters []Letter
	if err := json.NewDecoder(answer.Body).Decode(&letters); err != nil {
		return channel.BackfillResponse{}, errs.Unavailable(err, "The post office answers with nonsense.")
	}
	at, _ := strconv.Atoi(req.After)
	var out channel.BackfillResponse
	for ; at < len(letters) && out.Found < page; at++ {
		l := letters[at]
		if l.Sent < req.Since.Unix() && c.Fault != Ageless {
			continue
		}
		out.Found++
		in := channel.Inbound{Instance: req.Instance.ID, ExternalID: l.ID, Sender: channel.Person{ID: l.From}, Content: message.Text(l.Text)}
		bring := ctx //nolint:contextcheck // below is the fault
		switch c.Fault {
		case Renames:
			in.ExternalID += "-again"
		case Detaches:
			bring = context.Background()
		}
		if err := p.env.Ingest(bring, in); err != nil {
			return out, err
		}
	}
	if at < len(letters) {
		out.Next = strconv.Itoa(at)
	}
	if c.Fault == Circles {
		out.Next = strconv.Itoa(0)
	}
	return out, nil
}
