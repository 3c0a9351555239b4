package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/wire"
)

// connectionBody is an instance of a plugin that is no channel.
type connectionBody struct {
	ID        string            `json:"id"`
	Plugin    string            `json:"plugin"`
	Name      string            `json:"name"`
	Enabled   bool              `json:"enabled"`
	Config    map[string]any    `json:"config" doc:"Without its secrets."`
	Secrets   map[string]bool   `json:"secrets" doc:"The secrets that are set, by JSON pointer into config. Their values are never shown."`
	Revision  uint64            `json:"revision"`
	Schema    rawObject         `json:"schema" doc:"The plugin's config_schema (JSON Schema 2020-12); empty when it is not installed. redirect_url in an x-oauth is the address to register at the far side."`
	Health    healthBody        `json:"health" doc:"What its plugin says of it now."`
	Condition conditionBody     `json:"condition"`
	SignIns   []fieldSignInBody `json:"sign_ins" doc:"The fields that are got by signing in at the far side (x-oauth)."`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

// fieldSignInBody is a field that is got by signing in.
type fieldSignInBody struct {
	Pointer string `json:"pointer"`
	State   string `json:"state" enum:"none,ok,expired" doc:"expired: somebody must sign in again."`
}

func (s *Server) connectionRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/connections"
	tags := []string{"connections"}
	member(s, huma.Operation{Method: http.MethodGet, Path: base, Summary: "List connections", Tags: tags}, identity.PluginRead, s.listConnections)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base, Summary: "Connect a plugin", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "Whoever connects a plugin lets it use all scopes that it needs, and of the optional ones those named.",
	}, identity.PluginManage, s.createConnection)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/validate", Summary: "Check a configuration", Tags: tags,
		Description: "Of a connection, before it is saved: by the plugin's schema, then by the plugin.",
	}, identity.PluginManage, s.validateConnection)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/{connection}", Summary: "Get a connection", Tags: tags}, identity.PluginRead, s.getConnection)
	member(s, huma.Operation{Method: http.MethodPatch, Path: base + "/{connection}", Summary: "Change a connection", Tags: tags}, identity.PluginManage, s.patchConnection)
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/{connection}", Summary: "Delete a connection", Tags: tags, DefaultStatus: http.StatusNoContent},
		identity.PluginManage, s.deleteConnection)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/{connection}/oauth", Summary: "Sign in at the far side", Tags: tags,
		Description: "Answers where the member's browser goes. It must be one that is signed in here, and come back within ten minutes.",
	}, identity.PluginManage, s.signInConnection)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: apiPrefix + "/workspaces/{workspace}/plugins/{publisher}/{name}/grants", Summary: "Say what a plugin may do", Tags: []string{"plugins"},
	}, identity.PluginManage, s.putGrants)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: extension.CallbackPath, Summary: "Come back from a far side", Tags: tags, DefaultStatus: http.StatusSeeOther,
	}, accessPublic, s.connectionCallback)
}

