package main

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/webhook/polling"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// probe fetches the first page and says what keeps it from being taken, at the
// field that has to be mended.
func (p *plugin) probe(ctx context.Context, made *plan, w words) []instance.Problem {
	problem := func(pointer, message string) []instance.Problem {
		return []instance.Problem{{Pointer: pointer, Message: message}}
	}
	page, err := p.page(ctx, made, polling.Place{})
	if e := errs.As(err); e != nil {
		return problem(probed(e.Code), w.notFetched+e.Detail)
	}
	kind := made.config.PollCursor
	if len(page.Items) > 0 && !page.Found && kind != polling.CursorNone && kind != polling.CursorTime {
		return problem("/poll_cursor_at", w.cursorAbsent)
	}
	for _, one := range made.read(page.Items) {
		if one.fault != nil {
			return problem(made.mendedAt(one.fault), w.itemUnread+one.fault.Message)
		}
	}
	return nil
}

// probed is the field by which a page that was not got is mended.
func probed(code string) string {
	switch code {
	case errs.CodeAuthExpired:
		return "/authorization"
	case polling.CodeNoList, polling.CodeTooMany:
		return "/poll_items"
	default:
		return "/poll_url"
	}
}

// mendedAt is the field of the form by which an item can be taken.
func (p *plan) mendedAt(fault *shape.Fault) string {
	if p.mapping == nil {
		return "/poll_items"
	}
	fields := map[string]string{
		"/id": "/map_id", "/sender/id": "/map_sender", "/recipient": "/map_recipient", "/text": "/map_text", "/thread": "/map_thread", "/delivery": "/map_delivery",
	}
	switch pointer := fields[fault.Field]; {
	case pointer != "":
		return pointer
	case strings.HasPrefix(fault.Field, "/files"):
		return "/map_files"
	default:
		return "/poll_items"
	}
}
