package alert

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// News is an alert that was raised, and who is to know.
type News struct {
	Alert

	Name string // of its subject; "" = what is in no queue
	Tell []identity.MemberID
}

// Supervisor is a member who is told of alerts in their reach.
type Supervisor struct {
	Member identity.MemberID
	Reach  identity.Reach
}

// WatchDeps is what a Watch stands on.
type WatchDeps struct {
	Store  Store
	Floors Floors
	// Leads reports whether this server decides for a workspace: of several, one
	// watches.
	Leads func(w identity.WorkspaceID) bool
	// Supervisors lists the members who hold ConversationSupervise.
	Supervisors func(ctx context.Context, w identity.WorkspaceID) ([]Supervisor, error)
	// Tell tells members of an alert; told again of the same one, they are told
	// nothing.
	Tell func(ctx context.Context, w identity.WorkspaceID, news News) error
	Now  func() time.Time
}

// Watch raises and clears alerts. It remembers what it saw of the workspaces
// that this server leads.
type Watch struct {
	WatchDeps

	ids  id.Source
	seen map[identity.WorkspaceID]*memory
}

// memory is what is known of a workspace between two looks.
type memory struct {
	holds map[Key]time.Time // conditions without an alert: since when they are seen
	over  map[Key]time.Time // alerts without a condition: since when it is not seen
	told  map[ID]bool       // alerts that were told of since this server watches
}

// NewWatch returns a Watch.
func NewWatch(d WatchDeps) *Watch {
	return &Watch{WatchDeps: d, ids: id.NewSource(d.Now), seen: map[identity.WorkspaceID]*memory{}}
}

// Look looks at workspaces. One that fails leaves the others as they are.
func (w *Watch) Look(ctx context.Context, all []identity.WorkspaceID) error {
	var failed []error
	known := make(map[identity.WorkspaceID]*memory, len(all))
	for _, ws := range all {
		if !w.Leads(ws) { // who leads next begins anew
			continue
		}
		m := w.seen[ws]
		if m == nil {
			m = &memory{holds: map[Key]time.Time{}, over: map[Key]time.Time{}, told: map[ID]bool{}}
		}
		known[ws] = m
		failed = append(failed, w.look(ctx, ws, m))
	}
	w.seen = known
	return errors.Join(failed...)
}

// look compares what stands with what is seen.
func (w *Watch) look(ctx context.Context, ws identity.WorkspaceID, m *memory) error {
	rules, _, err := chosen(ctx, w.Store, ws)
	if err != nil {
		return err
	}
	floor, err := w.Floors.Floor(ctx, ws)
	if err != nil {
		return err
	}
	standing, err := w.Store.Standing(ctx, ws)
	if err != nil {
		return err
	}
	now := w.Now().UTC().Truncate(time.Millisecond)
	sights := rules.Look(floor, now)
	raised, cleared := m.compare(sights, standing, now)
	for i := range raised {
		raised[i].ID = ID(w.ids.New("alr"))
	}
	if len(raised) > 0 {
		err = w.Store.Raise(ctx, ws, raised)
	}
	if err == nil && len(cleared) > 0 {
		err = w.Store.Clear(ctx, ws, cleared)
	}
	if err == nil && len(raised)+len(cleared) > 0 { // another server may have raised the same
		standing, err = w.Store.Standing(ctx, ws)
	}
	if err != nil {
		return err
	}
	maps.DeleteFunc(m.told, func(id ID, _ bool) bool {
		return !slices.ContainsFunc(standing, func(a Alert) bool { return a.ID == id })
	})
	return w.tell(ctx, ws, m, floor, sights, standing)
}

// compare returns the alerts to raise, and those to clear: what has held, or has
// been over, for long enough.
func (m *memory) compare(sights []Sight, standing []Alert, now time.Time) (raised []Alert, cleared []ID) {
	stands, seen := map[Key]bool{}, map[Key]bool{}
	for _, a := range standing {
		stands[a.Key] = true
	}
	for _, s := range sights {
		seen[s.Key] = true
		if stands[s.Key] || now.Sub(first(m.holds, s.Key, now)) < Hold {
			continue
		}
		a := Alert{Key: s.Key, Limit: s.Limit, Since: s.Since, At: now}
		if a.Since.IsZero() {
			a.Since = m.holds[s.Key]
		}
		raised = append(raised, a)
	}
	for _, a := range standing {
		if !seen[a.Key] && now.Sub(first(m.over, a.Key, now)) >= Hold {
			cleared = append(cleared, a.ID)
		}
	}
	maps.DeleteFunc(m.holds, func(k Key, _ time.Time) bool { return !seen[k] || stands[k] })
	maps.DeleteFunc(m.over, func(k Key, _ time.Time) bool { return seen[k] || !stands[k] })
	return raised, cleared
}

// first returns since when a key is noted, and notes it.
func first(noted map[Key]time.Time, k Key, now time.Time) time.Time {
	if _, ok := noted[k]; !ok {
		noted[k] = now
	}
	return noted[k]
}

// tell tells supervisors of the alerts that stand, each once: a server that
// stopped between raising one and telling of it tells after its start.
func (w *Watch) tell(ctx context.Context, ws identity.WorkspaceID, m *memory, floor Floor, sights []Sight, standing []Alert) error {
	untold := slices.DeleteFunc(standing, func(a Alert) bool { return m.told[a.ID] })
	if len(untold) == 0 {
		return nil
	}
	people, err := w.Supervisors(ctx, ws)
	if err != nil {
		return err
	}
	for _, a := range untold {
		news := News{Alert: a}
		if at := slices.IndexFunc(sights, func(s Sight) bool { return s.Key == a.Key }); at >= 0 {
			news.Name = sights[at].Name
		}
		for _, p := range people {
			if floor.covers(p.Reach, a.Subject) {
				news.Tell = append(news.Tell, p.Member)
			}
		}
		if err := w.Tell(ctx, ws, news); err != nil {
			return err
		}
		m.told[a.ID] = true
	}
	return nil
}
