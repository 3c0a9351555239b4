package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

// needBody is a skill with a level.
type needBody struct {
	SkillID string `json:"skill_id"`
	Level   int    `json:"level" minimum:"1" maximum:"5"`
}

// rungBody widens who may serve, after a time of waiting.
type rungBody struct {
	AfterS int        `json:"after_s" minimum:"1" maximum:"604800" doc:"Seconds of waiting."`
	Lower  []needBody `json:"lower,omitempty" doc:"Skills of which a lower level is enough then."`
	Drop   []string   `json:"drop,omitempty" doc:"Skills that are not asked for any more then."`
}

// overflowBody says whose people may serve too, after a time of waiting.
type overflowBody struct {
	QueueID string `json:"queue_id" doc:"Empty: nobody's."`
	AfterS  int    `json:"after_s" minimum:"0" maximum:"604800" doc:"Seconds of waiting."`
}

// queueBody is a stream of work.
type queueBody struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	Description string         `json:"description"`
	TeamID      string         `json:"team_id" doc:"Who serves it; empty: everybody."`
	InboxIDs    []string       `json:"inbox_ids" doc:"New conversations of these inboxes wait in it."`
	Skills      []needBody     `json:"skills" doc:"Who serves it has all of these."`
	TargetS     int            `json:"target_s" doc:"Seconds until the first answer that are aimed at; 0: none."`
	Value       int            `json:"value" doc:"0 is ordinary; larger is worth more."`
	Exclusive   bool           `json:"exclusive" doc:"Each conversation takes a whole member: one who has nothing else, and is given nothing else meanwhile."`
	Tickets     bool           `json:"tickets" doc:"New and open tickets of its team that nobody has wait in it, too, and are given out; of no team, if it has none."`
	Ladder      []rungBody     `json:"ladder"`
	Overflow    overflowBody   `json:"overflow"`
	StickyForS  int            `json:"sticky_for_s" doc:"Seconds for which a conversation is kept for the member who answered its contact last, if they serve the queue; 0: not at all."`
	CalendarID  string         `json:"calendar_id" doc:"When it is open; empty: always."`
	Outside     outsideBody    `json:"outside"`
	Callback    callbackBody   `json:"callback"`
	WhenLeft    string         `json:"when_left" enum:"keep,close,ticket" doc:"What becomes of the conversation of a customer who left the chat while they waited. keep: it waits on. close: it is resolved. ticket: it is resolved, and there is a ticket for the queue's team."`
	LeftAfterS  int            `json:"left_after_s" doc:"Seconds after they count as gone until that happens; who is back by then waits on."`
	Closed      bool           `json:"closed" doc:"Whether it is closed now."`
	ChangeAt    *time.Time     `json:"change_at,omitempty" doc:"When it closes or opens next; absent: never."`
	Revision    int            `json:"revision"`
	Serves      int            `json:"serves" doc:"How many members may be given its work at once."`
	Reaches     int            `json:"reaches" doc:"... and when everything of its ladder and its overflow is reached."`
	Warnings    []queueWarning `json:"warnings"`
	CreatedAt   time.Time      `json:"created_at"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

// outsideBody is what happens to who comes while a queue is closed.
type outsideBody struct {
	Do    string            `json:"do,omitempty" enum:"message,callback,overflow" doc:"message: they wait, and are told when it opens. callback: there is a ticket for the queue's team too, and who cannot be reached is asked how. overflow: they wait in the overflow queue, if that is open."`
	Texts map[string]string `json:"texts,omitempty" doc:"What customers are told, by locale (en, zh-CN), with variables such as {{queue.opens_at}}; a locale without one has a text of ours."`
}

// callbackBody is what is offered to customers who wait in front of a window.
type callbackBody struct {
	Offered string `json:"offered,omitempty" enum:"never,closed,wait,always" doc:"When customers are offered to be called back instead of waiting. closed: outside the queue's hours. wait: likewise, and while the expected wait is longer than wait_s, or nobody is there."`
	WaitS   int    `json:"wait_s,omitempty" minimum:"0" maximum:"604800" doc:"Seconds."`
	Ask     string `json:"ask,omitempty" enum:"phone,email,either" doc:"How they say that they can be reached."`
}

// queueWarning is something that is allowed, and likely not what is meant.
type queueWarning struct {
	Pointer   string `json:"pointer"`
	Code      string `json:"code" enum:"nobody,nobody_has,never_opens"`
	Detail    string `json:"detail"`
	NearestID string `json:"nearest_id" doc:"The member who lacks the least; empty: there is nobody."`
}

func needsOf(needs []queue.Need) []needBody {
	out := make([]needBody, len(needs))
	for i, n := range needs {
		out[i] = needBody{string(n.Skill), n.Level}
	}
	return out
}

func needsFrom(bodies []needBody) []queue.Need {
	var out []queue.Need
	for _, n := range bodies {
		out = append(out, queue.Need{Skill: queue.SkillID(n.SkillID), Level: n.Level})
	}
	return out
}

func secondsOf(d time.Duration) int { return int(d / time.Second) }

func queueOf(q queue.Advised) queueBody {
	out := queueBody{
		ID: string(q.ID), Name: q.Name, Description: q.Description, TeamID: string(q.Team), InboxIDs: strs(q.Inboxes),
		Skills: needsOf(q.Needs), TargetS: secondsOf(q.Target), Value: q.Value, Exclusive: q.Exclusive, Tickets: q.Tickets, Ladder: []rungBody{},
		Overflow:   overflowBody{string(q.Overflow.Queue), secondsOf(q.Overflow.After)},
		CalendarID: string(q.Calendar), Outside: outsideBody{string(q.Outside.Does()), q.Outside.Texts},
		Callback: callbackBody{string(q.Callback.When()), secondsOf(q.Callback.Wait), string(q.Callback.Asks())},
		WhenLeft: string(q.Left.Does()), LeftAfterS: secondsOf(q.Left.After),
		Closed: q.Now.Closed, ChangeAt: wire.StampOrNil(q.Now.ChangesAt),
		StickyForS: secondsOf(q.Sticky), Revision: q.Revision, Serves: q.Serves, Reaches: q.Reaches, Warnings: []queueWarning{},
		CreatedAt: wire.Stamp(q.CreatedAt), UpdatedAt: wire.Stamp(q.UpdatedAt),
	}
	for _, r := range q.Ladder {
		out.Ladder = append(out.Ladder, rungBody{secondsOf(r.After), needsOf(r.Lower), strs(r.Drop)})
	}
	for _, w := range q.Warnings {
		out.Warnings = append(out.Warnings, queueWarning{w.Pointer, w.Code, w.Detail, string(w.Nearest)})
	}
	return out
}

func (s *Server) queueRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/queues"
	tags := []string{"queues"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List queues", Tags: tags}, identity.TeamRead, s.listQueues)
	member(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Make a queue", Tags: tags, DefaultStatus: http.StatusCreated}, identity.TeamManage, s.createQueue)
	member(s, huma.Operation{Method: http.MethodGet, Path: path + "/{queue}", Summary: "Read a queue", Tags: tags}, identity.TeamRead, s.getQueue)
	member(s, huma.Operation{
		Method: http.MethodPatch, Path: path + "/{queue}", Summary: "Change a queue", Tags: tags,
		Description: "With a revision, the change is refused when somebody else has changed the queue since.",
	}, identity.TeamManage, s.patchQueue)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: path + "/{queue}", Summary: "Delete a queue", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "What waits in it waits for its team, with its place by the time of its arrival.",
	}, identity.TeamManage, s.deleteQueue)
}

type listQueuesInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listQueues(ctx context.Context, scope identity.Scope, in *listQueuesInput) (*body[list[queueBody]], error) {
	return asList(queueOf)(s.Queues.List(ctx, scope, in.request()))
}

// QueuePath is the path parameters of one queue.
type QueuePath struct {
	WorkspacePath
	Queue string `path:"queue"`
}

// queuePatch is what a queue becomes.
type queuePatch struct {
	Name        *string       `json:"name,omitempty"`
	Description *string       `json:"description,omitempty"`
	TeamID      *string       `json:"team_id,omitempty" doc:"Empty: everybody serves it. What waits already keeps its team."`
	InboxIDs    *[]string     `json:"inbox_ids,omitempty" doc:"An inbox has one queue, which goes before its team."`
	Skills      *[]needBody   `json:"skills,omitempty"`
	TargetS     *int          `json:"target_s,omitempty" minimum:"0" maximum:"604800"`
	Value       *int          `json:"value,omitempty" minimum:"0" maximum:"100"`
	Exclusive   *bool         `json:"exclusive,omitempty"`
	Tickets     *bool         `json:"tickets,omitempty" doc:"One queue of a team takes its tickets."`
	CalendarID  *string       `json:"calendar_id,omitempty" doc:"Empty: always open."`
	Outside     *outsideBody  `json:"outside,omitempty" doc:"All of it."`
	Callback    *callbackBody `json:"callback,omitempty" doc:"All of it."`
	WhenLeft    *string       `json:"when_left,omitempty" enum:"keep,close,ticket" doc:"Of chats alone: who writes by mail or by a messenger never leaves."`
	LeftAfterS  *int          `json:"left_after_s,omitempty" minimum:"0" maximum:"604800"`
	Ladder      *[]rungBody   `json:"ladder,omitempty" doc:"Each rung comes after the one before it, and changes what that has left."`
	Overflow    *overflowBody `json:"overflow,omitempty"`
	StickyForS  *int          `json:"sticky_for_s,omitempty" minimum:"0" maximum:"604800"`
	Revision    *int          `json:"revision,omitempty" doc:"That the change was made on."`
}

func (p queuePatch) domain() queue.Patch {
	out := queue.Patch{
		Name: p.Name, Description: p.Description, Inboxes: p.InboxIDs, Value: p.Value, Exclusive: p.Exclusive, Tickets: p.Tickets, Revision: p.Revision,
		Target: seconds(p.TargetS), Sticky: seconds(p.StickyForS), LeftAfter: seconds(p.LeftAfterS),
	}
	if p.TeamID != nil {
		out.Team = new(team.ID(*p.TeamID))
	}
	if p.CalendarID != nil {
		out.Calendar = new(calendar.ID(*p.CalendarID))
	}
	if p.Outside != nil {
		out.Outside = &queue.Outside{Do: queue.Do(p.Outside.Do), Texts: p.Outside.Texts}
	}
	if c := p.Callback; c != nil {
		out.Callback = &queue.Callbacks{Offered: queue.Offered(c.Offered), Wait: *seconds(&c.WaitS), Ask: queue.Reach(c.Ask)}
	}
	if p.WhenLeft != nil {
		out.WhenLeft = new(queue.LeftDo(*p.WhenLeft))
	}
	if p.Skills != nil {
		out.Needs = new(needsFrom(*p.Skills))
	}
	if p.Overflow != nil {
		out.Overflow = &queue.Overflow{Queue: queue.ID(p.Overflow.QueueID), After: *seconds(&p.Overflow.AfterS)}
	}
	if p.Ladder != nil {
		rungs := []queue.Rung{}
		for _, r := range *p.Ladder {
			rung := queue.Rung{After: *seconds(&r.AfterS), Lower: needsFrom(r.Lower)}
			for _, d := range r.Drop {
				rung.Drop = append(rung.Drop, queue.SkillID(d))
			}
			rungs = append(rungs, rung)
		}
		out.Ladder = &rungs
	}
	return out
}

type createQueueInput struct {
	WorkspacePath
	Body queuePatch
}

func (s *Server) createQueue(ctx context.Context, scope identity.Scope, in *createQueueInput) (*body[queueBody], error) {
	return asOne(queueOf)(s.Queues.Create(ctx, scope, in.Body.domain()))
}

func (s *Server) getQueue(ctx context.Context, scope identity.Scope, in *QueuePath) (*body[queueBody], error) {
	return asOne(queueOf)(s.Queues.Get(ctx, scope, queue.ID(in.Queue)))
}

type patchQueueInput struct {
	QueuePath
	Body queuePatch
}

func (s *Server) patchQueue(ctx context.Context, scope identity.Scope, in *patchQueueInput) (*body[queueBody], error) {
	return asOne(queueOf)(s.Queues.Update(ctx, scope, queue.ID(in.Queue), in.Body.domain()))
}

func (s *Server) deleteQueue(ctx context.Context, scope identity.Scope, in *QueuePath) (*struct{}, error) {
	return nil, s.Queues.Delete(ctx, scope, queue.ID(in.Queue))
}
