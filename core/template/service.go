package template

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// lease is how long an application may take before another one goes on with it.
const lease = 2 * time.Minute

// Options are what a Service is made of.
type Options struct {
	Library Library
	Store   Store
	Kinds   []Named // in the order in which they are made
	Now     func() time.Time
}

// Service holds the use cases of templates.
type Service struct {
	source Library
	store  Store
	kinds  []Named
	ids    id.Source
	now    func() time.Time
}

// NewService returns a Service.
func NewService(o Options) *Service {
	return &Service{source: o.Library, store: o.Store, kinds: o.Kinds, ids: id.NewSource(o.Now), now: o.Now}
}

// Offer is a template that can be applied, or is.
type Offer struct {
	Meta
	Install *Install // nil = it is not in use
}

// Missing reports that the plugin of a template in use is not installed any more.
func (o Offer) Missing() bool { return o.Version == "" }

// List lists the templates that are installed or in use. Needs PluginRead.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]Offer, error) {
	if err := scope.Require(identity.PluginRead); err != nil {
		return nil, err
	}
	installs, err := s.store.Installs(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	var out []Offer
	for _, m := range s.source.Templates() {
		o := Offer{Meta: m}
		if i := slices.IndexFunc(installs, func(i Install) bool { return i.Ref == m.Ref }); i >= 0 {
			o.Install = &installs[i]
		}
		out = append(out, o)
	}
	for _, i := range installs {
		if !slices.ContainsFunc(out, func(o Offer) bool { return o.Ref == i.Ref }) {
			out = append(out, Offer{Meta: Meta{Ref: i.Ref}, Install: &i})
		}
	}
	slices.SortFunc(out, func(a, b Offer) int {
		return strings.Compare(a.Plugin+" "+a.Name, b.Plugin+" "+b.Name)
	})
	return out, nil
}

// Plan tells what applying a template would do. Needs PluginManage.
func (s *Service) Plan(ctx context.Context, scope identity.Scope, ref Ref, ask Ask) (Plan, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return Plan{}, err
	}
	offered := s.source.Templates()
	i := slices.IndexFunc(offered, func(m Meta) bool { return m.Ref == ref })
	if i < 0 {
		return Plan{}, errs.Absent()
	}
	meta := offered[i]
	if !slices.Contains(meta.Locales, ask.Locale) {
		return Plan{}, errs.New(errs.Invalid, "template.invalid", "Some values are not accepted.").
			WithFields(errs.Field{Pointer: "/locale", Code: "enum", Detail: "must be one of " + strings.Join(meta.Locales, ", ")})
	}
	objects, err := s.source.Objects(ctx, ref, ask)
	if err != nil {
		return Plan{}, err
	}
	if err := s.check(objects); err != nil {
		return Plan{}, err
	}
	p, from, err := s.planner(ctx, scope, ref)
	if err != nil {
		return Plan{}, err
	}
	for _, o := range objects {
		p.coming[name(o.Kind, o.Key)] = true
	}
	plan := Plan{Ref: ref, Version: meta.Version, From: from.Version, Ask: ask}
	if plan.Changes, err = p.plan(ctx, objects); err != nil {
		return Plan{}, err
	}
	plan.Hash, err = plan.hash()
	return plan, err
}

// check refuses a template that is broken: its author's mistake.
func (s *Service) check(objects []Object) error {
	broken := func(what string) error {
		return errs.New(errs.Unavailable, "template.broken", "The template is broken: "+what+". Tell its author.")
	}
	if len(objects) > MaxObjects {
		return broken("it has too many objects")
	}
	seen := make(map[string]bool)
	for _, o := range objects {
		switch {
		case !slices.ContainsFunc(s.kinds, func(n Named) bool { return n.Name == o.Kind }):
			return broken("it has an object of the kind " + o.Kind + ", which this server does not know")
		case o.Key == "" || seen[name(o.Kind, o.Key)]:
			return broken("the key " + o.Kind + "/" + o.Key + " is empty, or there twice")
		}
		seen[name(o.Kind, o.Key)] = true
	}
	return nil
}

// planner knows what the template made so far.
func (s *Service) planner(ctx context.Context, scope identity.Scope, ref Ref) (*planner, Install, error) {
	p := &planner{Service: s, scope: scope, tracked: make(map[string]Tracked), ids: make(map[string]string), coming: make(map[string]bool)}
	install, tracked, err := s.store.Install(ctx, scope.Workspace, ref)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, Install{}, err
	}
	for _, t := range tracked {
		p.tracked[name(t.Kind, t.Key)] = t
	}
	return p, install, nil
}

