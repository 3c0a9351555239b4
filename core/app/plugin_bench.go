package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/workbench"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// devBench is a running server with the plugin under work in it, as its author
// uses it. It implements workbench.Bench.
//
// Concurrency: safe for concurrent use.
type devBench struct {
	s     *server
	run   *devRun
	ids   id.Source
	owner identity.AccountID
	scope identity.Scope // of the owner

	mu       sync.Mutex
	inbox    channel.Inbox        // of a channel; the zero value = not connected yet
	token    string               // of its hook
	link     extension.Connection // of all else
	about    conversation.ID      // a conversation that cards can be about
	build    devBuild
	problems []devProblem
	bot      devTalk
}

// devBuild is what became of the sources.
type devBuild struct {
	Number int    `json:"number"`
	Fault  string `json:"fault,omitempty"` // what the compiler, or the start, says
	Took   int64  `json:"took_ms"`
}

// devProblem is something wrong with the settings.
type devProblem struct {
	Place   string `json:"place"`
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// devAuthor is whose workspace it is.
const devAuthor = "author@workbench.example"

// newDevBench makes the workspace and who owns it.
func newDevBench(ctx context.Context, s *server, run *devRun) (*devBench, error) {
	locale := run.Locale
	if locale == "" {
		locale = "en"
	}
	seat, err := s.identity.Setup.Provision(ctx, identity.Founder{
		WorkspaceName: "Workbench 工作台", Name: "Author 作者", Email: devAuthor, LinkOnly: true, Locale: locale,
	})
	if err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	owner, err := s.identity.Accounts.ByEmail(ctx, devAuthor)
	if err != nil {
		return nil, fmt.Errorf("find who owns the workspace: %w", err)
	}
	b := &devBench{s: s, run: run, ids: id.NewSource(s.now), owner: owner.ID, build: devBuild{Number: 1, Took: run.took.Milliseconds()}}
	if b.scope, err = s.identity.Sessions.ScopeFor(ctx, owner.ID, seat.Workspace.ID); err != nil {
		return nil, fmt.Errorf("enter the workspace: %w", err)
	}
	return b, nil
}

// installed is the plugin as administrators see it.
func (b *devBench) installed() extension.Plugin {
	for _, p := range b.s.plugins.Plugins() {
		if p.ID == b.run.plugin {
			return p
		}
	}
	return extension.Plugin{}
}

func (b *devBench) introduce() string {
	p := b.installed()
	return fmt.Sprintf("%s %s (%s) on Patchbay %s", p.ID, p.Version, strings.Join(p.Kinds, ", "), b.s.options.Version)
}

// connected reports whether the plugin has an inbox or a connection, or needs
// none.
func (b *devBench) connected() bool {
	p := b.installed()
	b.mu.Lock()
	defer b.mu.Unlock()
	return (!p.Offers.Channel || b.inbox.ID != "") && (!p.Offers.Connects || b.link.ID != "")
}

// hook is where the far side posts to; "" = nowhere.
func (b *devBench) hook() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.token == "" || b.inbox.Live {
		return ""
	}
	return b.s.config.BaseURL() + "/hooks/" + b.token + "/"
}

// swap lets what was built take over, with all that it asks for; false when it
// is what runs already.
func (b *devBench) swap(ctx context.Context, m manifest.Manifest) (bool, error) {
	before := b.installed()
	var accept, scopes []string
	for _, p := range m.Permissions {
		accept, scopes = append(accept, p.Scope), append(scopes, p.Scope)
	}
	for _, n := range m.Network {
		accept = append(accept, "network:"+n.Host)
	}
	to, err := b.s.plugins.Move(ctx, b.run.plugin, extension.Move{Accepted: accept})
	if err != nil {
		return false, err //nolint:wrapcheck // its own sentence
	}
	if to.Digest == before.Active.Digest && before.State == extension.Ready {
		return false, nil
	}
	if before.State != extension.Ready { // it rests after a crash: no need to wait
		if err := b.s.plugins.Restart(ctx, b.run.plugin); err != nil {
			return false, err //nolint:wrapcheck // as above
		}
	}
	if b.connected() {
		_, err = b.s.connections.Grant(ctx, b.scope, b.run.plugin, scopes)
	}
	return true, err //nolint:wrapcheck // as above
}

// connect makes the inbox and the connection, or changes them.
func (b *devBench) connect(ctx context.Context, settings workbench.Settings, provider string) error {
	config, err := settings.Config(provider)
	if err != nil {
		return err //nolint:wrapcheck // it names the place
	}
	offers := b.installed().Offers
	b.mu.Lock()
	inbox, link := b.inbox, b.link
	b.mu.Unlock()
	if offers.Channel || offers.Connects {
		if err := b.probe(ctx, link.ID, inbox.ID, config); err != nil {
			return err
		}
	}
	if offers.Channel {
		if err := b.connectInbox(ctx, inbox, config); err != nil {
			return err
		}
	}
	if offers.Connects {
		if err := b.connectLink(ctx, link, config); err != nil {
			return err
		}
	}
	return b.company(ctx)
}

