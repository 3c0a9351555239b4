package channeltest

import (
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// mostSteps is how many steps a backfill of a few messages has at most.
const mostSteps = 20

// backfilled: a channel that can brings again what came since a time, under the
// ids that it had, as its own run and to an end; and nothing older.
func (s *stage) backfilled() {
	m, err := manifest.Parse("plugin.yaml", s.adapter.Plugin.Manifest)
	if err != nil {
		s.Fatal(err)
	}
	if !slices.Contains(m.Channel.Can, manifest.CanBackfill) {
		s.need(Absent("it cannot bring what came before"))
	}
	var all []Said
	for i := range 5 {
		all = append(all, Said{ID: fmt.Sprintf("old-%d", i), From: customers()[i%3], Text: fmt.Sprintf("word-old-%d.", i)})
	}
	s.write(all...)
	var want []string
	for _, in := range s.came(len(all)) {
		want = append(want, in.ExternalID)
	}
	slices.Sort(want)
	hour := time.Now().Add(-time.Hour)
	s.until("a backfill brings, as its own, what came before under the ids that it had", func() bool { // a channel may know a little later that it has read them
		return slices.Equal(s.backfill(hour), want)
	})
	if list := s.messages(); len(list) != len(all) {
		s.Errorf("after a backfill there are %d messages of %d", len(list), len(all))
	}
	if again := s.backfill(time.Now().Add(time.Hour)); len(again) != 0 {
		s.Errorf("it brings what is older than it was asked for: %q", again)
	}
}

// backfill has the channel bring everything since a time, and returns the ids of
// what the run brought.
func (s *stage) backfill(since time.Time) []string {
	s.Helper()
	req, run := channel.BackfillRequest{Instance: s.in, Since: since}, s.plug.BeginBackfill()
	found := 0
	for step := 0; ; step++ {
		answer, err := run.Step(req)
		if err != nil {
			s.Fatalf("it cannot bring what came before: %v", err)
		}
		found += answer.Found
		if answer.Next == "" {
			break
		}
		if answer.Next == req.After || step == mostSteps {
			s.Fatalf("a backfill comes to no end: it goes on at %q", answer.Next)
		}
		req.After = answer.Next
	}
	var out []string
	for _, in := range run.Brought() {
		out = append(out, in.ExternalID)
	}
	if found < len(out) {
		s.Errorf("it says that it found %d items and brought %d", found, len(out))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