func (s *Server) connectionViews(ctx context.Context, scope identity.Scope, all ...extension.Connection) ([]connectionBody, error) {
	standings, err := s.Connections.Standings(ctx, scope, all...)
	if err != nil {
		return nil, err
	}
	conditions, err := s.Conditions.Conditions(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	out := make([]connectionBody, len(all))
	for i, c := range all {
		facts, _ := s.Connections.Facts(c.Plugin)
		if len(facts.ConfigSchema) == 0 {
			facts.ConfigSchema = json.RawMessage(`{}`)
		}
		standing := standings[c.ID]
		out[i] = connectionBody{
			ID: string(c.ID), Plugin: string(c.Plugin), Name: c.Name, Enabled: c.Enabled, Config: jsonObject(c.Config), Secrets: setSecrets(c.Secrets),
			Revision: c.Revision, Schema: s.settingsForm(facts.ConfigSchema), Health: healthBody(standing.Health), Condition: conditionOf(conditions[string(c.ID)]),
			CreatedAt: wire.Stamp(c.CreatedAt), UpdatedAt: wire.Stamp(c.UpdatedAt),
		}
		out[i].SignIns = fieldsSignedIn(standing.SignIns)
	}
	return out, nil
}

// fieldsSignedIn says how fields that signing in fills stand.
func fieldsSignedIn(all []extension.SignedIn) []fieldSignInBody {
	out := make([]fieldSignInBody, len(all))
	for i, x := range all {
		out[i] = fieldSignInBody{Pointer: x.Pointer, State: cmp.Or(string(x.State), "none")}
	}
	return out
}

func (s *Server) connectionView(ctx context.Context, scope identity.Scope, c extension.Connection, err error) (*body[connectionBody], error) {
	if err != nil {
		return nil, err
	}
	out, err := s.connectionViews(ctx, scope, c)
	if err != nil {
		return nil, err
	}
	return &body[connectionBody]{Body: out[0]}, nil
}

// setSecrets says which secrets are set, and nothing of what they are.
func setSecrets(sealed instance.Sealed) map[string]bool {
	out := make(map[string]bool, len(sealed))
	for pointer := range sealed {
		out[pointer] = true
	}
	return out
}

// settingsOf reads the settings of a request: a configuration, which stays when
// it is absent, and secrets, which are texts, or null for one to be taken away.
func settingsOf(config, secrets map[string]any) (instance.Change, error) {
	out := instance.Change{Secrets: make(map[string]*string, len(secrets))}
	for pointer, value := range secrets {
		switch v := value.(type) {
		case nil:
			out.Secrets[pointer] = nil
		case string:
			out.Secrets[pointer] = &v
		default:
			return out, errs.New(errs.Invalid, "connection.invalid", "Some values are not accepted.").
				WithFields(errs.Field{Pointer: "/secrets", Code: "type", Detail: "must hold texts, or null"})
		}
	}
	if config == nil {
		return out, nil
	}
	var err error
	if out.Config, err = json.Marshal(config); err != nil {
		return out, fmt.Errorf("encode a configuration: %w", err)
	}
	return out, nil
}

func (s *Server) listConnections(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[connectionBody]], error) {
	all, err := s.Connections.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	items, err := s.connectionViews(ctx, scope, all...)
	return &body[list[connectionBody]]{Body: list[connectionBody]{Items: items}}, err
}

// ConnectionPath is the path parameters of one connection.
type ConnectionPath struct {
	Workspace  string `path:"workspace"`
	Connection string `path:"connection"`
}

func (p ConnectionPath) id() extension.ConnectionID { return extension.ConnectionID(p.Connection) }

func (s *Server) getConnection(ctx context.Context, scope identity.Scope, in *ConnectionPath) (*body[connectionBody], error) {
	c, err := s.Connections.Get(ctx, scope, in.id())
	return s.connectionView(ctx, scope, c, err)
}

type createConnectionInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		Plugin  string         `json:"plugin"`
		Name    string         `json:"name"`
		Config  map[string]any `json:"config,omitempty" doc:"As the plugin's config_schema says."`
		Secrets map[string]any `json:"secrets,omitempty" doc:"Texts by JSON pointer into config. They may stand in config as well."`
		Scopes  []string       `json:"scopes,omitempty" maxItems:"100" doc:"Optional scopes that the plugin may use."`
		Enabled *bool          `json:"enabled,omitempty"`
	}
}

