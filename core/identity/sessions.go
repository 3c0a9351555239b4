package identity

import (
	"cmp"
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
)

// List returns the live sessions of the session's account, the last used
// first. A session that opens one workspace sees those like it alone.
func (s *Sessions) List(ctx context.Context, mine Session) ([]Session, error) {
	all, err := s.live(ctx, mine.Account)
	if err != nil || mine.Workspace == "" {
		return all, err
	}
	return only(all, func(other Session) bool { return other.Workspace == mine.Workspace }), nil
}

// live returns the sessions of an account that have not expired.
func (s *Sessions) live(ctx context.Context, account AccountID) ([]Session, error) {
	all, err := s.Stores.Sessions.SessionsOf(ctx, account)
	now := s.now()
	return only(all, func(x Session) bool { return x.ExpiresAt.After(now) }), err
}

func only(all []Session, keep func(Session) bool) []Session {
	var out []Session
	for _, s := range all {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

// End ends one of the account's own sessions; errs.Absent when it is not among
// those of List.
func (s *Sessions) End(ctx context.Context, mine Session, id SessionID) error {
	return s.end(ctx, mine, func(other Session) bool { return other.ID == id }, true)
}

// EndOthers ends every session of List but this one.
func (s *Sessions) EndOthers(ctx context.Context, mine Session) error {
	return s.end(ctx, mine, func(other Session) bool { return other.ID != mine.ID }, false)
}

func (s *Sessions) end(ctx context.Context, mine Session, which func(Session) bool, must bool) error {
	all, err := s.List(ctx, mine)
	if err != nil {
		return err
	}
	return s.endAll(ctx, mine, only(all, which), must)
}

func (s *Sessions) endAll(ctx context.Context, mine Session, which []Session, must bool) error {
	if len(which) == 0 {
		if must {
			return errs.Absent()
		}
		return nil
	}
	events, err := s.mine(ctx, mine, SessionsEnded, map[string]int{"sessions": len(which)})
	if err != nil {
		return err
	}
	if err := s.Stores.Sessions.DeleteSessions(ctx, idsOf(which), events...); err != nil {
		return err
	}
	s.sessionsChanged(ctx, mine.Account)
	return nil
}

// OfMember lists the live sessions of a member that open the workspace. Needs
// MemberManage and a role that may change the member.
func (s *Sessions) OfMember(ctx context.Context, scope Scope, id MemberID) ([]Session, error) {
	member, err := s.reachable(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.opening(ctx, member)
}

// reachable returns a member whom the actor may change.
func (s *Sessions) reachable(ctx context.Context, scope Scope, id MemberID) (Member, error) {
	if err := scope.Require(MemberManage); err != nil {
		return Member{}, err
	}
	member, err := s.Stores.Members.Member(ctx, scope.Workspace, id)
	if err != nil {
		return Member{}, err
	}
	if may, err := s.outranks(ctx, scope, member.Role); err != nil || !may {
		return Member{}, cmp.Or[error](err, Outranked())
	}
	return member, nil
}

// opening returns the live sessions that open the member's workspace.
func (s *Sessions) opening(ctx context.Context, member Member) ([]Session, error) {
	all, err := s.live(ctx, member.Account)
	return only(all, func(x Session) bool { return x.Workspace == "" || x.Workspace == member.Workspace }), err
}

// EndOfMember ends one session of OfMember, or all ("").
func (s *Sessions) EndOfMember(ctx context.Context, scope Scope, id MemberID, session SessionID) error {
	member, err := s.reachable(ctx, scope, id)
	if err != nil {
		return err
	}
	all, err := s.opening(ctx, member)
	if err != nil {
		return err
	}
	which := only(all, func(x Session) bool { return session == "" || x.ID == session })
	if len(which) == 0 {
		if session != "" {
			return errs.Absent()
		}
		return nil
	}
	note := s.note(ctx, scope, SessionsEnded, member.target(), map[string]int{"sessions": len(which)})
	if err := s.Stores.Sessions.DeleteSessions(ctx, idsOf(which), note); err != nil {
		return err
	}
	s.sessionsChanged(ctx, member.Account)
	return nil
}

func idsOf(all []Session) []SessionID {
	ids := make([]SessionID, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	return ids
}