// Outcome is what became of a plan.
type Outcome struct {
	Plan
	State  State
	Failed []Failure
}

// Failure is an object that was refused.
type Failure struct {
	Kind, Key string
	Code      string
	Detail    string // a sentence
}

// Apply does what a plan said. hash is that of the plan that was looked at:
// when the workspace or the template has changed since, nothing is done and
// the answer is errs.Conflict. Needs PluginManage, and what each kind needs.
func (s *Service) Apply(ctx context.Context, scope identity.Scope, ref Ref, ask Ask, hash string) (Outcome, error) {
	plan, err := s.Plan(ctx, scope, ref, ask)
	if err != nil {
		return Outcome{}, err
	}
	if plan.Hash != hash {
		return Outcome{}, outdated()
	}
	now := s.now()
	install := Install{Ref: ref, Version: plan.Version, Ask: ask, State: Applying, By: scope.Member(), AppliedAt: now, Until: now.Add(lease)}
	if err := s.store.Begin(ctx, scope.Workspace, install, now); err != nil {
		return Outcome{}, err
	}
	out := Outcome{Plan: plan, State: Applied}
	if out.Failed, err = s.carryOut(ctx, scope, ref, plan.Changes); err != nil {
		return out, err
	}
	if len(out.Failed) > 0 {
		out.State = Incomplete
	}
	install.State, install.Until = out.State, time.Time{}
	return out, s.store.Finish(ctx, scope.Workspace, install, s.told(ctx, scope, ref, "template.applied", plan.Version))
}

func outdated() error {
	return errs.New(errs.Conflict, "template.plan_changed", "Something has changed since you looked at this plan. Look at it again.")
}

