package dispatch

import (
	"math"
	"time"
)

// FIFO serves the item first that arrived first.
type FIFO struct{}

// RankItem implements ItemPolicy.
func (FIFO) RankItem(item Item) Rank { return Rank{item.WaitingSince.UnixMilli()} }

// StrictPriority serves the item of the largest value first, of those the one
// that arrived first. Without a guard against it, ordinary items starve while
// valuable ones keep coming.
type StrictPriority struct{}

// RankItem implements ItemPolicy.
func (StrictPriority) RankItem(item Item) Rank {
	return Rank{-int64(item.Value), item.WaitingSince.UnixMilli()}
}

// Ageing serves as if each unit of value had let the item arrive earlier by
// Boost. Whoever waits for longer than that beats a newcomer of one unit more.
type Ageing struct {
	Boost time.Duration
}

// RankItem implements ItemPolicy.
func (p Ageing) RankItem(item Item) Rank {
	return Rank{item.WaitingSince.UnixMilli() - int64(item.Value)*p.Boost.Milliseconds()}
}

// Deadline serves the item first whose target is missed first.
type Deadline struct {
	Default time.Duration // the target of an item that has none; 0 = a day
}

// RankItem implements ItemPolicy.
func (p Deadline) RankItem(item Item) Rank {
	target := item.Target
	if target <= 0 {
		target = p.Default
	}
	if target <= 0 {
		target = 24 * time.Hour
	}
	return Rank{item.WaitingSince.Add(target).UnixMilli()}
}

// CMu is the generalised c-mu rule: it serves first where a minute of an
// agent's work saves the most cost of waiting. The cost of an item grows with
// the part of its target that it has waited; what it takes is the mean time of
// its channel.
type CMu struct {
	Costs    [Channels]float64       // of an item of a channel; 0 = 1, below 0 = none
	Values   map[int]float64         // by how much an item of a value costs more than one of value 0; one that is not listed: 1 + value
	Handling [Channels]time.Duration // mean time of an agent for one item; 0 = 5 minutes
	Target   time.Duration           // of an item that has none; 0 = 5 minutes
}

// Defaults of CMu.
const (
	defaultHandling = 5 * time.Minute
	defaultTarget   = 5 * time.Minute
)

// RankItem implements ItemPolicy.
func (CMu) RankItem(item Item) Rank { return FIFO{}.RankItem(item) }

// Rate implements RatedPolicy. It is exact to one part in a hundred, so that
// there are few.
func (p CMu) Rate(item Item) float64 {
	or := func(d, def time.Duration) float64 {
		if d <= 0 {
			d = def
		}
		return d.Seconds()
	}
	target := item.Target
	if target <= 0 {
		target = p.Target
	}
	rate := p.cost(item) / or(target, defaultTarget) / or(p.Handling[item.Channel], defaultHandling)
	frac, exp := math.Frexp(rate)
	return math.Ldexp(math.Round(frac*64)/64, exp)
}

func (p CMu) cost(item Item) float64 {
	cost := p.Costs[item.Channel]
	if cost == 0 {
		cost = 1
	}
	factor, listed := p.Values[item.Value]
	if !listed {
		factor = float64(1 + max(item.Value, 0))
	}
	return max(cost*factor, 0)
}
