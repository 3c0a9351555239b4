package httpapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/wire"
)

// capabilitiesBody is what a channel can do.
type capabilitiesBody struct {
	Content         []string     `json:"content" doc:"What messages may hold: text, image, audio, file, reply, html, envelope (subject, to, cc, bcc), location, mention (of members of a group). The composer offers nothing else."`
	TextLimit       int          `json:"text_limit,omitempty" doc:"Characters of one message."`
	AttachmentLimit int64        `json:"attachment_limit,omitempty" doc:"Bytes of one file, where the channel takes less than the server."`
	Can             []string     `json:"can" doc:"What the channel can do beside carrying messages: edit, recall, typing, read, backfill, begin (members begin conversations), groups (customers may be groups), templates (messages that were prepared at its far side), webhook (it posts to the inbox's address)."`
	EditSeconds     int64        `json:"edit_seconds,omitempty" doc:"How long after it was written a message can be edited; absent: always, where it can."`
	RecallSeconds   int64        `json:"recall_seconds,omitempty" doc:"Likewise, taken back."`
	Threads         string       `json:"threads,omitempty" enum:"reply,key" doc:"How messages make conversations. reply: what answers nothing begins one; key: the far side has talks of its own. Absent: a person has one conversation in the inbox."`
	Windows         []windowBody `json:"windows,omitempty" doc:"When a person may be written to; absent: always."`
}

// windowBody is a time in which the far side takes messages to a person.
type windowBody struct {
	On      string `json:"on" doc:"What opens it: message, or a word of the channel's."`
	Quota   int    `json:"quota,omitempty" doc:"How many messages may be sent; absent: any number."`
	Seconds int64  `json:"seconds" doc:"How long it is open."`
}

