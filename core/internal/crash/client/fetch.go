package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// fetch reads everything a console shows.
func fetch(ctx context.Context, m rig.Member) (view, error) {
	v := view{}
	for cursor := ""; ; {
		var page struct {
			Items      []rig.Conversation `json:"items"`
			NextCursor string             `json:"next_cursor"`
		}
		if _, err := m.Call(ctx, http.MethodGet, m.At("/conversations?limit=200&cursor="+cursor), nil, &page); err != nil {
			return nil, err
		}
		for _, c := range page.Items {
			v[c.ID] = &verdict.Shown{Row: rowOf(c)}
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	for id, shown := range v {
		if err := timeline(ctx, m, id, shown); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// timeline reads the history of a conversation.
func timeline(ctx context.Context, m rig.Member, id string, shown *verdict.Shown) error {
	for {
		var page struct {
			Items   []rig.Change `json:"items"`
			HasMore bool         `json:"has_more"`
		}
		path := m.At(fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", id, len(shown.Changes)))
		if _, err := m.Call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for _, ch := range page.Items {
			if ch.Seq != uint64(len(shown.Changes))+1 {
				return fmt.Errorf("the timeline of %s has a gap at %d", id, ch.Seq)
			}
			shown.Changes = append(shown.Changes, entryOf(ch))
		}
		if !page.HasMore {
			return nil
		}
	}
}

// events reads the feed after a number, at most limit entries.
func events(ctx context.Context, m rig.Member, after uint64, limit int) ([]rig.FeedEvent, error) {
	var page struct {
		Items []rig.FeedEvent `json:"items"`
	}
	_, err := m.Call(ctx, http.MethodGet, m.At(fmt.Sprintf("/events?after=%d&limit=%d", after, limit)), nil, &page)
	return page.Items, err
}
