package app

import (
	"os"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/figures"
)

func (s *server) newFigures() *figures.Service {
	return figures.NewService(figures.Deps{
		Board: s.dispatcher.Board, Queues: s.store.Queues(), People: s.agents(), Work: s.store.Figures(), Journal: s.store.Figures(),
		Calendars: s.store.Calendars(), Zone: serverZone(), Now: s.now,
		Expected: s.dispatcher.ExpectedWait,
	})
}

// serverZone is the time zone of this machine, by its name in the IANA database;
// UTC where it has none.
func serverZone() *time.Location {
	name := time.Local.String() //nolint:gosmopolitan // the server's zone is asked for
	if name == "Local" {
		to, _ := os.Readlink("/etc/localtime")
		_, name, _ = strings.Cut(to, "zoneinfo/")
	}
	if zone, err := time.LoadLocation(name); err == nil {
		return zone
	}
	return time.UTC
}
