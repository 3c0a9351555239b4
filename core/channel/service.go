package channel

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Changed is the type of the event that says an inbox was made or changed.
const Changed = "inbox.changed"

// Service holds the use cases of inboxes. It is safe for concurrent use.
type Service struct {
	// Bots says which bots may answer an inbox's customers; nil = none.
	Bots Bots
	// Sending returns what the sending of an inbox says of its far side; false =
	// nothing. nil = nobody knows.
	Sending func(InboxID) (Health, bool)
	// Targets knows what rules point at; nil = nothing is looked up.
	Targets Targets

	// Again forgets what was counted against an inbox, and records that; nil =
	// nobody counts.
	Again func(context.Context, identity.WorkspaceID, string, *event.Record) error

	store   Store
	plugins Plugins
	vault   instance.Vault
	now     func() time.Time
	ids     id.Source
}

// NewService returns a Service.
func NewService(store Store, plugins Plugins, vault instance.Vault, now func() time.Time) *Service {
	return &Service{store: store, plugins: plugins, vault: vault, now: now, ids: id.NewSource(now)}
}

// Types lists the channels an inbox can be made of.
func (s *Service) Types(_ context.Context, scope identity.Scope) ([]Type, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return nil, err
	}
	return s.plugins.Types(), nil
}

// List returns the workspace's inboxes.
func (s *Service) List(ctx context.Context, scope identity.Scope) ([]Inbox, error) {
	if err := scope.Require(identity.InboxRead); err != nil {
		return nil, err
	}
	return s.store.Inboxes(ctx, scope.Workspace)
}

// Get returns one inbox of the workspace, or errs.Absent.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id InboxID) (Inbox, error) {
	if err := scope.Require(identity.InboxRead); err != nil {
		return Inbox{}, err
	}
	inbox, err := s.store.Inbox(ctx, id)
	if err == nil && inbox.Workspace != scope.Workspace {
		err = errs.Absent()
	}
	if err != nil {
		return Inbox{}, err
	}
	return inbox, nil
}

// Health returns what the plugin last said of an inbox, or, while that is no
// complaint, what its sending says.
func (s *Service) Health(inbox Inbox) Health {
	if !inbox.Enabled {
		return Health{State: "down", Code: "disabled"}
	}
	h := s.plugins.Health(inbox)
	if s.Sending == nil || h.State == "degraded" || h.State == "down" {
		return h
	}
	if seen, ok := s.Sending(inbox.ID); ok {
		return seen
	}
	return h
}

// TypeOf returns the installed plugin of an inbox.
func (s *Service) TypeOf(plugin PluginID) (Type, bool) {
	for _, t := range s.plugins.Types() {
		if t.Plugin == plugin {
			return t, true
		}
	}
	return Type{}, false
}

// Draft is an inbox to be made.
type Draft struct {
	Name    string
	Plugin  PluginID
	Config  json.RawMessage    // an object; empty = {}. Secrets in it are taken out
	Secrets map[string]*string // by JSON pointer into Config
	Scopes  []string           // optional ones that the plugin may use
}

