package queue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// wrong collects what is wrong with a request.
type wrong struct {
	identity.Wrong
}

func (w *wrong) err() error { return w.Refused(CodeInvalid, refused) }

// wait refuses a time that is not in whole seconds, or out of range.
func (w *wrong) wait(pointer string, d, least time.Duration) {
	if d < least || d > MaxWait || d%time.Second != 0 {
		w.Refuse(pointer, "out_of_range", fmt.Sprintf("is %d to %d seconds", int(least.Seconds()), int(MaxWait.Seconds())))
	}
}

// needs returns what is asked for by skill, and refuses what is asked for twice
// or at no level.
func (w *wrong) needs(pointer string, needs []Need, limit int) []Need {
	out := slices.Clone(needs)
	slices.SortFunc(out, func(a, b Need) int { return strings.Compare(string(a.Skill), string(b.Skill)) })
	if len(out) > limit {
		w.Refuse(pointer, "too_many", fmt.Sprintf("has %d entries; at most %d", len(out), limit))
	}
	for i, n := range out {
		if n.Level < MinLevel || n.Level > MaxLevel {
			w.Refuse(pointer, "level", fmt.Sprintf("has a level that is not %d to %d", MinLevel, MaxLevel))
		}
		if i > 0 && out[i-1].Skill == n.Skill {
			w.Refuse(pointer, "twice", "names a skill twice")
		}
	}
	return out
}

// CheckNeeds returns needs in their stored form, and what of them cannot be; nil =
// nothing. Whether the skills are there it does not know.
func CheckNeeds(needs []Need) ([]Need, *errs.Field) {
	var w wrong
	out := w.needs("/skills", needs, MaxNeeds)
	if e := errs.As(w.Refused(CodeInvalid, "")); e != nil {
		return nil, &e.Fields[0]
	}
	return out, nil
}

// plan refuses a plan that cannot be, and returns it in its stored form.
func (w *wrong) plan(p Plan) Plan {
	p.Needs = w.needs("/skills", p.Needs, MaxNeeds)
	w.wait("/target_s", p.Target, 0)
	w.wait("/sticky_for_s", p.Sticky, 0)
	if p.Value < 0 || p.Value > MaxValue {
		w.Refuse("/value", "out_of_range", "is 0 to "+strconv.Itoa(MaxValue))
	}
	if p.Overflow.Queue == "" {
		p.Overflow = Overflow{}
	} else {
		w.wait("/overflow/after_s", p.Overflow.After, time.Second)
	}
	p.Ladder, p.Outside, p.Left, p.Callback = w.ladder(p), w.outside(p), w.left(p.Left), w.callbacks(p.Callback)
	return p
}

// ladder refuses rungs that are not one after the other, or that change nothing.
func (w *wrong) ladder(p Plan) []Rung {
	if len(p.Ladder) > MaxRungs {
		w.Refuse("/ladder", "too_many", fmt.Sprintf("has %d rungs; at most %d", len(p.Ladder), MaxRungs))
		return nil
	}
	out := slices.Clone(p.Ladder)
	needs, before := p.Needs, time.Duration(0)
	for i := range out {
		r, at := &out[i], "/ladder/"+strconv.Itoa(i)
		r.Drop, r.Lower = id.Sorted(r.Drop), w.needs(at+"/lower", r.Lower, MaxNeeds)
		w.wait(at+"/after_s", r.After, time.Second)
		if r.After <= before {
			w.Refuse(at+"/after_s", "order", "comes after the rung before it")
		}
		if !r.effective(needs) {
			w.Refuse(at, "no_effect", "lowers no level and drops no skill that is still asked for")
		}
		needs, before = r.apply(needs), r.After
	}
	return out
}

// effective reports whether everything that the rung says changes what is asked for.
func (r Rung) effective(needs []Need) bool {
	level := make(map[SkillID]int, len(needs))
	for _, n := range needs {
		level[n.Skill] = n.Level
	}
	for _, l := range r.Lower {
		if l.Level >= level[l.Skill] || r.drops(l.Skill) {
			return false
		}
	}
	for _, d := range r.Drop {
		if level[d] == 0 {
			return false
		}
	}
	return len(r.Lower)+len(r.Drop) > 0
}