// healthBody is what a plugin says of an inbox.
type healthBody struct {
	State  string `json:"state" enum:"ok,degraded,down,unknown"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// inboxBody is a connected channel account.
type inboxBody struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Plugin         string            `json:"plugin"`
	Enabled        bool              `json:"enabled"`
	Live           bool              `json:"live"`
	Config         map[string]any    `json:"config"`
	Secrets        map[string]bool   `json:"secrets,omitempty" doc:"The secrets that are set, by JSON pointer into config. Their values are never shown."`
	ConfigRevision uint64            `json:"config_revision"`
	Capabilities   capabilitiesBody  `json:"capabilities"`
	Status         healthBody        `json:"status" doc:"What its plugin says of it now."`
	Condition      conditionBody     `json:"condition"`
	EmbedSnippet   string            `json:"embed_snippet,omitempty" doc:"Of a live inbox: the line to put into a page."`
	ChatPath       string            `json:"chat_path,omitempty" doc:"Of a live inbox: the path of its own page on this server, for a link or a QR code."`
	HookURL        string            `json:"hook_url,omitempty" doc:"The webhook address; shown once, when it is made."`
	SignIns        []fieldSignInBody `json:"sign_ins,omitempty" doc:"The fields that are got by signing in at the far side (x-oauth)."`
	Bot            *inboxBotBody     `json:"bot,omitempty" doc:"The bot that answers customers before people do; absent when people do."`
	CreatedAt      time.Time         `json:"created_at"`

	Acknowledgement *acknowledgementBody `json:"acknowledgement,omitempty" doc:"What the inbox answers by itself; absent of a live one, which answers nothing."`
}

// inboxBotBody names the bot of an inbox.
type inboxBotBody struct {
	ConnectionID string `json:"connection_id"`
}

// inboxBotChange is the bot of an inbox from now on.
type inboxBotChange struct {
	ConnectionID *string `json:"connection_id" nullable:"true" doc:"A connection of a plugin of the kind bot; null: people answer."`
}

// rawObject is a JSON object that keeps the order of its members.
type rawObject json.RawMessage

// MarshalJSON returns the object as it is.
func (r rawObject) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// Schema describes it as an object with any members.
func (rawObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// channelTypeBody is an installed channel.
type channelTypeBody struct {
	Plugin       string            `json:"plugin"`
	Version      string            `json:"version"`
	Name         map[string]string `json:"name" doc:"By locale."`
	Summary      map[string]string `json:"summary" doc:"By locale."`
	Live         bool              `json:"live"`
	Capabilities capabilitiesBody  `json:"capabilities"`
	ConfigSchema rawObject         `json:"config_schema" doc:"JSON Schema 2020-12; x-i18n holds titles and descriptions by locale. Properties are in the order of the manifest, which is that of the form."`
	Available    bool              `json:"available" doc:"Whether its process is ready now."`
}

func (s *Server) inboxRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/channels", Summary: "List installed channels", Tags: []string{"inboxes"}},
		identity.InboxManage, s.listChannels)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/inboxes", Summary: "List inboxes", Tags: []string{"inboxes"}},
		identity.InboxRead, s.listInboxes)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/inboxes", Summary: "Connect a channel account", Tags: []string{"inboxes"}, DefaultStatus: http.StatusCreated},
		identity.InboxManage, s.createInbox)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/inboxes/validate", Summary: "Check the settings of an inbox", Tags: []string{"inboxes"},
		Description: "Before they are saved: by the channel's schema, then by its plugin.",
	}, identity.InboxManage, s.validateInbox)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/inboxes/{inbox}", Summary: "Get an inbox", Tags: []string{"inboxes"}},
		identity.InboxRead, s.getInbox)
	member(s, huma.Operation{Method: http.MethodPatch, Path: base + "/inboxes/{inbox}", Summary: "Change an inbox", Tags: []string{"inboxes"}},
		identity.InboxManage, s.patchInbox)
	member(s, huma.Operation{Method: http.MethodPost, Path: base + "/inboxes/{inbox}/rotate-hook", Summary: "Replace the webhook address", Tags: []string{"inboxes"}},
		identity.InboxManage, s.rotateHook)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/inboxes/{inbox}/oauth", Summary: "Sign an inbox in at the far side", Tags: []string{"inboxes"},
		Description: "Answers where the member's browser goes. It must be one that is signed in here, and come back within ten minutes.",
	}, identity.InboxManage, s.signInInbox)
}

type inboxOAuthInput struct {
	InboxPath
	Body struct {
		Pointer string `json:"pointer" maxLength:"500" doc:"The field with x-oauth."`
	}
}

func (s *Server) signInInbox(ctx context.Context, scope identity.Scope, in *inboxOAuthInput) (*body[oauthBody], error) {
	inbox, err := s.Inboxes.Get(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return s.beginSignIn(ctx, scope, string(inbox.ID), in.Body.Pointer)
}

// inboxViews are inboxes as the API shows them: what their plugins say, and
// whether somebody must sign in before that counts.
func (s *Server) inboxViews(ctx context.Context, scope identity.Scope, all ...channel.Inbox) ([]inboxBody, error) {
	out, accounts := make([]inboxBody, len(all)), make([]extension.Account, len(all))
	for i, in := range all {
		accounts[i] = extension.Account{ID: string(in.ID), Plugin: extension.PluginID(in.Plugin), Enabled: in.Enabled, Config: in.Config, Health: s.Inboxes.Health(in)}
	}
	standings, err := s.Connections.Accounts(ctx, scope.Workspace, accounts...)
	if err != nil {
		return nil, err
	}
	conditions, err := s.Conditions.Conditions(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	for i, in := range all {
		out[i] = s.inboxView(in, "")
		out[i].Condition = conditionOf(conditions[string(in.ID)])
		if standing, ok := standings[string(in.ID)]; ok {
			out[i].SignIns = fieldsSignedIn(standing.SignIns)
			out[i].Status = healthBody(standing.Health)
			out[i].Status.State = cmp.Or(out[i].Status.State, "unknown")
		}
	}
	return out, nil
}

// inboxAnswer is one inbox; token is its new webhook address, "" = none.
func (s *Server) inboxAnswer(ctx context.Context, scope identity.Scope, in channel.Inbox, token string) (*body[inboxBody], error) {
	views, err := s.inboxViews(ctx, scope, in)
	if err != nil {
		return nil, err
	}
	views[0].HookURL = s.inboxView(in, token).HookURL
	return &body[inboxBody]{Body: views[0]}, nil
}

func (s *Server) inboxView(in channel.Inbox, token string) inboxBody {
	t, _ := s.Inboxes.TypeOf(in.Plugin)
	h := s.Inboxes.Health(in)
	out := inboxBody{
		ID: string(in.ID), Name: in.Name, Plugin: string(in.Plugin), Enabled: in.Enabled, Live: in.Live,
		Config: jsonObject(in.Config), Secrets: setSecrets(in.Secrets), ConfigRevision: in.ConfigRevision, Capabilities: capabilitiesOf(t.Capabilities),
		Status: healthBody(h), CreatedAt: wire.Stamp(in.CreatedAt),
	}
	if out.Status.State == "" {
		out.Status.State = "unknown"
	}
	if in.Bot != "" {
		out.Bot = &inboxBotBody{ConnectionID: in.Bot}
	}
	if !in.Live {
		out.Acknowledgement = acknowledgementOf(in.Acknowledgement)
	}
	if in.Live {
		out.EmbedSnippet = s.embedSnippet(in.ID)
		out.ChatPath = "/chat/" + string(in.ID)
	}
	if token != "" && !in.Live {
		out.HookURL = s.BaseURL + hooksPrefix + token + "/"
	}
	return out
}

func (s *Server) embedSnippet(id channel.InboxID) string {
	return fmt.Sprintf(`<script async src="%s/w/%s/loader.js"></script>`, s.BaseURL, id)
}

func capabilitiesOf(c channel.Capabilities) capabilitiesBody {
	if c.Content == nil {
		c.Content = []string{}
	}
	if c.Can == nil {
		c.Can = []string{}
	}
	out := capabilitiesBody{
		Content: c.Content, TextLimit: c.TextLimit, AttachmentLimit: c.AttachmentLimit, Can: c.Can, Threads: string(c.Threads),
		EditSeconds: int64(c.EditWithin.Seconds()), RecallSeconds: int64(c.RecallWithin.Seconds()),
	}
	for _, w := range c.Windows {
		out.Windows = append(out.Windows, windowBody{On: w.On, Quota: w.Quota, Seconds: int64(w.For.Seconds())})
	}
	return out
}

func jsonObject(raw json.RawMessage) map[string]any {
	out := map[string]any{}
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &out) // it was checked when it was stored; nonsense shows as empty
	}
	return out
}

func (s *Server) listChannels(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[channelTypeBody]], error) {
	types, err := s.Inboxes.Types(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[channelTypeBody]]{Body: list[channelTypeBody]{Items: make([]channelTypeBody, len(types))}}
	for i, t := range types {
		out.Body.Items[i] = channelTypeBody{
			Plugin: string(t.Plugin), Version: t.Version, Name: t.Name, Summary: t.Summary, Live: t.Live,
			Capabilities: capabilitiesOf(t.Capabilities), ConfigSchema: s.settingsForm(t.ConfigSchema), Available: t.Available,
		}
	}
	return out, nil
}

func (s *Server) listInboxes(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[inboxBody]], error) {
	inboxes, err := s.Inboxes.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	views, err := s.inboxViews(ctx, scope, inboxes...)
	if err != nil {
		return nil, err
	}
	return &body[list[inboxBody]]{Body: list[inboxBody]{Items: views}}, nil
}

// InboxPath is the path parameters of one inbox.
type InboxPath struct {
	Workspace string `path:"workspace"`
	Inbox     string `path:"inbox"`
}

func (s *Server) getInbox(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[inboxBody], error) {
	inbox, err := s.Inboxes.Get(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return s.inboxAnswer(ctx, scope, inbox, "")
}

type createInboxInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		Name    string         `json:"name"`
		Plugin  string         `json:"plugin"`
		Config  map[string]any `json:"config,omitempty" doc:"As the channel's config_schema says."`
		Secrets map[string]any `json:"secrets,omitempty" doc:"Texts by JSON pointer into config. They may stand in config as well."`
		Scopes  []string       `json:"scopes,omitempty" maxItems:"100" doc:"Optional scopes that the plugin may use."`
	}
}

func (s *Server) createInbox(ctx context.Context, scope identity.Scope, in *createInboxInput) (*body[inboxBody], error) {
	change, err := settingsOf(in.Body.Config, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	inbox, token, err := s.Inboxes.Create(ctx, scope, channel.Draft{
		Name: in.Body.Name, Plugin: channel.PluginID(in.Body.Plugin), Config: change.Config, Secrets: change.Secrets, Scopes: in.Body.Scopes,
	})
	if err != nil {
		return nil, err
	}
	return s.inboxAnswer(ctx, scope, inbox, token)
}

type validateInboxInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		ConfigTrial
		Inbox string `json:"inbox_id,omitempty" maxLength:"64" doc:"The one that is changed: its secrets count where none are given."`
	}
}

func (s *Server) validateInbox(ctx context.Context, scope identity.Scope, in *validateInboxInput) (*body[problemsBody], error) {
	return in.Body.try(func(t instance.Trial) ([]instance.Problem, error) {
		return s.Inboxes.Validate(ctx, scope, channel.PluginID(in.Body.Plugin), channel.InboxID(in.Body.Inbox), t)
	})
}

type patchInboxInput struct {
	InboxPath
	Body struct {
		Name    *string         `json:"name,omitempty"`
		Config  map[string]any  `json:"config,omitempty"`
		Secrets map[string]any  `json:"secrets,omitempty" doc:"Texts by JSON pointer; null takes one away, one that is absent stays."`
		Enabled *bool           `json:"enabled,omitempty"`
		Bot     *inboxBotChange `json:"bot,omitempty" doc:"Who answers customers before people do."`

		Acknowledgement *acknowledgementChange `json:"acknowledgement,omitempty" doc:"What the inbox answers by itself from now on."`
	}
}

func (s *Server) patchInbox(ctx context.Context, scope identity.Scope, in *patchInboxInput) (*body[inboxBody], error) {
	change, err := settingsOf(in.Body.Config, in.Body.Secrets)
	if err != nil {
		return nil, err
	}
	edit := channel.Edit{Name: in.Body.Name, Config: change.Config, Secrets: change.Secrets, Enabled: in.Body.Enabled}
	if b := in.Body.Bot; b != nil {
		edit.Bot = b.ConnectionID
		if b.ConnectionID == nil {
			edit.Bot = new(string)
		}
	}
	edit.Acknowledgement = in.Body.Acknowledgement.domain()
	inbox, err := s.Inboxes.Update(ctx, scope, channel.InboxID(in.Inbox), edit)
	if err != nil {
		return nil, err
	}
	return s.inboxAnswer(ctx, scope, inbox, "")
}

func (s *Server) rotateHook(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[inboxBody], error) {
	inbox, token, err := s.Inboxes.RotateHook(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return s.inboxAnswer(ctx, scope, inbox, token)
}
