package simulate

import (
	"fmt"
	"math"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// Everyday is a made-up day of 8 hours with two peaks, in the third hour and in
// the seventh: 60 agents with a budget of 6 and two of four skills each, and
// for each skill calls, chats of ordinary customers and of important ones, and
// mails. 1.25 is the load at which EverydayPlan keeps the agents busy at the
// peaks and nearly everybody is answered in time.
func Everyday(load float64) Scenario {
	return day("everyday", load, func(skill string) Queue {
		return Queue{
			Name: "voice, " + skill, Channel: "voice", Target: 20, Cost: 4, Patience: 150,
			Traffic: peaks(load, 14.4, 39.6), Handling: Handling{Law: Lognormal, Mean: 240, CV: 1},
		}
	})
}

// EverydayPlan is a policy for these days: a call takes a whole agent, a ticket
// half of one, a chat a third, a mail a sixth; the item first whose waiting
// costs most, by whoever has the least room that fits.
func EverydayPlan() dispatch.Plan {
	return dispatch.Plan{
		Order: dispatch.OrderPlan{By: "cost"}, Agents: dispatch.ChoicePlan{By: "pack"},
		Channels: map[dispatch.Channel]dispatch.ChannelPlan{
			dispatch.Voice:  {Exclusive: true, Cost: new(4.0), HandlingS: 240},
			dispatch.Ticket: {Weight: 3, Cost: new(2.0), HandlingS: 1200},
			dispatch.Chat:   {Weight: 2, Cost: new(2.0), HandlingS: 480},
			dispatch.Mail:   {Cost: new(1.0), HandlingS: 600},
		},
	}
}

// DigitalDay is Everyday with tickets instead of calls.
func DigitalDay(load float64) Scenario {
	return day("digital", load, func(skill string) Queue {
		return Queue{
			Name: "ticket, " + skill, Channel: "ticket", Target: 600, Cost: 2,
			Traffic: peaks(load, 14.4, 27), Handling: Handling{Law: Lognormal, Mean: 1200, CV: 1},
		}
	})
}

// MessagingDay is Everyday with messages of messengers instead of calls, and
// agents with a budget of 4.
func MessagingDay(load float64) Scenario {
	out := day("messaging", load, func(skill string) Queue {
		return Queue{
			Name: "message, " + skill, Channel: "message", Target: 300, Cost: 2,
			Traffic: peaks(load, 21.6, 57.6), Handling: Handling{Law: Lognormal, Mean: 480, CV: 1},
		}
	})
	for i := range out.Staff {
		out.Staff[i].Budget = 4
	}
	return out
}

func day(name string, load float64, first func(skill string) Queue) Scenario {
	s := Scenario{Name: name, Length: 8 * 3600}
	skill := func(i int) string { return fmt.Sprintf("skill-%d", i+1) }
	for i := range 4 {
		of := ", " + skill(i)
		queues := []Queue{first(skill(i)), {
			Name: "important chat" + of, Value: 1, Target: 30, Cost: 4, Patience: 240,
			Traffic: peaks(load, 5.4, 18), Handling: Handling{Law: Lognormal, Mean: 480, CV: 1.2},
		}, {
			Name: "chat" + of, Target: 60, Cost: 2, Patience: 240,
			Traffic: peaks(load, 43.2, 144), Handling: Handling{Law: Lognormal, Mean: 480, CV: 1.2},
		}, {
			Name: "mail" + of, Channel: "mail", Target: 1800, Cost: 1,
			Traffic: peaks(load, 43.2, 90), Handling: Handling{Law: Lognormal, Mean: 600, CV: 1.5},
		}}
		for _, q := range queues {
			q.Skills = Skills{skill(i): 1}
			s.Queues = append(s.Queues, q)
		}
		for j := range i {
			s.Staff = append(s.Staff, Staff{
				Name: skill(j) + " and " + skill(i), Count: 10, Budget: 6, Skills: Skills{skill(j): 3, skill(i): 3},
			})
		}
	}
	return s
}

// peaks is a day's traffic in customers an hour, a point every five minutes.
func peaks(load, base, peak float64) Traffic {
	var t Traffic
	for at := 0; at <= 8*3600; at += 300 {
		hour := float64(at) / 3600
		high := math.Exp(-(hour-2)*(hour-2)/0.8) + 0.8*math.Exp(-(hour-6)*(hour-6)/0.8)
		t.Curve = append(t.Curve, Point{Seconds(at), round(load * (base + (peak-base)*high))})
	}
	return t
}

// Pooled is a scenario in which every agent has every skill, at its highest
// level, and is of every group: what could be reached with the same people.
func (s Scenario) Pooled() Scenario {
	all, groups := Skills{}, []string{}
	for _, q := range s.Queues {
		for id := range q.Skills {
			all[id] = 5
		}
		if q.Group != "" {
			groups = append(groups, q.Group)
		}
	}
	staff := make([]Staff, len(s.Staff))
	for i, st := range s.Staff {
		st.Skills, st.Groups = all, groups
		staff[i] = st
	}
	s.Staff = staff
	return s
}
