package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

const (
	maxRound = 8 << 20 // bytes of answers in a round; what is left is the next one's
	atOnce   = 50      // items that are brought in together
)

// run is a round while it goes on.
type run struct {
	Round
	items []traffic.Item // for who looks on: those that were refused first
	far   error          // what the system did not answer
}

// codeWaits is the core's word for an echo of a conversation in which an answer is
// on its way: it may be that answer. It is taken when that is known.
const codeWaits = "echo_pending"

// round asks for what is new and takes it. How far it came is kept after what came
// is committed: what a crash interrupts is asked for again, and has the same ids.
func (o *poller) round(ctx context.Context) error {
	begun := o.p.now()
	at, version, err := o.begin(ctx, begun)
	if err != nil {
		return err
	}
	r := &run{Round: Round{At: begun.UTC()}}
	err = o.pages(ctx, r, at, version)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.MS = o.p.now().Sub(begun).Milliseconds()
	if e := errs.As(r.far); e != nil {
		r.Code, r.Detail = e.Code, e.Detail
	}
	if err == nil || r.far != nil {
		o.close(ctx, r)
	} else {
		o.p.env.Log.InfoContext(ctx, "what was fetched is not taken yet", "inbox", o.made.in.ID, "error", err)
	}
	return err
}

// begin is where the round begins. A start is kept before anything is asked: what
// is written while a system does not answer is not missed.
func (o *poller) begin(ctx context.Context, now time.Time) (polling.Place, uint64, error) {
	stored, version, err := o.kept.place(ctx)
	at := o.made.poll.At(stored, now)
	if err != nil || at == stored {
		return at, version, err
	}
	o.seen = recent{}
	version, moved, err := o.kept.move(ctx, at, version)
	if err == nil && !moved {
		err = errs.Unavailable(nil, "Somebody else moved the cursor.")
	}
	return at, version, err
}

// pages asks for pages until the round is over, or has as much as a round may.
func (o *poller) pages(ctx context.Context, r *run, at polling.Place, version uint64) error {
	var held []any
	for last := false; !last; {
		page, err := o.p.page(ctx, o.made, at)
		r.Status, r.Bytes = page.Status, r.Bytes+page.Bytes
		if err != nil {
			r.far = err
			if errs.As(err).Source == errs.Rejected && at.Midway() { // what led to this page may lead nowhere any more
				_, _, _ = o.kept.move(ctx, at.Again(), version) // else the next round tries as this one did
			}
			return err
		}
		r.Pages++
		held, at = append(held, page.Items...), page.Then
		last = page.Over || r.Pages == polling.MaxPages || r.Bytes >= maxRound
		if o.made.poll.NewestFirst() {
			if !last {
				continue
			}
			slices.Reverse(held)
		}
		if err := o.take(ctx, held, r); err != nil {
			return err
		}
		held = nil
		if r.Waiting > 0 { // the others go on, and those that wait are asked for again from here
			continue
		}
		next, moved, err := o.kept.move(ctx, at, version)
		if err != nil || !moved {
			return err
		}
		version = next
	}
	return nil
}

// offered is an item of a page, with what tells it from others.
type offered struct {
	item
	mark string
}

// read reads the items of a page.
func (p *plan) read(raw []any) []offered {
	items := make([]item, len(raw))
	if p.mapping != nil {
		items = itemsOf(p.mapping.Each(raw, false))
	}
	out := make([]offered, len(raw))
	for i, one := range raw {
		encoded, _ := json.Marshal(one) // it was JSON
		if p.mapping == nil {
			items[i] = standardItem(one, encoded)
		}
		out[i] = offered{items[i], "refused/" + string(encoded)}
		if items[i].fault == nil && items[i].in != nil {
			out[i].mark = string(items[i].kind) + "/" + items[i].in.ID
		}
	}
	return out
}

