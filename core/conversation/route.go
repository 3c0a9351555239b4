package conversation

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Unrouted is what routing rules may still decide of a conversation, as bits; 0 =
// nothing: it entered the queue once, or a person said where it goes.
type Unrouted uint8

// The bits.
const (
	ToRoute        Unrouted = 1 << iota // it has not been in the queue yet
	TeamChosen                          // its team was chosen: by a rule of its inbox, an interceptor or a bot
	PriorityChosen                      // a person gave it its priority
)

// Router decides where conversations wait.
type Router interface {
	// Route returns what the rules say of a conversation that enters the queue for
	// the first time, and is not saved yet; the zero value = none holds.
	Route(ctx context.Context, tx Tx, c *Conversation) (Routed, error)
}

// Routed is what a rule decided.
type Routed struct {
	Rule     string // rul_
	Name     string
	Revision uint64 // of the rules
	Effects
	Skipped []errs.Field // what it says that cannot be done; pointers are below its effects
}

// Effects are what routing does with a conversation.
type Effects struct {
	Queue    queue.ID // "" = it waits where it would
	Team     team.ID  // of the queue; "" = everybody
	Priority Priority // "" = as it is
	Demand
}

// The pointers of Effects.
const (
	AtQueue    = "/queue_id"
	AtSkills   = "/skills"
	AtValue    = "/value"
	AtPriority = "/priority"
)

// Within returns what is left of effects for a conversation of which that may still
// be decided: a queue of another team than the one that was chosen is left out,
// and one without a team leaves it its team; so is a priority where a person
// gave one.
func (e Effects) Within(left Unrouted, chosen team.ID) (Effects, []errs.Field) {
	var skipped []errs.Field
	if e.Queue != "" && left&TeamChosen != 0 {
		if e.Team == "" {
			e.Team = chosen
		}
		if e.Team != chosen {
			e.Queue, e.Team = "", ""
			skipped = append(skipped, errs.Field{Pointer: AtQueue, Code: "other_team", Detail: "another team was chosen before."})
		}
	}
	if e.Priority != "" && left&PriorityChosen != 0 {
		e.Priority = ""
		skipped = append(skipped, errs.Field{Pointer: AtPriority, Code: "chosen", Detail: "a person gave it its priority before."})
	}
	return e, skipped
}

// save saves a conversation; one that enters the queue for the first time is
// routed before.
func (s *Service) save(ctx context.Context, tx Tx, c *Conversation) error {
	if err := s.routeFirst(ctx, tx, c); err != nil {
		return err
	}
	return tx.Save(ctx, c)
}

// routeFirst routes a conversation that enters the queue for the first time.
func (s *Service) routeFirst(ctx context.Context, tx Tx, c *Conversation) error {
	if !c.entersFirst() {
		return nil
	}
	var r Routed
	if s.Router != nil {
		var err error
		if r, err = s.Router.Route(ctx, tx, c); err != nil {
			return err
		}
	}
	// At is that of what brought it into the queue.
	return c.route(Turn{Actor: identity.Actor{Kind: identity.ActorSystem}, At: c.UpdatedAt, IDs: s.ids}, r)
}

// entersFirst reports whether one of the changes that are not saved yet brought the
// conversation into the queue, for the first time.
func (c *Conversation) entersFirst() bool {
	return c.Unrouted != 0 && c.Waits() && slices.ContainsFunc(c.pending, func(ch Change) bool { return ch.Type == Queued })
}

// route does what a rule decided, and says so where it entered the queue.
func (c *Conversation) route(t Turn, r Routed) error {
	left := c.Unrouted
	c.Unrouted = 0
	if r.Rule == "" {
		return nil
	}
	then, skipped := r.Within(left, c.Team)
	c.Demand = then.Demand
	if then.Queue != "" {
		c.Enter(t, then.Queue, then.Team)
	}
	c.tellRoute(r, append(r.Skipped, skipped...))
	if then.Priority == "" {
		return nil
	}
	return c.SetPriority(t, then.Priority)
}

// tellRoute puts the rule that decided, and the team, into the change by which the
// conversation entered the queue.
func (c *Conversation) tellRoute(r Routed, skipped []errs.Field) {
	for i := range c.pending {
		ch := &c.pending[i]
		if ch.Type != Queued {
			continue
		}
		said := map[string]any{}
		_ = json.Unmarshal(ch.Data, &said) // we wrote it
		said["rule"] = ruleData{ID: r.Rule, Name: r.Name, Revision: r.Revision, Skipped: skippedOf(skipped), Skills: skillsOf(c.Demand.Needs), Value: c.Demand.Value}
		if c.Team != "" {
			said["team_id"] = string(c.Team)
		} else {
			delete(said, "team_id")
		}
		ch.Data, _ = json.Marshal(said) // texts and numbers always marshal
	}
}

// teamChosen says that routing rules keep to the team that the conversation has.
func (c *Conversation) teamChosen() {
	if c.Unrouted != 0 {
		c.Unrouted |= TeamChosen
	}
}
