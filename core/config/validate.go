package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// validate checks what types cannot say. It reports everything at once.
func (c Config) validate() error {
	return errors.Join(
		c.checkAddress(), c.checkPublicURL(), c.checkProxies(), c.checkDatabase(), c.checkBus(), c.checkLog(), c.checkAdmin(), c.checkDemo(), c.checkMedia(), c.checkOutbound(), c.checkWebhooks(), c.checkLimits(), c.checkTLS(), c.checkMetrics(), c.checkSandboxes(), c.checkPlugins(),
	)
}

// Loopback reports whether the server listens to this machine alone.
func (c Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.Server.Address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// BaseURL is the address people use, without a slash at the end. Who listens on
// all addresses is reached by one that leads here: 0.0.0.0 is none to visit.
func (c Config) BaseURL() string {
	if c.Server.PublicURL != "" {
		return strings.TrimRight(c.Server.PublicURL, "/")
	}
	scheme := "http"
	if c.ServesTLS() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Server.Address)
	if err == nil && len(c.TLS.ACME.Domains) > 0 {
		if port == "443" {
			return "https://" + c.TLS.ACME.Domains[0]
		}
		return "https://" + net.JoinHostPort(c.TLS.ACME.Domains[0], port)
	}
	if ip, parsed := netip.ParseAddr(host); err == nil && (host == "" || parsed == nil && ip.IsUnspecified()) {
		return scheme + "://localhost:" + port
	}
	return scheme + "://" + c.Server.Address
}

// SecureCookies reports whether browsers reach us over TLS.
func (c Config) SecureCookies() bool { return strings.HasPrefix(c.BaseURL(), "https://") }

func (c Config) checkAddress() error {
	if _, port, err := net.SplitHostPort(c.Server.Address); err != nil || port == "" {
		return fmt.Errorf("server.address %q is not host:port, for example 127.0.0.1:8080", c.Server.Address)
	}
	if !c.Loopback() && !c.Server.InsecureHTTP && !c.ServesTLS() {
		return fmt.Errorf("server.address %q is reachable from outside, and this process speaks plain HTTP: set tls.cert_file and tls.key_file, or tls.acme.domains; or put a proxy with TLS before it and set server.insecure_http: true", c.Server.Address)
	}
	if !plausible(c.Server.DrainTimeout) {
		return fmt.Errorf("server.drain_timeout %v is not between 1s and 10m; write it with a unit, for example 15s", c.Server.DrainTimeout)
	}
	return nil
}

func (c Config) checkPlugins() error {
	if c.Plugins.MinIsolation != "trusted" && c.Plugins.MinIsolation != "confined" {
		return fmt.Errorf("plugins.min_isolation %q is neither trusted nor confined", c.Plugins.MinIsolation)
	}
	for _, id := range c.Plugins.Trusted {
		if publisher, name, ok := strings.Cut(id, "/"); !ok || publisher == "" || name == "" || strings.Contains(name, "/") {
			return fmt.Errorf("plugins.trusted: %q is not the name of a plugin, such as patchbay/webchat", id)
		}
	}
	return nil
}

func (c Config) checkPublicURL() error {
	if c.Server.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.Server.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("server.public_url %q is not like https://help.example.com, without a path", c.Server.PublicURL)
	}
	return nil
}

// Proxies returns the trusted ranges.
func (c Config) Proxies() ([]netip.Prefix, error) {
	return networks("server.trusted_proxies", c.Server.TrustedProxy)
}

// AllowNetworks returns the networks that outbound connections may reach
// although they are not public.
func (c Config) AllowNetworks() ([]netip.Prefix, error) {
	return networks("outbound.allow_networks", c.Outbound.AllowNetworks)
}

func networks(key string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is neither an address nor a range such as 10.0.0.0/8", key, s)
		}
		out = append(out, p)
	}
	return out, nil
}

