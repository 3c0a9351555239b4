package traffic

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// What is taken where nothing was measured.
const (
	assumedHandling = 600 // seconds
	usualSpread     = 1   // standard deviation / mean
)

// names are what teams and skills are called in files.
type names struct {
	teams  map[team.ID]string
	skills map[queue.SkillID]string
}

func (n names) team(id team.ID) string { return cmp.Or(n.teams[id], string(id)) }

func (n names) needs(needs []queue.Need) simulate.Skills {
	if len(needs) == 0 {
		return nil
	}
	out := simulate.Skills{}
	for _, need := range needs {
		out[cmp.Or(n.skills[need.Skill], string(need.Skill))] = need.Level
	}
	return out
}

// text says skills in a name.
func (n names) text(needs []queue.Need) string {
	var out []string
	for _, need := range needs {
		out = append(out, cmp.Or(n.skills[need.Skill], string(need.Skill))+" "+strconv.Itoa(need.Level))
	}
	return strings.Join(out, ", ")
}

// stream is those who waited in a queue, came by the same channel, and asked for
// the same.
type stream struct {
	Stream

	name    string
	channel dispatch.Channel
	waits   []*wait
}

// sort puts everybody into streams, in the order of their keys. Skills that
// customers ask for themselves are left out where they make too many streams.
func (f *fold) sort(queues map[queue.ID]queue.Queue, gaps *gaps) []*stream {
	out := f.streams(queues, true)
	if len(out) <= simulate.MaxQueues {
		return out
	}
	for _, w := range f.all() {
		if len(w.needs) > 0 {
			gaps.add(GapDemands, 1)
		}
	}
	return f.streams(queues, false)
}

func (f *fold) streams(queues map[queue.ID]queue.Queue, own bool) []*stream {
	by := map[string]*stream{}
	for _, w := range f.all() {
		s := Stream{Queue: w.queue, Team: w.team, Value: cmp.Or(w.value, queues[w.queue].Value)}
		if own {
			s.Skills = w.needs
		}
		key := fmt.Sprintf("%s|%s|%d|%03d|%v", s.Queue, s.Team, w.channel, s.Value, s.Skills)
		if by[key] == nil {
			by[key] = &stream{Stream: s, channel: w.channel}
		}
		by[key].waits = append(by[key].waits, w)
	}
	out := make([]*stream, 0, len(by))
	for _, key := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[key])
	}
	return out
}

// play is the stream as a queue of a scenario.
func (s *stream) play(queues map[queue.ID]queue.Queue, called names) simulate.Queue {
	q, stands := queues[s.Queue]
	out := simulate.Queue{Name: s.name, Channel: s.channel.String(), Value: s.Value, Target: seconds(q.Target), Exclusive: q.Exclusive}
	if !stands {
		q = queue.Queue{Team: s.Team}
	}
	for i, step := range q.StepsFor(queues, s.Skills) {
		of := called.team(step.Team)
		if step.Own { // what waits keeps the team that it was given
			of = called.team(s.Team)
		}
		needs := called.needs(step.Needs)
		if i == 0 {
			out.Group, out.Skills = of, needs
			continue
		}
		out.Ladder = append(out.Ladder, simulate.Rung{After: seconds(step.After), Group: of, Skills: needs})
	}
	return out
}

// call names the streams, each by another name that can be read.
func call(streams []*stream, queues map[queue.ID]queue.Queue, called names) {
	seen := map[string]int{}
	for _, s := range streams {
		parts := []string{s.channel.String()}
		if q, stands := queues[s.Queue]; stands {
			parts = []string{q.Name, s.channel.String()}
		} else if s.Team != "" {
			parts = append(parts, called.team(s.Team))
		}
		if s.Value != 0 {
			parts = append(parts, "value "+strconv.Itoa(s.Value))
		}
		if len(s.Skills) > 0 {
			parts = append(parts, called.text(s.Skills))
		}
		s.name = once(seen, strings.Join(parts, ", "))
	}
}

// once makes a name short enough for a scenario, and one of its own.
func once(seen map[string]int, name string) string {
	const most = 85
	for len(name) > most {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	seen[name]++
	if n := seen[name]; n > 1 {
		name += " (" + strconv.Itoa(n) + ")"
	}
	return name
}

// handling is the law of measured times: a lognormal one of their mean and spread.
func handling(measured []float64) simulate.Handling {
	mean, spread := spreadOf(measured)
	return simulate.Handling{Law: simulate.Lognormal, Mean: simulate.Seconds(round(max(mean, 0.001))), CV: round(min(max(spread, 0.01), 10))}
}

func spreadOf(values []float64) (mean, cv float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	if len(values) < 2 || mean <= 0 {
		return mean, usualSpread
	}
	sum := 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sum/float64(len(values)-1)) / mean
}

// round is to the millisecond, and the thousandth.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }
