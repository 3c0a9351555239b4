package dispatch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

// byName lets an agent serve the class that is called as they are.
type byName struct{}

func (byName) May(p dispatch.Profile, c dispatch.Class) bool { return string(p) == string(c) }

// Classes come and go, more than are remembered, and each item finds the one
// agent who may serve it, at once or when somebody comes.
func TestManyClassesComeAndGo(t *testing.T) {
	t.Parallel()
	for name, match := range map[string]dispatch.Matcher{"by skill": dispatch.BySkill{}, "another": byName{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const kinds, together = 6_000, 30
			e := dispatch.NewEngine(dispatch.Policy{Match: match})
			e.Wait(dispatch.Item{Key: dispatch.Key{ID: "stays"}, Class: "stays", WaitingSince: epoch})
			for first := 0; first < kinds; first += together {
				for i := first; i < first+together; i++ {
					e.Wait(dispatch.Item{Key: key(i), Class: dispatch.Class(fmt.Sprint("c", i)), WaitingSince: epoch})
				}
				if got := e.Decide(epoch, together); len(got) != 0 {
					t.Fatalf("decided %v, and nobody is there", got)
				}
				for i := first; i < first+together; i++ {
					e.Set(dispatch.Agent{Member: agentID(i), Profile: dispatch.Profile(fmt.Sprint("c", i)), Status: dispatch.Available, Capacity: 1})
				}
				for _, as := range e.Decide(epoch, kinds) {
					if got, want := string(as.Member[1:]), as.Item.ID[1:]; got != want {
						t.Fatalf("%s was given %s", as.Member, as.Item.ID)
					}
				}
				if e.Len() != 1 {
					t.Fatalf("%d still wait", e.Len())
				}
				for i := first; i < first+together; i++ {
					e.Remove(agentID(i))
				}
			}
			e.Set(dispatch.Agent{Member: agentID(0), Profile: "stays", Status: dispatch.Available, Capacity: 1})
			if got := e.Decide(epoch, 2); len(got) != 1 || got[0].Item.ID != "stays" {
				t.Fatalf("decided %v", got)
			}
		})
	}
}

// What comes and goes unserved leaves nothing behind that a later decision
// stumbles over.
func TestManyComeAndGoUnserved(t *testing.T) {
	t.Parallel()
	e := dispatch.NewEngine(dispatch.Policy{Items: dispatch.CMu{}, Match: dispatch.BySkill{}})
	for i := range 5_000 {
		e.Wait(dispatch.Item{
			Key: key(i), Class: dispatch.Class(fmt.Sprint("c", i%70)), Target: time.Duration(1+i%90) * time.Minute,
			WaitingSince: epoch, Value: i % 50,
		})
		if i >= 50 {
			e.Gone(key(i - 50))
		}
	}
	e.Set(dispatch.Agent{Member: agentID(0), Profile: dispatch.ProfileOf("c1", "c2"), Status: dispatch.Available, Capacity: 100})
	served := 0
	for _, as := range e.Decide(epoch.Add(time.Hour), 100) {
		if served++; as.Item.Class != "c1" && as.Item.Class != "c2" {
			t.Fatalf("given %+v", as.Item)
		}
	}
	left := 0
	for it := range e.Items() {
		if left++; it.Class == "c1" || it.Class == "c2" {
			t.Fatalf("%+v still waits", it)
		}
	}
	if served+left != 50 {
		t.Fatalf("%d served, %d left, of 50", served, left)
	}
}
