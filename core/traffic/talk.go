package traffic

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// wait is a conversation that waited for a member, and what became of it until
// it is done, rests, or waits anew.
type wait struct {
	queue   queue.ID
	team    team.ID
	channel dispatch.Channel
	value   int // that a routing rule gave; 0 = none
	needs   []queue.Need

	at       time.Time
	ended    time.Time // given to a member, or no more to be waited for; zero = it waits still
	given    bool      // to a member
	left     time.Time // when the customer left; zero = did not
	handled  time.Duration
	measured bool // handled is all of it
}

// span is a time in which a member had a conversation.
type span struct {
	from, to time.Time
	waited   bool // for the member, before
}

// talk folds the history of one conversation.
type talk struct {
	seq     uint64
	channel dispatch.Channel
	state   conversation.State
	queue   queue.ID
	team    team.ID
	value   int
	needs   []queue.Need
	member  string
	running time.Time // since when a member has it in hand; zero = nobody has
	waits   bool
	slept   bool  // since the last wait began
	cur     *wait // the last one; nil = none, or it is over

	all  []*wait
	held []span
}

// data is what is read of changes.
type data struct {
	Queue    *string `json:"queue_id"`
	Team     string  `json:"team_id"`
	Assignee string  `json:"assignee_id"`
	By       string  `json:"by"`
	State    string  `json:"state"`
	Rule     *struct {
		Skills []struct {
			ID    string `json:"skill_id"`
			Level int    `json:"level"`
		} `json:"skills"`
		Value int `json:"value"`
	} `json:"rule"`
}

// take takes the next change of the conversation.
func (t *talk) take(e figures.Event) {
	var said data
	if e.Seq <= t.seq || len(e.Data) > 0 && json.Unmarshal(e.Data, &said) != nil {
		return
	}
	t.seq = e.Seq
	switch conversation.ChangeType(e.Type) { //nolint:exhaustive // nothing else moves a conversation
	case conversation.Created:
		t.team = team.ID(said.Team)
	case conversation.Queued:
		t.queued(e.At, said)
	case conversation.TeamChanged:
		t.moved(e, said)
	case conversation.Assigned:
		t.assigned(e.At, said.Assignee)
	case figures.Abandoned:
		if t.cur != nil && t.cur.left.IsZero() {
			t.cur.left = e.At
		}
	case conversation.SnoozedChange:
		t.pause(e.At)
		t.state, t.slept, t.waits = conversation.Snoozed, true, false
		if t.cur != nil && t.cur.ended.IsZero() {
			t.cur.ended = e.At
		}
	case conversation.Unsnoozed:
		t.state = conversation.Open
		t.resume(e.At)
	case conversation.BotEngaged:
		t.finish(e.At)
		t.member = ""
	case conversation.ResolvedChange, conversation.Merged:
		t.finish(e.At)
		t.state = conversation.Resolved
	case conversation.Reopened:
		t.reopened(e.At, said.By)
	case conversation.Unmerged:
		if said.State != "" {
			t.state = conversation.State(said.State)
			t.resume(e.At)
		}
	}
}

// queued takes that it waits. What comes back from a member to the queue in which
// it waited waits on.
func (t *talk) queued(at time.Time, said data) {
	t.pause(at)
	t.member, t.state, t.waits, t.team = "", conversation.Open, true, team.ID(said.Team)
	if r := said.Rule; r != nil {
		t.value, t.needs = r.Value, nil
		for _, s := range r.Skills {
			t.needs = append(t.needs, queue.Need{Skill: queue.SkillID(s.ID), Level: s.Level})
		}
	}
	if t.cur == nil || t.slept || t.cur.queue != t.queue {
		t.finish(at)
		t.waits = true
		t.begin(at)
	}
}

func (t *talk) begin(at time.Time) {
	t.slept = false
	t.cur = &wait{queue: t.queue, team: t.team, channel: t.channel, value: t.value, needs: t.needs, at: at}
	t.all = append(t.all, t.cur)
}

// moved takes that it stands elsewhere: one that waits has come there alone.
func (t *talk) moved(e figures.Event, said data) {
	t.team = team.ID(said.Team)
	if said.Queue != nil {
		t.queue = queue.ID(*said.Queue)
	}
	if e.Actor == identity.ActorMember {
		t.needs = nil // they were asked of the people where the rule put it
	}
	if !t.waits || t.cur == nil {
		return
	}
	at := t.cur.at
	if t.cur.queue != t.queue {
		at = e.At
	}
	t.cur.queue, t.cur.team, t.cur.needs = t.queue, t.team, t.needs
	if t.cur.ended.IsZero() {
		t.cur.at = at
	}
}

func (t *talk) assigned(at time.Time, to string) {
	t.pause(at)
	if t.cur != nil && t.cur.ended.IsZero() {
		t.cur.ended, t.cur.given = at, true
	}
	t.member, t.waits = to, false
	t.resume(at)
}

func (t *talk) reopened(at time.Time, by string) {
	t.finish(at)
	t.state = conversation.Open
	if by == string(identity.ActorContact) {
		t.member = ""
	}
	t.resume(at)
}

// resume begins to count that a member has it in hand.
func (t *talk) resume(at time.Time) {
	if t.member != "" && t.state == conversation.Open && t.running.IsZero() {
		t.running = at
	}
}

// pause ends it.
func (t *talk) pause(at time.Time) {
	if t.running.IsZero() {
		return
	}
	t.held = append(t.held, span{t.running, at, t.cur != nil})
	if t.cur != nil {
		t.cur.handled += max(at.Sub(t.running), 0)
	}
	t.running = time.Time{}
}

// finish ends the wait, and what came of it.
func (t *talk) finish(at time.Time) {
	t.pause(at)
	if t.cur != nil {
		if t.cur.ended.IsZero() {
			t.cur.ended = at
		}
		t.cur.measured = t.cur.given && t.cur.handled > 0
	}
	t.cur, t.waits = nil, false
}

// end takes that nothing more is known.
func (t *talk) end(at time.Time) {
	if !t.running.IsZero() {
		t.held = append(t.held, span{t.running, at, t.cur != nil})
	}
}
