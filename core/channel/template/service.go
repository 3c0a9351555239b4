package template

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Inboxes knows inboxes and their channels.
type Inboxes interface {
	Get(ctx context.Context, scope identity.Scope, id channel.InboxID) (channel.Inbox, error)
	TypeOf(plugin channel.PluginID) (channel.Type, bool)
}

// Deps is what a Service stands on.
type Deps struct {
	Store   Store
	Inboxes Inboxes
	FarSide channel.FarSide
	Now     func() time.Time
	Log     *slog.Logger
	Answer  time.Duration // how long who asks waits for the far side; 0 = Answer
}

// Service lists the templates of inboxes, and asks far sides for them.
//
// Concurrency: safe for concurrent use. A far side is asked by one goroutine at
// a time for each inbox, which goes on when who asked waits no more.
type Service struct {
	Deps
	flights singleflight.Group
}

// NewService returns a Service.
func NewService(d Deps) *Service {
	if d.Answer <= 0 {
		d.Answer = Answer
	}
	return &Service{Deps: d}
}

// Search asks for some of an inbox's templates.
type Search struct {
	Words    string // in id, name, category or text, in any case; "" = any
	Language string // "" = any
	page.Request
}

// Found is a page of an inbox's templates, and what is known of the list.
type Found struct {
	page.Page[channel.Template]
	Total    int       // that match
	ListedAt time.Time // zero = never
	Refused  []channel.RefusedTemplate
	Code     string // why the far side could not be asked; "" = it could
	Detail   string
}

// Find returns templates of an inbox, in the far side's order. The far side is
// asked first where the list is old, or of other settings; what it does not
// answer in time is what was known, with Code. Needs InboxRead.
func (s *Service) Find(ctx context.Context, scope identity.Scope, inbox channel.InboxID, q Search) (Found, error) {
	return s.find(ctx, scope, inbox, q, false)
}

// Refresh is Find of the first page, and has the far side asked, unless it was a
// moment ago. Needs InboxRead.
func (s *Service) Refresh(ctx context.Context, scope identity.Scope, inbox channel.InboxID) (Found, error) {
	return s.find(ctx, scope, inbox, Search{}, true)
}

func (s *Service) find(ctx context.Context, scope identity.Scope, id channel.InboxID, q Search, byHand bool) (Found, error) {
	in, err := s.Inboxes.Get(ctx, scope, id)
	if err != nil {
		return Found{}, err
	}
	after, err := page.Decode(q.Cursor, 1)
	if err != nil {
		return Found{}, err
	}
	if t, ok := s.Inboxes.TypeOf(in.Plugin); !ok || !t.Capabilities.Able(channel.CanTemplates) {
		return Found{}, Unable()
	}
	known, err := s.Store.List(ctx, in.Workspace, in.ID)
	if err != nil {
		return Found{}, err
	}
	slow := false
	if in.Enabled && s.due(known, in, byHand) {
		if slow, err = s.ask(ctx, in); err != nil {
			return Found{}, err
		}
		if known, err = s.Store.List(ctx, in.Workspace, in.ID); err != nil {
			return Found{}, err
		}
	}
	out := q.of(known, after)
	switch {
	case !in.Enabled:
		off := channel.SwitchedOff()
		out.Code, out.Detail = off.Code, off.Message
	case slow:
		out.Code, out.Detail = CodeSlow, "The far side has not answered yet. Look again in a moment."
	}
	return out, nil
}

// Unable is the error of an inbox whose channel has no templates.
func Unable() *errs.Error {
	return errs.New(errs.Invalid, "template.unable", "The channel of this inbox has no templates.")
}

// due reports whether a far side is to be asked.
func (s *Service) due(known List, in channel.Inbox, byHand bool) bool {
	since := s.Now().Sub(known.AskedAt)
	switch {
	case known.AskedAt.IsZero() || known.Revision != in.ConfigRevision:
		return true
	case byHand:
		return since >= Rest
	case !known.ListedAt.Equal(known.AskedAt):
		return since >= Again
	default:
		return since >= Fresh
	}
}

