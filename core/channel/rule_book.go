package channel

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/identity"
)

// RuleBook is the rules of an inbox as whoever manages it sees them.
type RuleBook struct {
	Rules
	Fields filter.Registry
	Faults map[string][]errs.Field // by rule: what is skipped, since it is not there any more
}

// Rules returns the rules of an inbox. Needs InboxManage.
func (s *Service) Rules(ctx context.Context, scope identity.Scope, id InboxID) (RuleBook, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return RuleBook{}, err
	}
	inbox, err := s.Get(ctx, scope, id)
	if err != nil {
		return RuleBook{}, err
	}
	return s.book(ctx, inbox)
}

func (s *Service) book(ctx context.Context, inbox Inbox) (RuleBook, error) {
	out := RuleBook{Rules: inbox.Rules, Fields: s.ruleFields(inbox), Faults: make(map[string][]errs.Field)}
	for _, r := range inbox.Rules.List {
		faults, err := s.faults(ctx, inbox.Workspace, r.Then)
		if err != nil {
			return RuleBook{}, err
		}
		if len(faults) > 0 {
			out.Faults[r.ID] = faults
		}
	}
	return out, nil
}

func (s *Service) faults(ctx context.Context, w identity.WorkspaceID, e Effects) ([]errs.Field, error) {
	if s.Targets == nil {
		return nil, nil
	}
	return s.Targets.Faults(ctx, w, e)
}

func (s *Service) ruleFields(inbox Inbox) filter.Registry {
	t, _ := s.TypeOf(inbox.Plugin)
	return RuleFields(inbox.Live, t.Capabilities)
}

// SetRules replaces the rules of an inbox, if they are still those of a
// revision. They count from the next message on that begins a conversation.
// Needs InboxManage.
func (s *Service) SetRules(ctx context.Context, scope identity.Scope, id InboxID, revision uint64, drafts []RuleDraft) (RuleBook, error) {
	book, err := s.Rules(ctx, scope, id)
	if err != nil {
		return RuleBook{}, err
	}
	old, err := s.Get(ctx, scope, id)
	if err != nil {
		return RuleBook{}, err
	}
	checks := book.checks(old.Live, s.ids)
	list, err := checks.Check(drafts)
	if err != nil {
		return RuleBook{}, err
	}
	for i, r := range list {
		faults, err := s.faults(ctx, scope.Workspace, r.Then)
		if err != nil {
			return RuleBook{}, err
		}
		if len(faults) > 0 {
			return RuleBook{}, checks.Bad(i, r.Name, "/then"+faults[0].Pointer, faults[0].Code, faults[0].Detail)
		}
	}
	inbox, err := s.store.UpdateInbox(ctx, scope.Workspace, id, func(in *Inbox) ([]event.Event, error) {
		if in.Rules.Revision != revision {
			return nil, errs.New(errs.Conflict, "inbox.rules_changed", "Somebody else changed the rules meanwhile. Look at them again.")
		}
		before := in.Rules
		in.Rules = Rules{Revision: revision + 1, List: list}
		in.UpdatedAt = s.now()
		changed := s.changed(*in)
		changed.Audit = identity.Record(ctx, scope, "inbox.rules_updated", in.Target()).Say(in.Rules.since(before))
		return []event.Event{changed}, nil
	})
	if err != nil {
		return RuleBook{}, err
	}
	return s.book(ctx, inbox)
}

// Try tells of each rule of an inbox what a message would make of it. Nothing
// is changed. Needs InboxManage.
func (s *Service) Try(ctx context.Context, scope identity.Scope, id InboxID, a Arrival) ([]Trial, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return nil, err
	}
	inbox, err := s.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return inbox.Rules.Try(a, s.now()), nil
}

// since says what became of rules: each as it was and as it is.
func (r Rules) since(before Rules) event.Differences {
	d := event.Differences{}
	d.Note("revision", before.Revision, r.Revision)
	rules.Note(d, before.List, r.List, func(rule Rule) string {
		text, _ := json.Marshal(ruleJSON(rule)) // texts and a tree that was checked always marshal
		return string(text)
	})
	return d
}
