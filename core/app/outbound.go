package app

import "github.com/patchbay-im/patchbay/core/outbound"

// openOutbound makes the one client for everything that leaves by HTTP.
func (s *server) openOutbound() error {
	allowed, err := s.config.AllowNetworks()
	if err != nil {
		return err //nolint:wrapcheck // config's own sentence
	}
	s.out = outbound.New(outbound.Options{AllowNetworks: allowed, Version: s.options.Version})
	return nil
}