// Create makes an inbox and tells its plugin. The token is the secret part of
// its webhook address; only its hash is stored.
func (s *Service) Create(ctx context.Context, scope identity.Scope, d Draft) (inbox Inbox, token string, err error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Inbox{}, "", err
	}
	name, err := checkName(d.Name)
	if err != nil {
		return Inbox{}, "", err
	}
	t, err := s.usable(scope, d.Plugin)
	if err != nil {
		return Inbox{}, "", err
	}
	if d.Config == nil {
		d.Config = json.RawMessage(`{}`)
	}
	agreed, unknown := instance.Agreed(t.Asks, d.Scopes)
	if len(unknown) > 0 {
		return Inbox{}, "", errs.New(errs.Invalid, "inbox.config_invalid", "Some settings of the channel are not right.").
			WithFields(errs.Field{Pointer: "/scopes", Code: "unknown", Detail: "has what the channel does not ask for"})
	}
	if err := instance.MayGrant(scope, agreed); err != nil {
		return Inbox{}, "", err
	}
	token, hash := newHook()
	inbox = Inbox{
		Workspace: scope.Workspace, ID: InboxID(s.ids.New("inb")), Name: name, Plugin: d.Plugin, Live: t.Live,
		ConfigRevision: 1, HookHash: hash, Enabled: true, CreatedAt: s.now(),
	}
	inbox.UpdatedAt = inbox.CreatedAt
	plan, err := s.plan(ctx, inbox, instance.Change{Config: d.Config, Secrets: d.Secrets})
	if err != nil {
		return Inbox{}, "", err
	}
	inbox.Config, inbox.Secrets = plan.Config, plan.Seal(s.vault, inbox.owner(), nil)
	created := s.changed(inbox)
	created.Audit = identity.Record(ctx, scope, "inbox.created", inbox.Target()).Say(map[string]any{"channel": string(inbox.Plugin), "permissions": agreed})
	grants := instance.GrantsBy(scope.Actor, agreed, t.Version, inbox.CreatedAt)
	if err := s.store.CreateInbox(ctx, inbox, grants, created); err != nil {
		return Inbox{}, "", err
	}
	s.tell(ctx, inbox)
	return inbox, token, nil
}

// usable returns the installed channel that a workspace may have inboxes of.
func (s *Service) usable(scope identity.Scope, plugin PluginID) (Type, error) {
	t, ok := s.TypeOf(plugin)
	if !ok {
		return Type{}, errs.New(errs.Invalid, "inbox.plugin_unknown", "No such channel is installed.").
			WithFields(errs.Field{Pointer: "/plugin", Code: "unknown", Detail: "is not an installed channel"})
	}
	if scope.Sandbox() && !t.Live {
		return Type{}, errs.New(errs.Forbidden, "sandbox.channel", "A sandbox has web chats alone, so that nothing in it reaches a customer.").
			WithFields(errs.Field{Pointer: "/plugin", Code: "not_here", Detail: "is no web chat"})
	}
	return t, nil
}

// Validate judges the settings of an inbox without saving them; id is the one
// that is changed, "" a new one.
func (s *Service) Validate(ctx context.Context, scope identity.Scope, plugin PluginID, id InboxID, trial instance.Trial) ([]Problem, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return nil, err
	}
	inbox := Inbox{Workspace: scope.Workspace, Plugin: plugin}
	if id != "" {
		found, err := s.Get(ctx, scope, id)
		if err != nil {
			return nil, err
		}
		if found.Plugin != plugin {
			return nil, errs.Absent()
		}
		inbox = found
	}
	t, err := s.usable(scope, plugin)
	if err != nil {
		return nil, err
	}
	return instance.FormOf(t.ConfigSchema).Try(s.vault, inbox.kept(), trial, func(candidate instance.Candidate) ([]Problem, error) {
		return s.plugins.ValidateConfig(ctx, plugin, candidate)
	})
}

// Edit is a change of an inbox; nil fields stay.
type Edit struct {
	Name    *string
	Config  json.RawMessage
	Secrets map[string]*string // by JSON pointer: nil takes one away, one that is absent stays
	Enabled *bool
	Bot     *string // a connection of a plugin that is a bot; "" = people answer

	Acknowledgement *Acknowledgement
}

// Bots tells which connections are bots.
type Bots interface {
	// MayAnswer reports whether a connection of a workspace is a bot's.
	MayAnswer(ctx context.Context, w identity.WorkspaceID, connection string) (bool, error)
}

// checkBot refuses what is no bot.
func (s *Service) checkBot(ctx context.Context, w identity.WorkspaceID, bot string) error {
	if bot == "" {
		return nil
	}
	if s.Bots != nil {
		if ok, err := s.Bots.MayAnswer(ctx, w, bot); ok || err != nil {
			return err
		}
	}
	return errs.New(errs.Invalid, "inbox.bot", "There is no such bot. Connect a plugin of the kind bot first.").
		WithFields(errs.Field{Pointer: "/bot/connection_id", Code: "unknown", Detail: "is not a connection of a bot"})
}

