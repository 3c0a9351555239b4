// Package outbound is the one HTTP client of the process for everything that
// people name an address for: webhooks, sign-in providers and what comes later.
// No other package of core speaks HTTP outwards; core/internal/archtest keeps
// that.
//
// # What it guarantees
//
// A connection is made only to an address that is public, or that the operator
// allowed by outbound.allow_networks. The address is judged where the socket
// is about to connect, so neither a name that resolves to something private,
// nor one that changes its answer between two look-ups, nor a redirect, nor a
// curious spelling of an address comes past it. Link-local and metadata
// addresses are refused whatever is allowed. Addresses of IPv6 that carry one
// of IPv4 are judged by that one too.
//
// Plain HTTP is spoken to allowed networks only; to the public it is https.
// No proxy of the environment is used, no cookie kept, nothing decompressed,
// no body larger than MaxBody read, and what a request carries stays with the
// origin it was meant for when that redirects.
package outbound
