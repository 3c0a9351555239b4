package extension

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Pace of pulls.
const (
	pullBeat  = 20 * time.Second
	pullLease = 2 * time.Minute // longer than a page takes
	maxPages  = 500             // of one pull; the rest comes with the next
)

// PullEvery is how often a connection wants its records pulled: "pull_every" of
// its configuration, in minutes. 0 = not at all.
func PullEvery(config json.RawMessage) time.Duration {
	var c struct {
		PullEvery float64 `json:"pull_every"`
	}
	if json.Unmarshal(config, &c) != nil || c.PullEvery <= 0 {
		return 0
	}
	return max(time.Duration(c.PullEvery*float64(time.Minute)), time.Minute)
}

// Run pulls what is due until ctx ends. plugins lists those that are installed.
func (s *ConnectorService) Run(ctx context.Context, plugins func() []PluginID) {
	tick := time.NewTicker(pullBeat)
	defer tick.Stop()
	for {
		s.PullDue(ctx, plugins())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// PullDue pulls from every connection whose time has come.
func (s *ConnectorService) PullDue(ctx context.Context, plugins []PluginID) {
	for _, p := range plugins {
		if !s.Connectors.Connects(p) {
			continue
		}
		all, err := s.Connected.OfPlugin(ctx, p)
		if err != nil {
			s.Log.ErrorContext(ctx, "the connections of a plugin could not be read", "plugin", string(p), "error", err)
			continue
		}
		for _, c := range all {
			if every := PullEvery(c.Config); every > 0 && ctx.Err() == nil {
				if err := s.pullConnection(ctx, c, every); err != nil && ctx.Err() == nil {
					s.Log.WarnContext(ctx, "records could not be pulled", "connection", string(c.ID), "error", err)
				}
			}
		}
	}
}

// pullConnection pulls every kind of record of a connection that is due.
func (s *ConnectorService) pullConnection(ctx context.Context, c Connection, every time.Duration) error {
	states, err := s.Mirror.Pulls(ctx, c)
	if err != nil {
		return err
	}
	due := len(states) == 0
	for _, x := range states {
		due = due || s.Now().Sub(x.PulledAt) >= every
	}
	if !due {
		return nil
	}
	objects, err := s.Connectors.Describe(ctx, c, "en")
	if err != nil {
		return err
	}
	for _, o := range objects {
		x, known := states[o.Name]
		if !o.Pull || known && s.Now().Sub(x.PulledAt) < every {
			continue
		}
		x.Workspace, x.Connection, x.Object = c.Workspace, c.ID, o.Name
		if err := s.pull(ctx, c, o, x); err != nil {
			return err
		}
	}
	return nil
}

// pull pulls one kind of record to its end, page by page: each is stored with
// its cursor.
func (s *ConnectorService) pull(ctx context.Context, c Connection, o ObjectType, x PullState) error {
	for range maxPages {
		now := s.Now()
		if mine, err := s.Mirror.Take(ctx, x, now, now.Add(pullLease)); err != nil || !mine {
			return err
		}
		p, err := s.Connectors.Pull(ctx, c, o.Name, x.Cursor)
		if err != nil {
			x.PulledAt, x.Failure = s.Now(), "failed"
			if e := errs.As(err); e != nil {
				x.Failure = e.Code
			}
			if noted := s.Mirror.Note(ctx, x); noted != nil {
				return noted
			}
			return err
		}
		kept, err := s.Mirror.Keep(ctx, x, p, s.marks(o, p.Records), s.Now())
		if err != nil || !kept {
			return err
		}
		if len(p.Cursor) > 0 {
			x.Cursor = p.Cursor
		}
		if !p.More {
			break
		}
	}
	x.PulledAt, x.Failure = s.Now(), ""
	return s.Mirror.Note(ctx, x)
}

// marks reads the addresses in the typed fields of records.
func (s *ConnectorService) marks(o ObjectType, all []Far) []Marks {
	out := make([]Marks, len(all))
	for i, r := range all {
		var fields map[string]any
		if json.Unmarshal(r.Fields, &fields) != nil {
			continue
		}
		for _, f := range o.Fields {
			text, _ := fields[f.Name].(string)
			switch f.Type {
			case FieldEmail:
				if mark, ok := s.Email(text); ok && mark != "" {
					out[i].Emails = append(out[i].Emails, mark)
				}
			case FieldPhone:
				if mark, ok := s.Phone(text); ok && mark != "" {
					out[i].Phones = append(out[i].Phones, mark)
				}
			default:
			}
		}
	}
	return out
}
