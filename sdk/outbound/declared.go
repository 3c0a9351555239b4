package outbound

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
)

// For returns a Client for an instance of a plugin: it speaks to the places that
// the manifest names under network, and to no other. An entry with host is a
// public name (with "*." those below it); one with from_config is the address
// that the instance's configuration, or a secret of it, has in that field: a URL,
// or a name with or without a port. An empty field is nobody.
//
// Hosts and Configured of the Options may name some of these places, and then the
// Client speaks to those alone; to name another is an error with the code
// CodeNotAllowed. Env.HTTP of package sdk is For with the plugin's own manifest.
func For(manifest []byte, in instance.Instance, o Options) (*Client, error) {
	hosts, configured, err := declared(manifest, in)
	if err != nil {
		return nil, err
	}
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	c.declared = true
	for _, list := range []struct{ wanted, may []string }{{c.public, hosts}, {c.configured, configured}} {
		for _, at := range list.wanted {
			if !within(list.may, at) {
				return nil, undeclared(at)
			}
		}
	}
	if len(o.Hosts) == 0 && len(o.Configured) == 0 {
		c.public, c.configured = hosts, configured
	}
	return c, nil
}

func undeclared(at string) *errs.Error {
	return errs.Reject(CodeNotAllowed, "The plugin may not speak to "+at+": its plugin.yaml does not name it under network.")
}

// declared returns the places of a manifest with their ports: those of everybody,
// and those of the instance's configuration.
func declared(manifest []byte, in instance.Instance) (hosts, configured []string, err error) {
	places, err := stamp.Network(manifest)
	if err != nil {
		return nil, nil, err
	}
	var config any
	if slices.ContainsFunc(places, func(p stamp.Place) bool { return p.FromConfig != "" }) {
		if err := in.Decode(&config); err != nil {
			return nil, nil, err
		}
	}
	for _, p := range places {
		if p.Host != "" {
			hosts = append(hosts, withPorts(p.Host, p.Ports)...)
			continue
		}
		address, _ := at(config, p.FromConfig).(string)
		if address = strings.TrimSpace(address); address == "" {
			continue
		}
		found, err := typed(p, address)
		if err != nil {
			return nil, nil, err
		}
		configured = append(configured, found...)
	}
	return hosts, configured, nil
}

// typed reads an address as administrators type it.
func typed(p stamp.Place, address string) ([]string, error) {
	if !strings.Contains(address, "://") && !strings.Contains(address, "/") {
		if _, _, err := net.SplitHostPort(address); err != nil { // a name alone
			return withPorts(strings.Trim(address, "[]"), p.Ports), nil //nolint:nilerr // there is no port to find
		}
		address = "https://" + address
	}
	found, err := HostOf(address)
	if err != nil {
		return nil, errs.Reject("config_invalid", "The field "+p.FromConfig+" must be a URL with http or https, or the name of a host.")
	}
	_, port, err := net.SplitHostPort(found)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil || len(p.Ports) > 0 && !slices.Contains(p.Ports, n) {
		return nil, errs.Reject(CodeNotAllowed, fmt.Sprintf("The address in %s has the port %s; plugin.yaml names %v for it.", p.FromConfig, port, p.Ports))
	}
	return []string{found}, nil
}

func withPorts(host string, ports []int) []string {
	if len(ports) == 0 {
		ports = []int{443}
	}
	var out []string
	for _, port := range ports {
		out = append(out, net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port)))
	}
	return out
}

// at returns what a JSON pointer leads to; nil when there is nothing.
func at(value any, pointer string) any {
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	return value
}

// within reports whether a place is one of a list, whose names may begin with
// "*.": all below it, and not the name itself.
func within(list []string, place string) bool {
	return slices.ContainsFunc(list, func(may string) bool {
		below, wild := strings.CutPrefix(may, "*.")
		return may == place || wild && !strings.HasPrefix(place, "*.") && strings.HasSuffix(place, "."+below)
	})
}
