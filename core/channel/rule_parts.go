package channel

import (
	"strings"

	"github.com/patchbay-im/patchbay/core/filter"
)

// texts are values of what is not empty.
func texts(all ...string) []filter.Value {
	var out []filter.Value
	for _, text := range all {
		if text != "" {
			out = append(out, filter.Value{Text: text})
		}
	}
	return out
}

// domains are the domain of an address and those that it is below, the nearest
// first: of a@mail.shop.example, mail.shop.example, shop.example and example.
func domains(address string) []string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return nil
	}
	var out []string
	for domain := address[i+1:]; domain != ""; {
		out = append(out, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return out
}

// tags are what stands behind a plus in the local parts of addresses.
func tags(addresses []string) []string {
	var out []string
	for _, address := range addresses {
		i := strings.LastIndexByte(address, '@')
		if i < 0 {
			continue
		}
		if _, tag, found := strings.Cut(address[:i], "+"); found {
			out = append(out, tag)
		}
	}
	return out
}