// Update changes an inbox and tells its plugin.
func (s *Service) Update(ctx context.Context, scope identity.Scope, id InboxID, e Edit) (Inbox, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Inbox{}, err
	}
	old, err := s.Get(ctx, scope, id)
	if err != nil {
		return Inbox{}, err
	}
	if e.Name != nil {
		name, err := checkName(*e.Name)
		if err != nil {
			return Inbox{}, err
		}
		e.Name = &name
	}
	var plan *instance.Plan
	if change := (instance.Change{Config: e.Config, Secrets: e.Secrets}); change.Touches() {
		if plan, err = s.plan(ctx, old, change); err != nil {
			return Inbox{}, err
		}
	}
	if e.Bot != nil {
		if err := s.checkBot(ctx, scope.Workspace, *e.Bot); err != nil {
			return Inbox{}, err
		}
	}
	if e.Acknowledgement != nil {
		checked, err := e.Acknowledgement.checked(old.Live)
		if err != nil {
			return Inbox{}, err
		}
		e.Acknowledgement = &checked
	}
	inbox, err := s.update(ctx, scope, id, e, plan)
	if err != nil {
		return Inbox{}, err
	}
	if inbox.Enabled && !old.Enabled { // whoever switches it on wants it tried
		err = s.again(ctx, inbox, nil)
	}
	s.tell(ctx, inbox)
	return inbox, err
}

// update stores a change that was judged.
func (s *Service) update(ctx context.Context, scope identity.Scope, id InboxID, e Edit, plan *instance.Plan) (Inbox, error) {
	return s.store.UpdateInbox(ctx, scope.Workspace, id, func(in *Inbox) ([]event.Event, error) {
		before := *in
		e.apply(in)
		if plan != nil {
			in.Config, in.Secrets = plan.Config, plan.Seal(s.vault, in.owner(), in.Secrets)
			in.ConfigRevision++
		}
		in.UpdatedAt = s.now()
		changed := s.changed(*in)
		changed.Audit = identity.Record(ctx, scope, "inbox.updated", in.Target()).Say(in.since(before))
		return []event.Event{changed}, nil
	})
}

// again forgets what was counted against an inbox, which is resumed.
func (s *Service) again(ctx context.Context, inbox Inbox, record *event.Record) error {
	if s.Again == nil {
		return nil
	}
	return s.Again(ctx, inbox.Workspace, string(inbox.ID), record)
}

func (e Edit) apply(in *Inbox) {
	if e.Name != nil {
		in.Name = *e.Name
	}
	if e.Enabled != nil {
		in.Enabled = *e.Enabled
	}
	if e.Bot != nil {
		in.Bot = *e.Bot
	}
	if e.Acknowledgement != nil {
		in.Acknowledgement = *e.Acknowledgement
	}
}

// Retry has the plugin of an inbox open it anew: somebody mended what was wrong,
// here or at the far side.
func (s *Service) Retry(ctx context.Context, scope identity.Scope, id InboxID) (Inbox, error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Inbox{}, err
	}
	inbox, err := s.Get(ctx, scope, id)
	if err != nil {
		return Inbox{}, err
	}
	if !inbox.Enabled {
		return Inbox{}, SwitchedOff()
	}
	if err := s.again(ctx, inbox, identity.Record(ctx, scope, "inbox.retried", inbox.Target())); err != nil {
		return Inbox{}, err
	}
	_ = s.plugins.Remove(ctx, inbox) // see tell
	s.tell(ctx, inbox)
	return inbox, nil
}

// SwitchedOff is the answer to what needs an inbox that is in use.
func SwitchedOff() *errs.Error {
	return errs.New(errs.Conflict, "inbox.disabled", "The inbox is switched off. Switch it on first.")
}