func (s *Server) createConnection(ctx context.Context, scope identity.Scope, in *createConnectionInput) (*body[connectionBody], error) {
	change, err := settingsOf(in.Body.Config, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	c, err := s.Connections.Create(ctx, scope, extension.Draft{
		Plugin: extension.PluginID(in.Body.Plugin), Name: in.Body.Name, Config: change.Config, Secrets: change.Secrets, Scopes: in.Body.Scopes,
		Disabled: in.Body.Enabled != nil && !*in.Body.Enabled,
	})
	return s.connectionView(ctx, scope, c, err)
}

type patchConnectionInput struct {
	ConnectionPath
	Body struct {
		Name    *string        `json:"name,omitempty"`
		Config  map[string]any `json:"config,omitempty" doc:"Takes the place of the whole configuration; secrets that it does not have stay."`
		Secrets map[string]any `json:"secrets,omitempty" doc:"Texts by JSON pointer; null takes one away, one that is absent stays."`
		Enabled *bool          `json:"enabled,omitempty"`
	}
}

func (s *Server) patchConnection(ctx context.Context, scope identity.Scope, in *patchConnectionInput) (*body[connectionBody], error) {
	change, err := settingsOf(in.Body.Config, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	c, err := s.Connections.Update(ctx, scope, in.id(), extension.ConnectionEdit{
		Name: in.Body.Name, Config: change.Config, Secrets: change.Secrets, Enabled: in.Body.Enabled,
	})
	return s.connectionView(ctx, scope, c, err)
}

func (s *Server) deleteConnection(ctx context.Context, scope identity.Scope, in *ConnectionPath) (*struct{}, error) {
	return nil, s.Connections.Delete(ctx, scope, in.id())
}

// ConfigTrial is a configuration that somebody types.
type ConfigTrial struct {
	Plugin  string         `json:"plugin"`
	Config  map[string]any `json:"config,omitempty"`
	Secrets map[string]any `json:"secrets,omitempty" doc:"Texts by JSON pointer into config."`
	Probe   bool           `json:"probe,omitempty" doc:"The plugin may ask its far side."`
	Locale  string         `json:"locale,omitempty" maxLength:"35" doc:"The language of who reads what is wrong (BCP 47), as far as the plugin has it."`
}

// try has a configuration judged.
func (t ConfigTrial) try(judge func(instance.Trial) ([]instance.Problem, error)) (*body[problemsBody], error) {
	change, err := settingsOf(t.Config, t.Secrets)
	if err != nil {
		return nil, err
	}
	found, err := judge(instance.Trial{Change: change, Probe: t.Probe, Locale: t.Locale})
	if err != nil {
		return nil, err
	}
	out := &body[problemsBody]{Body: problemsBody{Problems: make([]problemBody, len(found))}}
	for i, p := range found {
		out.Body.Problems[i] = problemBody(p)
	}
	return out, nil
}

type validateInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		ConfigTrial
		Connection string `json:"connection_id,omitempty" maxLength:"64" doc:"The one that is changed: its secrets count where none are given."`
	}
}

// problemBody is one fault of a configuration.
type problemBody struct {
	Pointer string `json:"pointer" doc:"JSON pointer into config; empty = the whole."`
	Message string `json:"message"`
}

// problemsBody is what is wrong with a configuration.
type problemsBody struct {
	Problems []problemBody `json:"problems" doc:"Empty: it will do."`
}

func (s *Server) validateConnection(ctx context.Context, scope identity.Scope, in *validateInput) (*body[problemsBody], error) {
	return in.Body.try(func(t instance.Trial) ([]instance.Problem, error) {
		return s.Connections.Validate(ctx, scope, extension.PluginID(in.Body.Plugin), extension.ConnectionID(in.Body.Connection), t)
	})
}

type oauthInput struct {
	ConnectionPath
	Body struct {
		Pointer string `json:"pointer" maxLength:"500" doc:"The field with x-oauth."`
	}
}

// oauthBody is where to sign in.
type oauthBody struct {
	AuthorizeURL string `json:"authorize_url"`
	RedirectURL  string `json:"redirect_url" doc:"Where the far side sends the browser back to: it must be registered there, letter by letter."`
}

func (s *Server) signInConnection(ctx context.Context, scope identity.Scope, in *oauthInput) (*body[oauthBody], error) {
	return s.beginSignIn(ctx, scope, string(in.id()), in.Body.Pointer)
}

