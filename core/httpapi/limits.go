package httpapi

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/limit"
)

// Limits is how often who may ask. Zero rates set no limit.
type Limits struct {
	Member  limit.Rate // an account in its browsers; each API key by itself
	Address limit.Rate // a network address, of what needs no sign-in
	Visitor limit.Rate // a visitor, over REST and sockets together
}

// The things that principals are limited in. LimitVisitor is the live
// gateway's too: one bucket for both.
const (
	limitMember  = "member"
	limitAddress = "address"
	// LimitVisitor names a visitor's bucket, by the session's id.
	LimitVisitor = "visitor"
)

// Budgets of single routes, narrower than their principal's. Sign-in has its
// own throttle in identity.
func visitorSessions() limit.Rate { return limit.Rate{Every: 2 * time.Second, Burst: 60} }
func webhooks() limit.Rate        { return limit.Rate{Every: time.Second / 100, Burst: 1000} }

// ownLimit marks an operation that has a budget of its own instead of its
// principal's: the pieces of a file are many.
const ownLimit = "own-limit"

// network is whom an address belongs to: an IPv6 network of /64 is one customer.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Is4() {
		return address
	}
	p, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// spend takes one request of a principal's budget and says in the headers what
// is left of it.
func (s *Server) spend(set func(name, value string), thing, who string) error {
	rate := s.Limits.Member
	switch thing {
	case limitAddress:
		rate = s.Limits.Address
	case LimitVisitor:
		rate = s.Limits.Visitor
	}
	if !rate.Limits() {
		return nil
	}
	left, err := s.limits.Take(thing, who, rate)
	set("RateLimit-Limit", strconv.Itoa(rate.Burst))
	set("RateLimit-Policy", strconv.Itoa(rate.Minute())+";w=60;burst="+strconv.Itoa(rate.Burst))
	set("RateLimit-Remaining", strconv.Itoa(left.Remaining))
	set("RateLimit-Reset", wholeSeconds(left.Reset))
	if e := errs.As(err); e != nil && e.Kind == errs.RateLimited {
		e.Message = tooFast(thing, rate)
		return e
	}
	return err
}

// tooFast says which limit was met.
func tooFast(thing string, rate limit.Rate) string {
	whose := map[string]string{limitMember: "This sign-in or API key", limitAddress: "This network address", LimitVisitor: "This chat"}[thing]
	return whose + " may send " + strconv.Itoa(rate.Minute()) + " requests a minute, " + strconv.Itoa(rate.Burst) +
		" of them at once. Wait as long as Retry-After says and go on more slowly."
}

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// spendSocket is spend for an upgrade, which is no operation of huma.
func (s *Server) spendSocket(c *fiber.Ctx, thing, who string) error {
	return s.spend(func(name, value string) { c.Set(name, value) }, thing, who)
}

// hasOwnLimit reports whether an operation is under a budget of its own.
func hasOwnLimit(ctx huma.Context) bool {
	op := ctx.Operation()
	return op != nil && op.Metadata[ownLimit] == true
}

// isUploadPiece reports whether a path is that of one upload.
func isUploadPiece(path string) bool { return strings.HasSuffix(path, "/uploads/{upload}") }