// probe has the plugin judge the settings, and lets it ask its far side, as the
// button in the console's form does.
func (b *devBench) probe(ctx context.Context, link extension.ConnectionID, inbox channel.InboxID, config json.RawMessage) error {
	trial := instance.Trial{Change: instance.Change{Config: config}, Probe: true}
	judge := func() ([]instance.Problem, error) {
		if b.installed().Offers.Connects {
			return b.s.connections.Validate(ctx, b.scope, b.run.plugin, link, trial)
		}
		return b.s.inboxes.Validate(ctx, b.scope, channel.PluginID(b.run.plugin), inbox, trial)
	}
	problems, err := judge()
	if err != nil || len(problems) == 0 {
		return err //nolint:wrapcheck // the use case's own sentence
	}
	refusal := errs.New(errs.Invalid, "workbench.config", "The settings are not accepted.")
	for _, p := range problems {
		refusal = refusal.WithFields(errs.Field{Pointer: p.Pointer, Detail: p.Message})
	}
	return refusal
}

func (b *devBench) connectInbox(ctx context.Context, inbox channel.Inbox, config json.RawMessage) (err error) {
	token := ""
	if inbox.ID == "" {
		name := b.installed().Name["en"]
		inbox, token, err = b.s.inboxes.Create(ctx, b.scope, channel.Draft{Name: name, Plugin: channel.PluginID(b.run.plugin), Config: config, Scopes: b.optional()})
	} else {
		inbox, err = b.s.inboxes.Update(ctx, b.scope, inbox.ID, channel.Edit{Config: config})
	}
	if err != nil {
		return err //nolint:wrapcheck // the use case's own sentence
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inbox = inbox; token != "" {
		b.token = token
	}
	return nil
}

func (b *devBench) connectLink(ctx context.Context, link extension.Connection, config json.RawMessage) (err error) {
	if link.ID == "" {
		name := b.installed().Name["en"]
		link, err = b.s.connections.Create(ctx, b.scope, extension.Draft{Plugin: b.run.plugin, Name: name, Config: config, Scopes: b.optional()})
	} else {
		link, err = b.s.connections.Update(ctx, b.scope, link.ID, extension.ConnectionEdit{Config: config})
	}
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.link = link
	return nil
}

// optional lists what the plugin may be refused: the author does not.
func (b *devBench) optional() []string {
	var out []string
	for _, p := range b.installed().Permissions {
		if p.Optional {
			out = append(out, p.Scope)
		}
	}
	return out
}

// company makes some conversations, once, when the web chat is there: a card
// needs one to be about, and the console shows something.
func (b *devBench) company(ctx context.Context) error {
	b.mu.Lock()
	done := b.about != "" || b.inbox.ID != ""
	b.mu.Unlock()
	if _, there := b.s.inboxes.TypeOf(webchat); done || !there {
		return nil
	}
	// Its process may still be on its way; then there is none.
	inbox, _, err := b.s.samples.connect(ctx, b.scope, "Web chat 网页聊天", webchat, map[string]string{"title": "Workbench"})
	if err != nil || inbox.ID == "" {
		return nil // as above: nothing of the plugin's depends on it
	}
	err = b.s.samples.write(ctx, inbox, []line{
		{"wb-wang", "王芳", "你好，我的订单什么时候到？"}, {"wb-alice", "Alice", "Hi, I would like a refund, please."},
	})
	if err != nil {
		return err
	}
	all, err := b.talks(ctx, inbox.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.about = all[0].ID
	return nil
}

// Console implements workbench.Bench.
func (b *devBench) Console(ctx context.Context) (string, error) {
	token, err := b.s.identity.Sessions.CreateLink(ctx, b.owner, demoLinkLife)
	if err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	return b.s.config.BaseURL() + "/link?token=" + token, nil
}

// noteBuild keeps what became of a build; "" = it runs.
func (b *devBench) noteBuild(fault string, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.build.Fault = fault; fault == "" {
		b.build.Number++
	}
	b.build.Took = took.Milliseconds()
}

// noteConfig keeps what is wrong with the settings; nil = nothing.
func (b *devBench) noteConfig(err error, settings workbench.Settings) {
	var problems []devProblem
	if e, ok := errors.AsType[*errs.Error](err); ok {
		for _, f := range e.Fields {
			p := configPointer(f.Pointer)
			problems = append(problems, devProblem{settings.Place(p), p, f.Detail})
		}
	}
	if err != nil && len(problems) == 0 {
		problems = []devProblem{{Place: workbench.SettingsFile, Detail: Said(err)}}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = problems
}

// configPointer takes the place in the request from the pointer of a fault.
func configPointer(p string) string {
	for _, prefix := range []string{"/config", "/secrets"} {
		if rest, ok := strings.CutPrefix(p, prefix); ok && (rest == "" || rest[0] == '/') {
			return strings.NewReplacer("~1", "/", "~0", "~").Replace(rest)
		}
	}
	return p
}

// tools are those of the plugin.
func (b *devBench) tools() []extension.Tool {
	return slices.DeleteFunc(b.s.plugins.Tools(), func(t extension.Tool) bool { return t.Plugin != b.run.plugin })
}
