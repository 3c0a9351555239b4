package conversationtest

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// applyOrganised is Apply for what people keep in order with.
func applyOrganised(c conversation.Conversation, ch conversation.Change) conversation.Conversation {
	var data struct {
		Labels       []catalog.LabelID     `json:"label_ids"`
		Set          map[string]any        `json:"set"`
		Priority     conversation.Priority `json:"priority"`
		Participants []identity.MemberID   `json:"member_ids"`
		Team         team.ID               `json:"team_id"`
		Queue        *queue.ID             `json:"queue_id"`
		Into         conversation.ID       `json:"into"`
		State        conversation.State    `json:"state"`
		Snoozed      time.Time             `json:"snoozed_until"`
		Waiting      time.Time             `json:"waiting_since"`
	}
	_ = json.Unmarshal(ch.Data, &data) // checked by what comes of it
	switch ch.Type {
	case conversation.Labeled:
		c.Labels = orNil(data.Labels)
	case conversation.ParticipantsChanged:
		c.Participants = orNil(data.Participants)
	case conversation.PriorityChanged:
		c.Priority = data.Priority
	case conversation.TeamChanged:
		c.Team = data.Team
		if data.Queue != nil {
			c.Queue = *data.Queue
		}
	case conversation.AttributesChanged:
		c.Attributes = maps.Clone(c.Attributes)
		if c.Attributes == nil {
			c.Attributes = make(map[string]any)
		}
		maps.Copy(c.Attributes, data.Set)
		maps.DeleteFunc(c.Attributes, func(_ string, v any) bool { return v == nil })
		if len(c.Attributes) == 0 {
			c.Attributes = nil
		}
	case conversation.Merged:
		c.Before = &conversation.Standing{State: c.State, SnoozedUntil: c.SnoozedUntil, WaitingSince: c.WaitingSince}
		c.MergedInto, c.State = data.Into, conversation.Resolved
		c.SnoozedUntil, c.WaitingSince, c.QueuedAt = time.Time{}, time.Time{}, time.Time{}
	case conversation.Unmerged:
		if data.Into != "" { // the side that was merged
			c.MergedInto, c.Before = "", nil
			c.State, c.SnoozedUntil, c.WaitingSince = data.State, data.Snoozed, data.Waiting
		}
	default:
	}
	return c
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
