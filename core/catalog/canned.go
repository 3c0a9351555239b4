package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// NewCanned is a canned reply to make.
type NewCanned struct {
	Scope Scope
	Team  team.ID // with scope OfTeam
	CannedPatch
}

// CannedPatch is what a canned reply becomes; nil stays as it is.
type CannedPatch struct {
	Shortcut, Title, Text, Locale *string
}

// CannedSearch is what an agent looks for.
type CannedSearch struct {
	Words  string // "" = all
	Scope  Scope  // "" = all, and of several with one shortcut the narrowest alone
	Paging page.Request
}

// Written is a stored canned reply, with the variables that nobody fills in.
type Written struct {
	Canned
	Unknown []string
}

// FindCanned answers a search among what the caller may use: their own, their
// teams' and the workspace's; for who manages the catalogue and asks for the
// teams', all teams'. Needs CatalogRead.
func (s *Service) FindCanned(ctx context.Context, scope identity.Scope, q CannedSearch) (page.Page[Canned], error) {
	var none page.Page[Canned]
	if err := scope.Require(identity.CatalogRead); err != nil {
		return none, err
	}
	var w wrong
	words := strings.ToLower(strings.TrimPrefix(w.Line("/q", q.Words, MaxTitle), "/"))
	if q.Scope != "" {
		oneOf(&w, "/scope", q.Scope, Personal, OfTeam, Workspace)
	}
	if err := w.err(); err != nil {
		return none, err
	}
	teams, err := s.teams.TeamsOf(ctx, scope.Workspace, scope.Member())
	if err != nil {
		return none, err
	}
	return s.store.FindCanned(ctx, scope.Workspace, CannedQuery{
		Member: scope.Member(), Teams: teams, AllTeams: q.Scope == OfTeam && scope.Require(identity.CatalogManage) == nil,
		Scope: q.Scope, Words: words, Shadowed: q.Scope != "",
	}, q.Paging)
}

// CreateCanned makes a canned reply. A personal one needs ConversationReply, a
// shared one CatalogManage.
func (s *Service) CreateCanned(ctx context.Context, scope identity.Scope, n NewCanned) (Written, error) {
	if err := scope.Require(writing(n.Scope)); err != nil {
		return Written{}, err
	}
	c := Canned{Workspace: scope.Workspace, ID: CannedID(s.ids.New("can")), Scope: n.Scope, CreatedAt: s.time()}
	c.UpdatedAt = c.CreatedAt
	var w wrong
	oneOf(&w, "/scope", n.Scope, Personal, OfTeam, Workspace)
	switch {
	case n.Scope == Personal:
		c.Member = scope.Member()
	case n.Scope == OfTeam && n.Team == "":
		w.Refuse("/team_id", "required", "is missing")
	case n.Scope == OfTeam:
		c.Team = n.Team
	}
	none := ""
	for _, f := range []**string{&n.Shortcut, &n.Title, &n.Text, &n.Locale} {
		if *f == nil {
			*f = &none
		}
	}
	n.check(&w)
	if err := w.err(); err != nil {
		return Written{}, err
	}
	n.apply(&c)
	if err := s.store.CreateCanned(ctx, c, recorded(ctx, scope, s.changed(c.Workspace, CannedChanged, string(c.ID), c.CreatedAt), "created", c)); err != nil {
		return Written{}, err
	}
	return s.written(ctx, c)
}

// UpdateCanned changes the words of a canned reply; see CreateCanned for what
// it needs.
func (s *Service) UpdateCanned(ctx context.Context, scope identity.Scope, id CannedID, p CannedPatch) (Written, error) {
	before, err := s.mayWrite(ctx, scope, id)
	if err != nil {
		return Written{}, err
	}
	var w wrong
	p.check(&w)
	if err := w.err(); err != nil {
		return Written{}, err
	}
	at := s.time()
	changed := recorded(ctx, scope, s.changed(scope.Workspace, CannedChanged, string(id), at), "updated", before)
	c, err := s.store.ChangeCanned(ctx, scope.Workspace, id, func(c *Canned) error {
		p.apply(c)
		c.UpdatedAt = at
		return nil
	}, changed)
	if err != nil {
		return Written{}, err
	}
	return s.written(ctx, c)
}

