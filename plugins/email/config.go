package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// config is an inbox's configuration: see plugin.yaml.
type config struct {
	Address       string   `json:"address"`
	Name          string   `json:"name"`
	Provider      string   `json:"provider"`
	Protocol      string   `json:"protocol"`
	Incoming      string   `json:"incoming"`
	Outgoing      string   `json:"outgoing"`
	Security      string   `json:"security"`
	Certificates  string   `json:"certificates"`
	Username      string   `json:"username"`
	Password      string   `json:"password"`
	Aliases       []string `json:"aliases"`
	Forms         []string `json:"forms"`
	PlusAddresses bool     `json:"plus_addresses"`
	FollowSent    *bool    `json:"follow_sent"`
	ReadJunk      bool     `json:"read_junk"`
	SinceDays     int      `json:"since_days"`
	AuthServID    string   `json:"authserv_id"`
	Signature     string   `json:"signature"`
}

// Providers that are signed in at with OAuth, and the fields for it.
const (
	google, googleAccount, microsoft = "google", "google_account", "microsoft"
	googleField                      = "/google_account"
	microsoftField                   = "/microsoft_account"
)

// provider is what is known of the provider; false when nothing is.
func (c config) provider() (endpoint.Provider, bool) {
	if c.Provider == googleAccount {
		return endpoint.ProviderOf(google)
	}
	return endpoint.ProviderOf(c.Provider)
}

// signsIn reports whether somebody signs in instead of giving a password.
func (c config) signsIn() bool { return c.Provider == googleAccount || c.Provider == microsoft }

// own are the addresses of the mailbox.
func (c config) own() []string { return append([]string{c.Address}, c.Aliases...) }

func (c config) user() string {
	if c.Username != "" {
		return c.Username
	}
	return c.Address
}

func (c config) protocol() mailbox.Protocol {
	if c.Protocol == string(mailbox.POP3) {
		return mailbox.POP3
	}
	return mailbox.IMAP
}

// incoming is the server that mail is read from.
func (c config) incoming() endpoint.Server {
	if p, ok := c.provider(); ok {
		if c.protocol() == mailbox.POP3 {
			return p.POP3
		}
		return p.IMAP
	}
	return c.server(c.Incoming)
}

// outgoing is the server that takes mail.
func (c config) outgoing() endpoint.Server {
	if p, ok := c.provider(); ok {
		return p.SMTP
	}
	return c.server(c.Outgoing)
}

// keepsSent reports whether the server files what we send by itself.
func (c config) keepsSent() bool {
	p, ok := c.provider()
	return ok && p.KeepsSent
}

func (c config) server(address string) endpoint.Server {
	name, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port) // the schema has seen that it is a number
	s := endpoint.Server{Host: name, Port: n}
	switch c.Security {
	case "tls":
		s.Security = endpoint.TLS
	case "starttls":
		s.Security = endpoint.StartTLS
	case "none":
		s.Security = endpoint.Plain
	default:
		s.Security = byPort(n)
	}
	if c.Certificates != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(c.Certificates)) // faults has seen that there are some
		s.TLS = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return s
}

// byPort is what the port means (RFC 8314): those of TLS from the first byte, and
// all others.
func byPort(port int) endpoint.Security {
	switch port {
	case 993, 995, 465:
		return endpoint.TLS
	default:
		return endpoint.StartTLS
	}
}

// credentials are who we are: the account that somebody signed in with, else the
// password.
func (c config) credentials(tokens host.Tokens) endpoint.Credentials {
	switch c.Provider {
	case microsoft:
		return endpoint.Tokens(tokens, microsoftField, c.user())
	case googleAccount:
		return endpoint.Tokens(tokens, googleField, c.user())
	default:
		return endpoint.Credentials{Username: c.user(), Password: c.Password}
	}
}

// sender is the name that stands beside the address.
func (c config) sender(agent string) string {
	name := strings.ReplaceAll(c.Name, "{agent}", agent)
	return strings.Trim(name, " ·-–,|/")
}

// domain is that of the address.
func (c config) domain() string {
	_, domain, _ := strings.Cut(c.Address, "@")
	return strings.ToLower(domain)
}
