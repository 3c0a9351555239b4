package crm

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
)

const cursorVersion = 1

// cursor is where a pull stands.
type cursor struct {
	Version int               `json:"v"`
	Feed    int               `json:"f,omitempty"` // the feed that is being read
	Feeds   map[string]*place `json:"p,omitempty"`
}

// place is where a feed stands. Far sides commit in another order than they
// stamp: each round begins a little before the newest row that was seen, and
// Seen tells which rows of that stretch are no news.
type place struct {
	Top   time.Time `json:"t"` // the newest change
	TopID string    `json:"i,omitempty"`
	Round bool      `json:"r,omitempty"` // a round is going on, and stands here:
	At    time.Time `json:"a"`
	AtID  string    `json:"d,omitempty"`
	Off   int       `json:"o,omitempty"` // rows of the time At to skip
	Next  string    `json:"n,omitempty"` // the far side's own cursor
	Seen  marks     `json:"s,omitempty"`
	// Floor is where remembering ends: of a burst of changes not all have room.
	Floor int64 `json:"l,omitempty"` // Unix seconds
}

// PullChanges reads one page of changes.
func (c *Connector) PullChanges(ctx context.Context, req connector.PullChangesRequest) (connector.PullChangesResponse, error) {
	e, o, err := c.object(req.Instance, req.Object)
	if err != nil {
		return connector.PullChangesResponse{}, err
	}
	if o.Pull == nil {
		return connector.PullChangesResponse{}, cannot(o, "be pulled")
	}
	at := decodeCursor(req.Cursor)
	if at.Feed >= len(o.Pull.Feeds) {
		at.Feed = 0
	}
	var out connector.PullChangesResponse
	for pages := 0; at.Feed < len(o.Pull.Feeds); pages++ {
		if len(out.Records)+o.Pull.Size > connector.MaxPull || pages == maxPages {
			out.More = true
			break
		}
		found, more, err := e.page(ctx, o, &o.Pull.Feeds[at.Feed], &at)
		if err != nil {
			return connector.PullChangesResponse{}, err
		}
		out.Records = append(out.Records, e.news(ctx, req.Instance.ID, found)...)
		if !more {
			at.Feed++
		}
	}
	if !out.More {
		at.Feed = 0
	}
	out.Cursor, err = json.Marshal(at)
	return out, err
}

// maxPages is how many pages one call reads: of a stretch that is asked for
// again most brings nothing.
const maxPages = 20

// page reads one page of a feed and moves its place on.
func (e *engine) page(ctx context.Context, o *mapping.Object, f *mapping.Feed, at *cursor) ([]connector.Record, bool, error) {
	p := at.Feeds[f.Name]
	if p == nil {
		p = &place{Top: time.Unix(0, 0).UTC(), TopID: "0"}
		at.Feeds[f.Name] = p
	}
	settled := e.client.Now().Add(-o.Pull.Overlap).UTC()
	if !p.Round {
		p.begin(settled)
	}
	values := expr.Scope{"since": p.At, "since_id": p.AtID, "limit": o.Pull.Size, "offset": p.Off}
	if p.Next != "" {
		values["next"] = p.Next
	}
	answer, err := e.do(ctx, &f.Request, values)
	if err != nil {
		return nil, false, err
	}
	out, err := e.sift(o, f, p, answer.Rows)
	if err != nil {
		return nil, false, err
	}
	more := len(answer.Rows) >= o.Pull.Size
	if f.Next != nil {
		next, _ := f.Next.In(answer.Body)
		p.Next = text(next, maxValue)
		more = p.Next != ""
	}
	if !more {
		p.Round, p.Next, p.Off = false, "", 0
		p.At, p.AtID = time.Time{}, ""
	}
	p.Seen = p.Seen.since(min(settled.Unix(), p.Top.Unix()) - 1)
	var dropped int64
	p.Seen, dropped = p.Seen.last(maxMarks / len(o.Pull.Feeds))
	p.Floor = max(p.Floor, dropped)
	return out, more, nil
}

// begin begins a round: with the stretch in which something may have been
// committed late, as far as it is known what was seen of it.
func (p *place) begin(settled time.Time) {
	p.Round, p.At, p.AtID, p.Off, p.Next = true, settled, "0", 0, ""
	if floor := time.Unix(p.Floor, 0).UTC(); floor.After(p.At) {
		p.At = floor
	}
	if !p.At.Before(p.Top) {
		p.At, p.AtID = p.Top, p.TopID
	}
}

// sift takes the rows that are news, and notes them.
func (e *engine) sift(o *mapping.Object, f *mapping.Feed, p *place, rows []any) ([]connector.Record, error) {
	var out []connector.Record
	began := p.At
	ties := 0
	for _, row := range rows {
		r, ok := record(e.client, o, row)
		v, _ := f.ChangedAt.In(row)
		changed, dated := moment(v, o.Times)
		if !ok || !dated {
			return nil, errs.Reject("bad_mapping", "A changed row lacks its id or its time: see the mapping of pull.")
		}
		if f.Next == nil && changed.Before(p.At) {
			return nil, errs.Reject("bad_mapping", "The changed rows do not come in the order of their changes: see the mapping of pull.")
		}
		r.Deleted = r.Deleted || f.Deleted
		if f.Next == nil {
			p.At, p.AtID = changed, r.ID
		}
		if !changed.Before(p.Top) {
			p.Top, p.TopID = changed, r.ID
		}
		if changed.Equal(began) {
			ties++
		}
		mark := fingerprint(r, changed)
		if p.Seen.has(mark) {
			continue
		}
		p.Seen = p.Seen.with(mark, changed.Unix())
		out = append(out, r)
	}
	return out, p.advance(o, f, began, ties, len(rows))
}

// advance counts the rows of one and the same time: a request that asks for
// rows since that time gets them again, and skips them by their number. One
// that tells rows apart by their id has no need to.
func (p *place) advance(o *mapping.Object, f *mapping.Feed, began time.Time, ties, rows int) error {
	switch {
	case f.Next != nil || f.Uses("since_id"):
	case !p.At.Equal(began):
		p.Off = 0
	case f.Uses("offset"):
		p.Off += ties
	case rows >= o.Pull.Size:
		return errs.Reject("bad_mapping", "More rows changed at one time than fit a page: the mapping of pull needs {{since_id}} or {{offset}}.")
	}
	return nil
}

// news leaves out what is as we wrote it ourselves.
func (e *engine) news(ctx context.Context, instance string, found []connector.Record) []connector.Record {
	var out []connector.Record
	recent := e.client.Now().Add(-echoTTL)
	for _, r := range found {
		if r.UpdatedAt.IsZero() || r.UpdatedAt.After(recent) {
			ours, err := e.store.Get(ctx, instance, echoKey(r))
			if err == nil && ours != nil && string(ours) == fingerprint(r) {
				continue
			}
		}
		out = append(out, r)
	}
	return out
}