// DeleteCanned removes a canned reply; see CreateCanned for what it needs.
func (s *Service) DeleteCanned(ctx context.Context, scope identity.Scope, id CannedID) error {
	c, err := s.mayWrite(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.store.DeleteCanned(ctx, scope.Workspace, id, recorded(ctx, scope, s.changed(scope.Workspace, CannedChanged, string(id), s.time()), "deleted", c))
}

// Canned returns a reply that the caller may use. Needs CatalogRead.
func (s *Service) Canned(ctx context.Context, scope identity.Scope, id CannedID) (Canned, error) {
	if err := scope.Require(identity.CatalogRead); err != nil {
		return Canned{}, err
	}
	return s.visible(ctx, scope, id)
}

// UseCanned counts that a reply was put into an answer. Needs ConversationReply.
// Nobody is told: the number orders searches and no more.
func (s *Service) UseCanned(ctx context.Context, scope identity.Scope, id CannedID) error {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return err
	}
	if _, err := s.visible(ctx, scope, id); err != nil {
		return err
	}
	return s.store.UseCanned(ctx, scope.Workspace, id)
}

// mayWrite checks that the caller sees the reply and may change it. Another
// member's own does not exist for the caller, whatever their role.
func (s *Service) mayWrite(ctx context.Context, scope identity.Scope, id CannedID) (Canned, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Canned{}, err
	}
	c, err := s.visible(ctx, scope, id)
	if err != nil {
		return Canned{}, err
	}
	return c, scope.Require(writing(c.Scope))
}

// recorded gives an event its record; a personal reply is its owner's matter.
func recorded(ctx context.Context, scope identity.Scope, e event.Event, verb string, c Canned) event.Event {
	if c.Scope != Personal {
		e.Audit = record(ctx, scope, "canned", verb, string(c.ID), c.Shortcut)
	}
	return e
}

func (s *Service) visible(ctx context.Context, scope identity.Scope, id CannedID) (Canned, error) {
	c, err := s.store.Canned(ctx, scope.Workspace, id)
	if err != nil {
		return c, err
	}
	switch c.Scope {
	case Personal:
		if c.Member != scope.Member() {
			return Canned{}, errs.Absent()
		}
	case OfTeam:
		if scope.Require(identity.CatalogManage) == nil {
			break
		}
		teams, err := s.teams.TeamsOf(ctx, scope.Workspace, scope.Member())
		if err != nil {
			return Canned{}, err
		}
		if !slices.Contains(teams, c.Team) {
			return Canned{}, errs.Absent()
		}
	case Workspace:
	}
	return c, nil
}

func writing(scope Scope) identity.Permission {
	if scope == Personal {
		return identity.ConversationReply
	}
	return identity.CatalogManage
}

func (s *Service) written(ctx context.Context, c Canned) (Written, error) {
	defined, err := s.store.Attributes(ctx, c.Workspace, OfContact)
	if err != nil {
		return Written{}, err
	}
	return Written{Canned: c, Unknown: Unknown(c.Text, defined)}, nil
}

// check refuses wrong values and puts the others into their stored form.
func (p *CannedPatch) check(w *wrong) {
	put(&p.Shortcut, w.shortcut)
	put(&p.Title, func(v string) string { return w.Name("/title", v, MaxTitle) })
	put(&p.Text, func(v string) string {
		if strings.TrimSpace(v) == "" {
			w.Refuse("/text", "required", "is missing")
		}
		return w.Text("/text", v, MaxText, true)
	})
	put(&p.Locale, func(v string) string {
		if v != "" {
			oneOf(w, "/locale", v, identity.Locales()...)
		}
		return v
	})
}

func (p *CannedPatch) apply(c *Canned) {
	set(&c.Shortcut, p.Shortcut)
	set(&c.Title, p.Title)
	set(&c.Text, p.Text)
	set(&c.Locale, p.Locale)
}
