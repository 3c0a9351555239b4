package conversation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// FindingID names a finding: fnd_.
type FindingID string

// FindingLevel says who is to know of a finding.
type FindingLevel string

// The levels.
const (
	FindingNotice   FindingLevel = "notice"   // shown at the message
	FindingWarning  FindingLevel = "warning"  // whose conversation it is told
	FindingCritical FindingLevel = "critical" // supervisors are told too
)

// Finding is something that an analyzer noticed in a message.
type Finding struct {
	Workspace    identity.WorkspaceID
	ID           FindingID
	Conversation ID
	Message      MessageID
	Seq          uint64 // of the message
	Connection   string // of the analyzer
	Analyzer     string // the connection's name, as shown
	Code         string // stable, lower case
	Level        FindingLevel
	Title        map[string]string // by locale; "en" is always there
	Advice       map[string]string
	Start, End   int     // characters of the message's text; both 0 = all of it
	Score        float64 // 0 to 1; 0 = not known
	CreatedAt    time.Time
	DismissedAt  time.Time      // zero = it stands
	DismissedBy  identity.Actor // who said that it is settled
}

// MaxFindings bounds the findings of one message, of all analyzers.
const MaxFindings = 64

// findingData is the data of FindingRaised.
type findingData struct {
	ID         FindingID         `json:"finding_id"`
	Message    MessageID         `json:"message_id"`
	Seq        uint64            `json:"message_seq"`
	Connection string            `json:"connection_id"`
	Code       string            `json:"code"`
	Level      FindingLevel      `json:"level"`
	Title      map[string]string `json:"title"`
	Advice     map[string]string `json:"advice,omitempty"`
	Start      int               `json:"start"`
	End        int               `json:"end"`
	Score      float64           `json:"score,omitempty"`
}

// FindingOf reads the data of a FindingRaised.
func FindingOf(ch Change) Finding {
	var d findingData
	_ = json.Unmarshal(ch.Data, &d) // we wrote it
	return Finding{
		Workspace: ch.Workspace, ID: d.ID, Conversation: ch.Conversation, Message: d.Message, Seq: d.Seq, Connection: d.Connection, Analyzer: ch.Actor.Name,
		Code: d.Code, Level: d.Level, Title: d.Title, Advice: d.Advice, Start: d.Start, End: d.End, Score: d.Score, CreatedAt: ch.At,
	}
}

// Raise records a finding about a message of the conversation.
func (c *Conversation) Raise(t Turn, f Finding) {
	c.record(t, FindingRaised, nil, findingData{
		f.ID, f.Message, f.Seq, f.Connection, f.Code, f.Level, f.Title, f.Advice, f.Start, f.End, f.Score,
	})
}

// Dismiss records that somebody settled a finding.
func (c *Conversation) Dismiss(t Turn, id FindingID) {
	c.record(t, FindingDismissed, nil, map[string]string{"finding_id": string(id)})
}

// FindingTx is the side of a transaction that keeps findings.
type FindingTx interface {
	// FindingsAt lists what was noticed in a message.
	FindingsAt(ctx context.Context, id ID, message MessageID) ([]Finding, error)
	// Finding returns one, or errs.Absent.
	Finding(ctx context.Context, id FindingID) (Finding, error)
	// SaveFinding keeps one in place of its older version.
	SaveFinding(ctx context.Context, f Finding) error
}

// FindingReader answers questions about findings.
type FindingReader interface {
	// Findings lists those of a conversation, the newest first, at most limit.
	Findings(ctx context.Context, w identity.WorkspaceID, id ID, limit int) ([]Finding, error)
	// FindingIn returns which conversation a finding is of, or errs.Absent.
	FindingIn(ctx context.Context, w identity.WorkspaceID, id FindingID) (ID, error)
}

// Raise keeps what an analyzer noticed in a message, once for each code and
// place. The findings' message, texts and levels have been checked. It returns
// those that are new.
func (s *Service) Raise(ctx context.Context, w identity.WorkspaceID, by Bot, in ID, about MessageID, found []Finding) ([]Finding, error) {
	if len(found) == 0 {
		return nil, nil
	}
	var fresh []Finding
	err := s.Store.Within(ctx, w, func(ctx context.Context, tx Tx) error {
		fresh = nil
		c, err := tx.Conversation(ctx, in)
		if err != nil {
			return err
		}
		known, err := tx.FindingsAt(ctx, in, about)
		if err != nil {
			return err
		}
		t := Turn{Actor: identity.Actor{Kind: identity.ActorPlugin, ID: by.ID, Name: by.actor().Name}, At: s.Now(), IDs: s.ids}
		for _, f := range found {
			if f.among(known) || len(known) >= MaxFindings {
				continue
			}
			f.Workspace, f.Conversation, f.Message, f.Connection, f.Analyzer = w, in, about, by.ID, t.Actor.Name
			f.ID, f.CreatedAt = FindingID(s.ids.New("fnd")), t.At
			known, fresh = append(known, f), append(fresh, f)
			c.Raise(t, f)
		}
		if len(fresh) == 0 {
			return nil
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		for _, f := range fresh {
			if err := tx.SaveFinding(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, err
}

// among reports whether the same was noticed before, by the same analyzer.
func (f Finding) among(known []Finding) bool {
	for _, k := range known {
		if k.Connection == f.Connection && k.Code == f.Code && k.Start == f.Start && k.End == f.End {
			return true
		}
	}
	return false
}

// FindingsShown is how many findings of a conversation are listed.
const FindingsShown = 200

// FindingsOf lists what was noticed in a conversation that the actor reaches,
// the newest first, at most FindingsShown. Needs ConversationRead.
func (s *Service) FindingsOf(ctx context.Context, scope identity.Scope, id ID) ([]Finding, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	return s.Reader.Findings(ctx, scope.Workspace, id, FindingsShown)
}

// DismissFinding says that a finding is settled; once it is, it does nothing.
// Needs ConversationReply.
func (s *Service) DismissFinding(ctx context.Context, scope identity.Scope, id FindingID) (Finding, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Finding{}, err
	}
	in, err := s.Reader.FindingIn(ctx, scope.Workspace, id)
	if err != nil {
		return Finding{}, err
	}
	var out Finding
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, in)
		if err != nil {
			return err
		}
		if out, err = tx.Finding(ctx, id); err != nil || !out.DismissedAt.IsZero() {
			return err
		}
		if out.Conversation != c.ID {
			return errs.Absent()
		}
		t := s.turn(scope)
		c.Dismiss(t, id)
		out.DismissedAt, out.DismissedBy = t.At, t.Actor
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveFinding(ctx, out)
	})
	return out, err
}
