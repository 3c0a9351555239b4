package identity

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// ProviderID names a sign-in provider: idp_.
type ProviderID string

// Limits of a provider.
const (
	MaxProviders    = 10 // of a workspace
	MaxIssuer       = 300
	MaxClientID     = 300
	MaxClientSecret = 1000
	MaxDomains      = 20
)

// Provider is an OpenID Connect provider that a workspace trusts to say who
// its members are. A session that it makes opens that workspace alone.
type Provider struct {
	Workspace WorkspaceID
	ID        ProviderID
	Name      string // on the button
	Issuer    string // its address; never changes, since links rest on it
	ClientID  string
	Sealed    string   // the client secret
	Domains   []string // e-mail domains that may sign in; none = all
	// DefaultRole is that of people who come for the first time with a verified
	// address; "" = only who is invited, or linked the provider, comes in.
	DefaultRole Role
	// SecondFactor says that the provider asks for one, so that we do not.
	SecondFactor bool
	Listed       bool // shown on the sign-in page
	Enabled      bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// ProviderDraft is what a provider is made of or changed to; nil stays as it is.
type ProviderDraft struct {
	Name         *string
	Issuer       *string // when it is made only
	ClientID     *string
	Secret       *string
	Domains      *[]string
	DefaultRole  *Role
	SecondFactor *bool
	Listed       *bool
	Enabled      *bool
}

// Providers are the use cases of a workspace's sign-in providers.
type Providers struct{ *commons }

// LastProvider is returned instead of locking everybody out.
func LastProvider() *errs.Error {
	return errs.New(errs.Conflict, "signin.no_provider", "Members sign in by a provider alone here, so one must be there and turned on. Allow passwords first.")
}

// List returns the workspace's providers, oldest first. Needs SignInManage.
func (s *Providers) List(ctx context.Context, scope Scope) ([]Provider, error) {
	if err := scope.Require(SignInManage); err != nil {
		return nil, err
	}
	return s.Stores.Providers.ProvidersOf(ctx, scope.Workspace)
}

// Listed returns the providers of all workspaces that the sign-in page shows.
func (s *Providers) Listed(ctx context.Context) ([]Provider, error) {
	all, err := s.Stores.Providers.ListedProviders(ctx)
	return all, err
}

// Create adds a provider after asking its address what it is. Needs
// SignInManage, and a role that may give the default role. errs.Invalid names
// the wrong fields; /issuer with code discovery when nothing answers there.
func (s *Providers) Create(ctx context.Context, scope Scope, d ProviderDraft) (Provider, error) {
	if err := scope.Require(SignInManage); err != nil {
		return Provider{}, err
	}
	at := s.time()
	p := Provider{
		Workspace: scope.Workspace, ID: ProviderID(s.ids.New("idp")), Listed: true, Enabled: true, CreatedAt: at, UpdatedAt: at,
	}
	c := &check{}
	set(&p.Issuer, d.Issuer)
	p.Issuer = c.issuer("/issuer", p.Issuer)
	d.required(c)
	if err := s.fill(ctx, c, scope, &p, d); err != nil {
		return Provider{}, err
	}
	if err := s.OpenID.Discover(ctx, p.Issuer); err != nil {
		c.Refuse("/issuer", "discovery", "No OpenID Connect provider answers there: "+errs.As(err).Message)
		return Provider{}, c.err()
	}
	err := s.Stores.Providers.CreateProvider(ctx, p, MaxProviders,
		s.note(ctx, scope, ProviderMade, p.target(), Provider{}.differences(p)))
	return p, err
}

func (p Provider) target() event.Party {
	return event.Party{Kind: "sign_in_provider", ID: string(p.ID), Name: p.Name}
}

// required refuses a draft of a new provider without what it needs.
func (d ProviderDraft) required(c *check) {
	for pointer, value := range map[string]*string{"/name": d.Name, "/client_id": d.ClientID, "/client_secret": d.Secret} {
		if value == nil {
			c.Refuse(pointer, "required", "This is needed.")
		}
	}
}

// Examine asks a provider what it says of itself and returns what it found.
// Whether it knows our client, only a person who signs in finds out. Needs
// SignInManage.
func (s *Providers) Examine(ctx context.Context, scope Scope, id ProviderID) (Examination, error) {
	if err := scope.Require(SignInManage); err != nil {
		return Examination{}, err
	}
	p, err := s.Stores.Providers.Provider(ctx, scope.Workspace, id)
	if err != nil {
		return Examination{}, err
	}
	return s.OpenID.Examine(ctx, p.Issuer), nil
}

// Update changes a provider; its issuer stays. Needs as Create. Turning the
// last one off while passwords are refused is LastProvider.
func (s *Providers) Update(ctx context.Context, scope Scope, id ProviderID, d ProviderDraft) (Provider, error) {
	if err := scope.Require(SignInManage); err != nil {
		return Provider{}, err
	}
	p, err := s.Stores.Providers.Provider(ctx, scope.Workspace, id)
	if err != nil {
		return Provider{}, err
	}
	before := p
	if err := s.fill(ctx, &check{}, scope, &p, d); err != nil {
		return Provider{}, err
	}
	p.UpdatedAt = s.time()
	changes := before.differences(p)
	if d.Secret != nil {
		changes["client_secret"] = event.Difference{From: "***", To: "***"}
	}
	err = s.Stores.Providers.ChangeProvider(ctx, p, s.note(ctx, scope, ProviderEdited, p.target(), changes))
	if err != nil {
		return Provider{}, err
	}
	s.everybodyChanged(ctx, scope.Workspace)
	return p, nil
}

// Delete takes a provider and the links of its people away and ends the
// sessions that it made. Needs SignInManage. LastProvider.
func (s *Providers) Delete(ctx context.Context, scope Scope, id ProviderID) error {
	if err := scope.Require(SignInManage); err != nil {
		return err
	}
	p, err := s.Stores.Providers.Provider(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	err = s.Stores.Providers.DeleteProvider(ctx, scope.Workspace, id, s.note(ctx, scope, ProviderGone, p.target(), nil))
	if err != nil {
		return err
	}
	s.signedIn.clear()
	s.everybodyChanged(ctx, scope.Workspace)
	return nil
}

// fill puts a checked draft into a provider.
func (s *Providers) fill(ctx context.Context, c *check, scope Scope, p *Provider, d ProviderDraft) error {
	if d.Name != nil {
		p.Name = c.name("/name", *d.Name)
	}
	if d.ClientID != nil {
		p.ClientID = c.opaque("/client_id", *d.ClientID, MaxClientID)
	}
	if d.Secret != nil {
		p.Sealed = s.Sealer.Seal([]byte(c.opaque("/client_secret", *d.Secret, MaxClientSecret)), secretName(p.ID))
	}
	if d.Domains != nil {
		p.Domains = c.domains("/email_domains", *d.Domains)
	}
	if d.DefaultRole != nil && *d.DefaultRole != "" {
		c.role("/default_role", *d.DefaultRole)
	}
	if err := c.err(); err != nil {
		return err
	}
	if d.DefaultRole != nil && *d.DefaultRole != p.DefaultRole {
		if *d.DefaultRole != "" {
			if err := s.given(ctx, scope, *d.DefaultRole); err != nil {
				return err
			}
		}
		p.DefaultRole = *d.DefaultRole
	}
	set(&p.SecondFactor, d.SecondFactor)
	set(&p.Listed, d.Listed)
	set(&p.Enabled, d.Enabled)
	return nil
}

func secretName(id ProviderID) string { return "client secret of " + string(id) }

// differences lists what an audit record says of a change; never the secret.
func (p Provider) differences(after Provider) event.Differences {
	d := event.Differences{}
	d.Note("name", p.Name, after.Name)
	d.Note("issuer", p.Issuer, after.Issuer)
	d.Note("client_id", p.ClientID, after.ClientID)
	d.Note("email_domains", strings.Join(p.Domains, " "), strings.Join(after.Domains, " "))
	d.Note("default_role", p.DefaultRole, after.DefaultRole)
	d.Note("second_factor", p.SecondFactor, after.SecondFactor)
	d.Note("listed", p.Listed, after.Listed)
	d.Note("enabled", p.Enabled, after.Enabled)
	return d
}

// admits reports whether the provider's people may have this e-mail address.
func (p Provider) admits(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	return len(p.Domains) == 0 || slices.Contains(p.Domains, domain)
}

// issuer returns the address of a provider: https, without query and fragment
// (OpenID Connect Discovery 1.0, 3). Plain http is for a provider on this very
// machine, which the outbound client reaches only where the operator allows it.
func (c *check) issuer(pointer, issuer string) string {
	issuer = strings.TrimSpace(issuer)
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		c.Refuse(pointer, "required", "Enter the address of the provider.")
	case len(issuer) > MaxIssuer:
		c.Refuse(pointer, "too_long", "An address has at most "+strconv.Itoa(MaxIssuer)+" bytes.")
	case err != nil, u.Host == "", u.RawQuery != "", u.Fragment != "", u.User != nil, u.ForceQuery,
		!utf8.ValidString(issuer), strings.ContainsFunc(issuer, Deceptive):
		c.Refuse(pointer, "invalid_url", "This is not the address of a provider, like https://login.example.com.")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		c.Refuse(pointer, "insecure_url", "The address of a provider begins with https://.")
	}
	return issuer
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// opaque checks what a provider gave out for pasting.
func (c *check) opaque(pointer, value string, most int) string {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		c.Refuse(pointer, "required", "This is needed.")
	case len(value) > most:
		c.Refuse(pointer, "too_long", "This has at most "+strconv.Itoa(most)+" bytes.")
	case !utf8.ValidString(value), strings.ContainsFunc(value, Deceptive):
		c.Refuse(pointer, "invalid_text", "This is not one line of text.")
	}
	return value
}

func (c *check) domains(pointer string, domains []string) []string {
	if len(domains) > MaxDomains {
		c.Refuse(pointer, "too_many", "There are at most "+strconv.Itoa(MaxDomains)+" domains.")
		return nil
	}
	out := make([]string, 0, len(domains))
	for i, d := range domains {
		d = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@"))
		if len(d) > MaxEmail || !utf8.ValidString(d) || !validDomain(d) {
			c.Refuse(pointer+"/"+strconv.Itoa(i), "invalid_domain", "This is not a domain, like example.com.")
		}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// TooManyProviders is returned when a workspace has MaxProviders.
func TooManyProviders() *errs.Error {
	return errs.New(errs.Conflict, "signin.too_many", "A workspace has at most "+strconv.Itoa(MaxProviders)+" sign-in providers.")
}