// RotateHook replaces the secret part of the webhook address at once.
func (s *Service) RotateHook(ctx context.Context, scope identity.Scope, id InboxID) (inbox Inbox, token string, err error) {
	if err := scope.Require(identity.InboxManage); err != nil {
		return Inbox{}, "", err
	}
	token, hash := newHook()
	inbox, err = s.store.UpdateInbox(ctx, scope.Workspace, id, func(in *Inbox) ([]event.Event, error) {
		in.HookHash, in.UpdatedAt = hash, s.now()
		changed := s.changed(*in)
		changed.Audit = identity.Record(ctx, scope, "inbox.hook_rotated", in.Target())
		return []event.Event{changed}, nil
	})
	return inbox, token, err
}

// tell hands the inbox to its plugin. The change is committed, so nothing here
// is its failure: a plugin that is down learns of its inboxes when it starts,
// and one that is gone, or refuses what it accepted before, shows in Health.
func (s *Service) tell(ctx context.Context, inbox Inbox) {
	call := s.plugins.Configure
	if !inbox.Enabled {
		call = s.plugins.Remove
	}
	_ = call(ctx, inbox)
}

func (s *Service) changed(inbox Inbox) event.Event {
	return event.Event{
		ID: s.ids.New("chg"), Workspace: string(inbox.Workspace), Type: Changed,
		Subject: string(inbox.ID), At: s.now(), Data: []byte(`{"id":"` + string(inbox.ID) + `"}`),
	}
}

// Target names the inbox in the audit log.
func (in Inbox) Target() event.Party {
	return event.Party{Kind: "inbox", ID: string(in.ID), Name: in.Name}
}

// since says what became of the inbox. Of the channel's settings, which may
// hold secrets, it says that they changed.
func (in Inbox) since(before Inbox) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, in.Name)
	d.Note("enabled", before.Enabled, in.Enabled)
	d.Note("bot", before.Bot, in.Bot)
	d.Note("acknowledgement", before.Acknowledgement.Enabled, in.Acknowledgement.Enabled)
	for _, locale := range slices.Sorted(maps.Keys(OurAcknowledgements())) {
		d.Note("acknowledgement."+locale, before.Acknowledgement.Texts[locale], in.Acknowledgement.Texts[locale])
	}
	d.Note("settings_revision", before.ConfigRevision, in.ConfigRevision)
	return d
}

// plan reads a change of an inbox's settings and has it judged.
func (s *Service) plan(ctx context.Context, inbox Inbox, c instance.Change) (*instance.Plan, error) {
	t, _ := s.TypeOf(inbox.Plugin)
	plan, faults, err := instance.FormOf(t.ConfigSchema).Judge(s.vault, inbox.kept(), c, func(candidate instance.Candidate) ([]Problem, error) {
		return s.plugins.ValidateConfig(ctx, inbox.Plugin, candidate)
	})
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, errs.New(errs.Invalid, "inbox.config_invalid", "Some settings of the channel are not right.").WithFields(faults...)
	}
	return &plan, nil
}

func (in Inbox) kept() instance.Kept {
	return instance.Kept{Owner: in.owner(), Config: in.Config, Sealed: in.Secrets}
}

func (in Inbox) owner() instance.Owner {
	return instance.Owner{Workspace: string(in.Workspace), Instance: string(in.ID)}
}

func checkName(name string) (string, error) {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	if n == 0 || n > MaxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", errs.New(errs.Invalid, "inbox.name", "The name of an inbox has 1 to 100 characters.").
			WithFields(errs.Field{Pointer: "/name", Code: "length", Detail: "must have 1 to 100 characters"})
	}
	return name, nil
}

func newHook() (token, hash string) {
	var secret [24]byte
	_, _ = rand.Read(secret[:]) // never fails: see crypto/rand
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	return token, HookHash(token)
}

// HookHash returns the stored form of a webhook token.
func HookHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
