package app

import (
	"github.com/patchbay-im/patchbay/core/config"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/limit"
)

// limits is how often who may ask, as the configuration says.
func limits(c config.Limits) httpapi.Limits {
	return httpapi.Limits{
		Member:  limit.PerMinute(c.Member, c.MemberBurst),
		Address: limit.PerMinute(c.Address, c.AddressBurst),
		Visitor: limit.PerMinute(c.Visitor, c.VisitorBurst),
	}
}

// spendVisitor takes a message out of a visitor's budget, which REST and sockets share.
func (s *server) spendVisitor(v conversation.VisitorID) error {
	return s.limits.Allow(httpapi.LimitVisitor, string(v), limits(s.config.Limits).Visitor)
}