// ask has the far side asked, unless it is being asked, and waits a while. slow
// says that it has not answered until then.
func (s *Service) ask(ctx context.Context, in channel.Inbox) (slow bool, err error) {
	answer := s.flights.DoChan(string(in.ID), func() (any, error) {
		work, cancel := context.WithTimeout(context.WithoutCancel(ctx), longAs)
		defer cancel()
		return nil, s.bring(work, in)
	})
	patience := time.NewTimer(s.Answer)
	defer patience.Stop()
	select {
	case a := <-answer:
		return false, a.Err
	case <-patience.C:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// bring asks the far side and keeps what it says. Its errors are ours: that the
// far side failed is kept, and is none.
func (s *Service) bring(ctx context.Context, in channel.Inbox) error {
	l := List{Workspace: in.Workspace, Inbox: in.ID, Revision: in.ConfigRevision, AskedAt: s.Now()}
	err := s.read(ctx, in, &l)
	if err == nil {
		l.ListedAt = l.AskedAt
		return s.Store.Save(ctx, l)
	}
	failure := errs.As(err)
	l.Code, l.Detail = failure.Code, failure.Message
	l.Templates, l.Refused = nil, nil
	s.Log.WarnContext(ctx, "the templates of an inbox could not be listed", "inbox", string(in.ID), "code", l.Code, "error", err)
	return s.keep(context.WithoutCancel(ctx), l)
}

// keep records that the far side failed. What was listed stays, unless it is of
// other settings: another account may have other texts under the same names.
func (s *Service) keep(ctx context.Context, failed List) error {
	known, err := s.Store.List(ctx, failed.Workspace, failed.Inbox)
	switch {
	case err != nil:
		return err
	case known.Revision != failed.Revision:
		return s.Store.Save(ctx, failed)
	default:
		return s.Store.Failed(ctx, failed)
	}
}

// read reads the far side's list, page by page.
func (s *Service) read(ctx context.Context, in channel.Inbox, l *List) error {
	seen, size, after := make(map[[2]string]bool), 0, ""
	for range mostPages {
		p, err := s.FarSide.MessageTemplates(ctx, in, after)
		if err != nil {
			return err
		}
		l.refuse(p.Refused...)
		for _, t := range p.Templates {
			name := [2]string{t.ID, t.Language}
			if seen[name] {
				l.refuse(channel.RefusedTemplate{ID: t.ID, Language: t.Language, Reason: "duplicate"})
				continue
			}
			if size += t.Size(); len(l.Templates) == Most || size > MostBytes {
				l.Code, l.Detail = CodeTooMany, "The far side has more templates than are kept: 1,000 of an inbox, 8 MiB of text. The others are left out."
				return nil
			}
			seen[name] = true
			l.Templates = append(l.Templates, t)
		}
		if after = p.Next; after == "" {
			return nil
		}
	}
	return errs.New(errs.Invalid, "template.endless", "The list of the far side comes to no end.")
}

func (l *List) refuse(all ...channel.RefusedTemplate) {
	l.Refused = append(l.Refused, all[:min(len(all), mostFaults-len(l.Refused))]...)
}

// of is the page of a list that is asked for; after is the place of the last one
// before it.
func (q Search) of(l List, after []string) Found {
	out := Found{ListedAt: l.ListedAt, Refused: l.Refused, Code: l.Code, Detail: l.Detail}
	from := -1
	if len(after) == 1 {
		from, _ = strconv.Atoi(after[0])
	}
	last := from
	for i, t := range l.Templates {
		if !q.matches(t) {
			continue
		}
		out.Total++
		if i <= from {
			continue
		}
		if len(out.Items) == q.Size() {
			if out.Next == "" {
				out.Next = page.Encode(strconv.Itoa(last))
			}
			continue
		}
		out.Items, last = append(out.Items, t), i
	}
	return out
}

func (q Search) matches(t channel.Template) bool {
	if q.Language != "" && !strings.EqualFold(q.Language, t.Language) {
		return false
	}
	words := strings.ToLower(strings.TrimSpace(q.Words))
	return words == "" || slices.ContainsFunc([]string{t.ID, t.Name, t.Category, t.Header, t.Text, t.Footer}, func(text string) bool {
		return strings.Contains(strings.ToLower(text), words)
	})
}
