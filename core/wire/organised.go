package wire

import (
	"maps"

	"github.com/patchbay-im/patchbay/core/conversation"
)

// Organised is the part of a Conversation that people keep in order with.
type Organised struct {
	Number       uint64         `json:"number" doc:"1, 2, 3, ... per workspace, for people to say."`
	TeamID       string         `json:"team_id,omitempty" doc:"Whose people answer it; absent: all."`
	QueueID      string         `json:"queue_id,omitempty" doc:"The queue that it stands in; absent: none."`
	Priority     string         `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	Labels       []string       `json:"labels" nullable:"false" doc:"Ids of labels, in order."`
	Attributes   map[string]any `json:"attributes" doc:"Custom attributes by key: text, number or boolean."`
	Participants []string       `json:"participants" nullable:"false" doc:"Ids of the members who follow it, in order."`
	Ignored      bool           `json:"ignored,omitempty" doc:"A rule of the inbox filed it: it waits for nobody, also when the customer writes again, until somebody reopens it."`
	MergedInto   string         `json:"merged_into,omitempty" doc:"The conversation that goes on with this one; a merged conversation is in no list."`
}

func organisedOf(o conversation.Organised) Organised {
	out := Organised{
		Number: o.Number, TeamID: string(o.Team), QueueID: string(o.Queue), Priority: string(o.Priority),
		Labels: textsOf(o.Labels), Attributes: maps.Clone(o.Attributes), Participants: textsOf(o.Participants),
		MergedInto: string(o.MergedInto), Ignored: o.Ignored,
	}
	if out.Attributes == nil {
		out.Attributes = map[string]any{}
	}
	return out
}

// textsOf is never nil: JSON shows it as a list.
func textsOf[T ~string](ids []T) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