// beginSignIn says where the browser goes to sign an instance in.
func (s *Server) beginSignIn(ctx context.Context, scope identity.Scope, id, pointer string) (*body[oauthBody], error) {
	session := ""
	if who, ok := ctx.Value(keyCaller).(caller); ok { // not a key
		session = string(who.session.ID)
	}
	to, err := s.SignIns.Begin(ctx, scope, id, pointer, session)
	if err != nil {
		return nil, err
	}
	return &body[oauthBody]{Body: oauthBody{AuthorizeURL: to, RedirectURL: s.SignIns.Redirect()}}, nil
}

type oauthCallbackInput struct {
	State string `query:"state" maxLength:"500"`
	Code  string `query:"code" maxLength:"4000"`
	Error string `query:"error" maxLength:"500" doc:"Why the far side refused."`
}

// connectionCallback takes a browser that comes back from a far side. It is a
// page that a person sees: whatever happens, they end up in the console.
func (s *Server) connectionCallback(ctx context.Context, in *oauthCallbackInput) (*redirectOutput, error) {
	id, err := s.arriveConnection(ctx, in)
	q := url.Values{"signed_in": {"1"}}
	if err != nil {
		q = url.Values{"failed": {problemOf(ctx, s.Log, err).Code}}
	}
	to := "/settings/plugins"
	switch {
	case extension.IsConnection(id):
		to = "/settings/connections/" + url.PathEscape(id)
	case id != "":
		to = "/settings/inboxes/" + url.PathEscape(id)
	}
	return redirect(to + "?" + q.Encode()), nil
}

func (s *Server) arriveConnection(ctx context.Context, in *oauthCallbackInput) (string, error) {
	who, err := s.callerOf(ctx, func(name string) string { return cookieValue(cookiesOf(ctx), name) })
	if err != nil {
		return "", err
	}
	x, err := s.SignIns.Take(ctx, in.State, string(who.session.ID))
	if err != nil {
		return "", err
	}
	scope, err := s.Identity.Sessions.Enter(ctx, who.session, x.Workspace)
	if err != nil {
		return "", err
	}
	client := clientOf(ctx)
	client.Via = string(who.session.ID)
	return x.Instance, s.SignIns.Finish(identity.WithClient(ctx, client), scope, x, extension.Arrival{Code: in.Code, Refusal: in.Error})
}

type grantsInput struct {
	Workspace string `path:"workspace"`
	Publisher string `path:"publisher"`
	Name      string `path:"name"`
	Body      struct {
		Scopes []string `json:"scopes" maxItems:"100" doc:"All that the plugin may use from now on."`
	}
}

// grantBody is a scope that a plugin may use.
type grantBody struct {
	Scope     string    `json:"scope"`
	By        string    `json:"by" doc:"Who agreed, as they were called then."`
	ByID      string    `json:"by_id"`
	Version   string    `json:"version" doc:"Of the plugin, then."`
	GrantedAt time.Time `json:"granted_at"`
}

// grantsBody is what a plugin may do.
type grantsBody struct {
	Granted []grantBody `json:"granted"`
	Missing []string    `json:"missing" doc:"Scopes that the plugin needs and may not use."`
}

func grantsOf(u extension.Use) grantsBody {
	out := grantsBody{Granted: make([]grantBody, len(u.Granted.Grants)), Missing: append([]string{}, u.Missing...)}
	for i, g := range u.Granted.Grants {
		out.Granted[i] = grantBody{Scope: g.Scope, By: g.By.Name, ByID: g.By.ID, Version: g.Version, GrantedAt: wire.Stamp(g.At)}
	}
	return out
}

func (s *Server) putGrants(ctx context.Context, scope identity.Scope, in *grantsInput) (*body[grantsBody], error) {
	id := PluginPath{Publisher: in.Publisher, Name: in.Name}.id()
	granted, err := s.Connections.Grant(ctx, scope, id, in.Body.Scopes)
	if err != nil {
		return nil, err
	}
	facts, _ := s.Connections.Facts(id)
	return &body[grantsBody]{Body: grantsOf(extension.Use{Granted: granted, Missing: instance.Missing(facts.Asks, granted.Scopes())})}, nil
}
