package journey

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/page"
)

// Strand is one source of a journey: a conversation, or the views, notes,
// identities or merges of the contact. Its entries are in its own order, the
// newest first, which their times follow but for what clocks do.
type Strand struct {
	Name    string // without a tab or a line break
	Entries []Entry
}

// Entry is one thing that a strand tells.
type Entry struct {
	At    time.Time
	Place string // where the strand goes on after it; without a tab or a line break
	Item  Item
}

// Places is how far a reader has come: the place in each strand that was begun,
// and the time from which the others start.
type Places struct {
	From  time.Time // zero = the beginning
	Begun map[string]string
}

// Weave takes the newest entries of all strands until there are limit, and
// says where to go on; "" when every strand came to its end. Each strand must
// bring one entry more than limit where it has it.
func Weave(strands []Strand, before Places, limit int) (items []Item, next string) {
	at := make([]int, len(strands))
	floor := make([]time.Time, len(strands)) // a strand never goes up in time
	places := Places{From: before.From, Begun: make(map[string]string, len(strands))}
	maps.Copy(places.Begun, before.Begun)
	for {
		best := -1
		for i, s := range strands {
			if at[i] == len(s.Entries) {
				continue
			}
			if t := s.Entries[at[i]].At; floor[i].IsZero() || t.Before(floor[i]) {
				floor[i] = t
			}
			if best < 0 || floor[i].After(floor[best]) {
				best = i
			}
		}
		if best < 0 {
			return items, ""
		}
		if len(items) == limit {
			return items, places.encode()
		}
		e := strands[best].Entries[at[best]]
		items = append(items, e.Item)
		places.Begun[strands[best].Name], places.From = e.Place, floor[best]
		at[best]++
	}
}

// encode makes a cursor.
func (p Places) encode() string {
	lines := []string{strconv.FormatInt(p.From.UnixMicro(), 10)}
	for name, place := range p.Begun {
		lines = append(lines, name+"\t"+place)
	}
	return page.Encode(strings.Join(lines, "\n"))
}

// PlacesOf reads a cursor; "" is the beginning.
func PlacesOf(cursor string) (Places, error) {
	key, err := page.Decode(cursor, 1)
	if err != nil || key == nil {
		return Places{}, err
	}
	invalid := errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
	lines := strings.Split(key[0], "\n")
	micros, err := strconv.ParseInt(lines[0], 10, 64)
	if err != nil {
		return Places{}, invalid
	}
	p := Places{From: time.UnixMicro(micros).UTC(), Begun: make(map[string]string, len(lines)-1)}
	for _, l := range lines[1:] {
		name, place, ok := strings.Cut(l, "\t")
		if !ok {
			return Places{}, invalid
		}
		p.Begun[name] = place
	}
	return p, nil
}