// WebhookRetry returns the waits between attempts.
func (c Config) WebhookRetry() ([]time.Duration, error) {
	var out []time.Duration
	for _, s := range c.Webhooks.Retry {
		d, err := time.ParseDuration(strings.TrimSpace(s))
		if err != nil || d < 10*time.Millisecond || d > 24*time.Hour {
			return nil, fmt.Errorf("webhooks.retry: %q is not a time between 10ms and 24h, for example 30s", s)
		}
		out = append(out, d)
	}
	if len(out) == 0 || len(out) > 30 {
		return nil, errors.New("webhooks.retry has no wait or more than 30: give for example 10s,1m,10m")
	}
	return out, nil
}

func (c Config) checkWebhooks() error {
	_, err := c.WebhookRetry()
	if c.Webhooks.DisableAfter < time.Second {
		err = errors.Join(err, fmt.Errorf("webhooks.disable_after %v is less than a second; write it with a unit, for example 72h", c.Webhooks.DisableAfter))
	}
	return err
}

// checkLimits wants a minute's worth between 10 and 10 million, or 0.
func (c Config) checkLimits() error {
	var wrong error
	for _, l := range []struct {
		key           string
		minute, burst int
	}{
		{"limits.member", c.Limits.Member, c.Limits.MemberBurst},
		{"limits.address", c.Limits.Address, c.Limits.AddressBurst},
		{"limits.visitor", c.Limits.Visitor, c.Limits.VisitorBurst},
	} {
		const least, most = 10, 10_000_000
		if l.minute != 0 && (l.minute < least || l.minute > most) {
			wrong = errors.Join(wrong, fmt.Errorf("%s %d is not between %d and %d requests a minute; 0 sets no limit", l.key, l.minute, least, most))
		}
		if l.minute != 0 && (l.burst < 1 || l.burst > most) {
			wrong = errors.Join(wrong, fmt.Errorf("%s_burst %d is not between 1 and %d", l.key, l.burst, most))
		}
	}
	return wrong
}

func (c Config) checkOutbound() error {
	_, err := c.AllowNetworks()
	return err
}

func (c Config) checkProxies() error {
	_, err := c.Proxies()
	return err
}

func (c Config) checkDatabase() error {
	if c.Database.URL == "" && c.DataDir == "" {
		return errors.New("data_dir is empty: name a directory for the embedded database")
	}
	if c.Database.URL != "" && !strings.HasPrefix(c.Database.URL, "postgres://") && !strings.HasPrefix(c.Database.URL, "postgresql://") {
		return errors.New("database.url must begin with postgres://; leave it empty for the embedded SQLite")
	}
	return nil
}

func (c Config) checkBus() error {
	if c.Bus.URL != "" && !strings.HasPrefix(c.Bus.URL, "nats://") && !strings.HasPrefix(c.Bus.URL, "tls://") {
		return errors.New("bus.url must begin with nats:// or tls://; leave it empty for the bus in this process")
	}
	return nil
}

func (c Config) checkLog() error {
	var wrong error
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		wrong = fmt.Errorf("log.level %q is not debug, info, warn or error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		wrong = errors.Join(wrong, fmt.Errorf("log.format %q is not text or json", c.Log.Format))
	}
	return wrong
}

func (c Config) checkAdmin() error {
	if (c.Admin.Email == "") != (c.Admin.Password == "") {
		return errors.New("admin.email and admin.password go together: give both (PATCHBAY_ADMIN_EMAIL, PATCHBAY_ADMIN_PASSWORD) or neither")
	}
	return nil
}

func (c Config) checkDemo() error {
	if c.Demo && !c.Loopback() {
		return errors.New("demo prints links that sign anybody in: it runs on a loopback server.address only")
	}
	return nil
}

func (c Config) checkSandboxes() error {
	var err error
	for _, n := range []struct {
		key        string
		value, max int
	}{
		{"sandboxes.per_member", c.Sandboxes.PerMember, 20},
		{"sandboxes.per_workspace", c.Sandboxes.PerWorkspace, 100},
		{"sandboxes.idle_days", c.Sandboxes.IdleDays, 3650},
	} {
		if n.value < 0 || n.value > n.max {
			err = errors.Join(err, fmt.Errorf("%s %d is not between 0 and %d", n.key, n.value, n.max))
		}
	}
	return err
}