// standardItem reads an item of the guide's shape: what names a recipient was
// written by the company.
func standardItem(value any, encoded []byte) item {
	kind := shape.Messages
	if object, ok := value.(map[string]any); ok && object["recipient"] != nil {
		kind = shape.Echoes
	}
	in, fault := shape.Read(kind, encoded, "")
	return item{kind: kind, in: in, fault: fault}
}

// take brings items in, in their order, and those that cannot be taken among what
// was refused. After an error the page comes again.
func (o *poller) take(ctx context.Context, raw []any, r *run) error {
	var fresh []offered
	for _, one := range o.made.read(raw) {
		switch {
		case one.kind == "":
			r.LeftOut++
		case o.seen.has(one.mark):
			r.Again++
		default:
			fresh = append(fresh, one)
		}
	}
	for some := range slices.Chunk(fresh, atOnce) {
		if err := o.bring(ctx, some, r); err != nil {
			return err
		}
	}
	return nil
}

// bring takes a few items.
func (o *poller) bring(ctx context.Context, some []offered, r *run) error {
	items := make([]item, len(some))
	for i := range some {
		items[i] = some[i].item
	}
	outcomes, brought, err := o.p.gather(ctx, o.made, items)
	if err != nil {
		return err
	}
	no, err := o.ingest(ctx, brought)
	if err != nil {
		return err
	}
	var settled []string
	var refused []RefusedItem
	var good []traffic.Item
	for i, out := range outcomes {
		if fault, there := no[out.ID]; there && out.Error == nil {
			out.Error = fault
		}
		if out.Error != nil && out.Error.Code == codeWaits {
			r.Waiting++
			continue
		}
		settled = append(settled, some[i].mark)
		if out.Error == nil {
			good = append(good, traffic.Item{ID: out.ID})
			continue
		}
		refused = append(refused, RefusedItem{
			At: r.At, ID: out.ID, Code: out.Error.Code, Field: out.Error.Field, Message: out.Error.Message, Revision: o.made.in.Revision,
		})
		r.items = append([]traffic.Item{{ID: out.ID, Code: out.Error.Code}}, r.items...)
	}
	if err := o.kept.refuse(ctx, refused); err != nil {
		return err
	}
	for _, mark := range settled {
		o.seen.add(mark)
	}
	r.items = append(r.items, good...)
	r.Taken, r.Refused = r.Taken+len(good), r.Refused+len(refused)
	return nil
}

// ingest brings messages into the core, and says which it will never take, or not
// yet.
func (o *poller) ingest(ctx context.Context, all []channel.Inbound) (map[string]*shape.Fault, error) {
	for i := range all {
		all[i].Instance = o.made.in.ID
	}
	not := func(e *errs.Error) bool { return e.Source == errs.Rejected || e.Code == codeWaits }
	err := o.p.env.Ingest(ctx, all...)
	if e := errs.As(err); e == nil || !not(e) {
		return nil, err
	}
	no := make(map[string]*shape.Fault)
	for _, one := range all { // those that are there are skipped
		err := o.p.env.Ingest(ctx, one)
		switch e := errs.As(err); {
		case e == nil:
		case !not(e):
			return nil, err
		default:
			no[one.ExternalID] = shape.Faultf(0, e.Code, "", "%s", e.Detail)
		}
	}
	return no, nil
}

// close tells of a round: to the page, and to who asks how the inbox fares.
func (o *poller) close(ctx context.Context, r *run) {
	refused, err := o.kept.refused(ctx)
	if err == nil {
		err = o.kept.write(ctx, keyRound, r.Round)
	}
	if err != nil { // the round is over all the same
		o.p.env.Log.DebugContext(ctx, "a round is not kept for the page", "inbox", o.made.in.ID, "error", err)
	}
	o.tells(r.far, refused)
	if o.told && r.far == nil && len(r.items) == 0 {
		return
	}
	o.told = true
	o.made.traffic.Add(ctx, traffic.Entry{
		At: r.At, Fetched: true, What: o.made.poll.What(), Status: r.Status, Code: r.Code, Detail: r.Detail, MS: r.MS, Bytes: r.Bytes, Items: r.items,
	})
}