// carryOut makes the changes, one after the other. What is refused is noted
// and hinders the others only where they refer to it; what fails for another
// reason ends it, and applying again goes on from there.
func (s *Service) carryOut(ctx context.Context, scope identity.Scope, ref Ref, changes []Change) ([]Failure, error) {
	p, _, err := s.planner(ctx, scope, ref)
	if err != nil {
		return nil, err
	}
	var failed []Failure
	for _, c := range changes {
		err := p.carry(ctx, ref, c)
		if refused, ok := errors.AsType[*errs.Error](err); ok && refused.Kind != errs.Unavailable && refused.Kind != errs.Internal {
			failed = append(failed, Failure{Kind: c.Kind, Key: c.Key, Code: refused.Code, Detail: refused.Message})
			err = nil
			if c.Op == Create { // it was noted as about to be made
				err = s.store.Untrack(ctx, scope.Workspace, ref, c.Kind, c.Key)
			}
		}
		if err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// carry makes one change and notes what it made.
func (p *planner) carry(ctx context.Context, ref Ref, c Change) error {
	kind := p.kinds[p.place(c.Kind)].Kind
	if c.ID != "" {
		p.ids[name(c.Kind, c.Key)] = c.ID
	}
	if c.Op == Update || c.Op == Delete {
		if err := p.still(ctx, c, kind); err != nil {
			return err
		}
	}
	switch c.Op {
	case Create:
		return p.create(ctx, ref, c, kind)
	case Update:
		return p.update(ctx, ref, c, kind)
	case Delete:
		if err := kind.Delete(ctx, p.scope, c.ID); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		return p.store.Untrack(ctx, p.scope.Workspace, ref, c.Kind, c.Key)
	case Keep:
	}
	switch {
	case c.forget:
		return p.store.Untrack(ctx, p.scope.Workspace, ref, c.Kind, c.Key)
	case c.track.ID == "":
		return nil
	}
	return p.store.Track(ctx, p.scope.Workspace, ref, c.track)
}

// still refuses to touch what somebody changed a moment ago.
func (p *planner) still(ctx context.Context, c Change, kind Kind) error {
	current, found, err := kind.Read(ctx, p.scope, c.ID)
	if err == nil && found && !same(current, c.Before) {
		err = errs.New(errs.Conflict, "template.changed_meanwhile", "Somebody changed it at this moment.")
	}
	return err
}

// create makes an object: noted before, so that one which is there after a cut
// is known to be the template's, and after.
func (p *planner) create(ctx context.Context, ref Ref, c Change, kind Kind) error {
	if err := p.store.Track(ctx, p.scope.Workspace, ref, Tracked{Kind: c.Kind, Key: c.Key, Owned: true}); err != nil {
		return err
	}
	value, missing := p.resolve(c.After)
	if missing {
		return errs.New(errs.Conflict, "template.needs", "It refers to something that is not there.")
	}
	id, err := kind.Create(ctx, p.scope, value)
	if err != nil {
		return err
	}
	p.ids[name(c.Kind, c.Key)] = id
	t := c.track
	t.ID = id
	return p.written(ctx, ref, t, kind)
}

// update changes an object. Of fields that a person changed the base stays
// what it was: they are the person's until they are as they were.
func (p *planner) update(ctx context.Context, ref Ref, c Change, kind Kind) error {
	value, _ := p.resolve(c.After)
	if err := kind.Update(ctx, p.scope, c.ID, value); err != nil {
		return err
	}
	return p.written(ctx, ref, c.track, kind, c.Fields...)
}

// written notes an object as the workspace has it now.
func (p *planner) written(ctx context.Context, ref Ref, t Tracked, kind Kind, fields ...Field) error {
	current, found, err := kind.Read(ctx, p.scope, t.ID)
	if err != nil || !found {
		return err
	}
	base, old := fieldsOf(current), fieldsOf(t.Base)
	for _, f := range fields {
		if f.Kept {
			base[f.Name] = old[f.Name]
		}
	}
	if t.Base, err = encode(base); err != nil {
		return err
	}
	t.Wrote, _ = p.resolve(t.Wrote)
	return p.store.Track(ctx, p.scope.Workspace, ref, t)
}

// PlanRemoval tells what removing a template would do. Needs PluginManage.
func (s *Service) PlanRemoval(ctx context.Context, scope identity.Scope, ref Ref) (Plan, error) {
	if err := scope.Require(identity.PluginManage); err != nil {
		return Plan{}, err
	}
	install, tracked, err := s.store.Install(ctx, scope.Workspace, ref)
	if err != nil {
		return Plan{}, err
	}
	p := &planner{Service: s, scope: scope}
	plan := Plan{Ref: ref, From: install.Version, Ask: install.Ask}
	if plan.Changes, err = p.leave(ctx, tracked, Removed); err != nil {
		return Plan{}, err
	}
	plan.Hash, err = plan.hash()
	return plan, err
}

// Remove takes a template away again: what is as it wrote it goes, what a
// person changed or what was there before stays and is nobody's but theirs.
// What cannot go (it is in use) is told and stays known, so that removing can
// be asked for again. Needs PluginManage, and what each kind needs.
func (s *Service) Remove(ctx context.Context, scope identity.Scope, ref Ref, hash string) (Outcome, error) {
	plan, err := s.PlanRemoval(ctx, scope, ref)
	if err != nil {
		return Outcome{}, err
	}
	if plan.Hash != hash {
		return Outcome{}, outdated()
	}
	install, _, err := s.store.Install(ctx, scope.Workspace, ref)
	if err != nil {
		return Outcome{}, err
	}
	now := s.now()
	install.State, install.Until = Applying, now.Add(lease)
	if err := s.store.Begin(ctx, scope.Workspace, install, now); err != nil {
		return Outcome{}, err
	}
	out := Outcome{Plan: plan, State: Applied}
	if out.Failed, err = s.carryOut(ctx, scope, ref, plan.Changes); err != nil {
		return out, err
	}
	told := s.told(ctx, scope, ref, "template.removed", install.Version)
	if len(out.Failed) > 0 {
		out.State, install.State, install.Until = Incomplete, Incomplete, time.Time{}
		return out, s.store.Finish(ctx, scope.Workspace, install, told)
	}
	return out, s.store.Remove(ctx, scope.Workspace, ref, told)
}

// told is the record of a change.
func (s *Service) told(ctx context.Context, scope identity.Scope, ref Ref, action, version string) event.Event {
	said := event.Differences{}
	said.Note("version", "", version)
	return event.Event{
		ID: s.ids.New("aud"), Workspace: string(scope.Workspace), At: s.now(),
		Audit: identity.Record(ctx, scope, action, event.Party{Kind: "template", ID: ref.Plugin + ":" + ref.Name}).Say(said),
	}
}
