package app

import "github.com/patchbay-im/patchbay/core/traffic"

func (s *server) newTraffic() *traffic.Service {
	return traffic.NewService(traffic.Deps{
		Journal: s.store.Figures(), Queues: s.store.Queues(), Skills: s.store.Queues(), Teams: s.store.Teams(), People: s.agents(),
		Calendars: s.store.Calendars(), Zone: serverZone(), Now: s.now,
	})
}
