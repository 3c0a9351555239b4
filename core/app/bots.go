package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/media"
)

// Rules of bots. A bot's customers wait for nobody who does not answer.
const (
	botsAtOnce  = 256              // turns of this node, those included that wait for their bot
	botPoll     = 2 * time.Second  // looks for work at least this often
	botClaim    = 30 * time.Second // how long a turn stays with a node that died
	botHold     = 4 * time.Second  // a claim is renewed this often, and typing is shown anew
	botAttempts = 3                // failures of a turn; then people take over
	botAway     = 20 * time.Second // a plugin that starts gets this long, from when it is needed
	botSettle   = 10 * time.Second // for what must be written although its context ended
)

// connections reads the connections of plugins; a store does.
type connections interface {
	Connection(ctx context.Context, id extension.ConnectionID) (extension.Connection, error)
}

// botDesk says which bot answers whose customers. One whose license is over
// answers nobody: people do. It implements
// conversation.Bots and channel.Bots.
type botDesk struct {
	connections connections
	plugins     func() []extension.Plugin
	barred      func(license.PluginID) error
}

// BotOf implements conversation.Bots.
func (d botDesk) BotOf(ctx context.Context, inbox channel.Inbox) (*conversation.Bot, error) {
	if inbox.Bot == "" {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	c, err := d.connections.Connection(ctx, extension.ConnectionID(inbox.Bot))
	if errs.Is(err, errs.NotFound) || err == nil && (c.Workspace != inbox.Workspace || !c.Enabled || !d.isBot(c.Plugin)) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	if d.barred(license.PluginID(c.Plugin)) != nil {
		return nil, nil //nolint:nilnil,nilerr // as above: it answers nobody
	}
	return &conversation.Bot{ID: string(c.ID), Name: c.Name, Plugin: string(c.Plugin)}, nil
}

// MayAnswer implements channel.Bots.
func (d botDesk) MayAnswer(ctx context.Context, w identity.WorkspaceID, id string) (bool, error) {
	if !strings.HasPrefix(id, extension.ConnectionPrefix) {
		return false, nil
	}
	c, err := d.connections.Connection(ctx, extension.ConnectionID(id))
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil && c.Workspace == w && d.isBot(c.Plugin), err //nolint:wrapcheck // as above
}

func (d botDesk) isBot(plugin extension.PluginID) bool {
	for _, p := range d.plugins() {
		if p.ID == plugin {
			if slices.Contains(p.Kinds, "bot") {
				return true
			}
		}
	}
	return false
}

func (s *server) botDesk() botDesk {
	return botDesk{s.store.Extensions(), s.plugins.Plugins, s.licenses.Barred}
}

func (s *server) newBots() *bots {
	return &bots{
		talks: s.conversations, reader: s.store.Conversations(), contacts: s.store.Contacts(), inboxes: s.store.Channels(),
		desk: s.botDesk(), ask: s.plugins, tools: botTools{s.pluginWork.Tools, s.plugins, allowances{s.store.Extensions()}}, types: s.gateway.BotTypes, locale: s.localeOf, now: s.now, ids: id.NewSource(s.now), log: s.log, began: s.now(),
		wakes: make(chan struct{}, 1), running: make(map[conversation.Ref]context.CancelCauseFunc),
	}
}

// bots lets bots answer: it finds what is due, asks, and does what they say.
//
// Promise: a customer's message is answered by the bot, or people get it. Each
// reply reaches the customer once, whatever crashes: its key is the turn and
// its number. One turn of a conversation runs at a time, on one node.
//
// Concurrency: safe for concurrent use; a goroutine for each turn.
//
// Lifecycle: run returns when its context ends, with no turn left.
type bots struct {
	talks    *conversation.Service
	reader   conversation.Reader
	contacts interface {
		Get(ctx context.Context, w identity.WorkspaceID, id contact.ID) (contact.Contact, []contact.Identity, error)
	}
	inboxes channel.Store
	desk    conversation.Bots
	ask     extension.Bots
	tools   botTools
	types   func(c conversation.Conversation, by identity.Actor, on bool)
	locale  func(ctx context.Context, w identity.WorkspaceID) (string, error)
	now     func() time.Time
	ids     id.Source
	log     *slog.Logger
	began   time.Time // of the server

	later   sync.WaitGroup // uses of tools that go on
	wakes   chan struct{}
	mu      sync.Mutex
	running map[conversation.Ref]context.CancelCauseFunc // turns that run here
}

var errTakenOver = errors.New("somebody took over")

// wake looks for work now.
func (b *bots) wake() {
	select {
	case b.wakes <- struct{}{}:
	default:
	}
}

// see takes what became of a conversation: work for a bot, or an end of it.
func (b *bots) see(c conversation.Conversation) {
	if c.ByBot() {
		b.wake()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel := b.running[conversation.Ref{Workspace: c.Workspace, ID: c.ID}]; cancel != nil {
		cancel(errTakenOver)
	}
}

// run lets bots answer until ctx ends.
func (b *bots) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer b.later.Wait()
	defer wg.Wait()
	free := make(chan struct{}, botsAtOnce)
	for ctx.Err() == nil {
		due, err := b.reader.BotsDue(ctx, b.now(), botsAtOnce)
		if err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "work for bots could not be looked for", "error", err)
		}
		for _, r := range due {
			turn, ok := b.take(ctx, r)
			if !ok {
				continue
			}
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				b.drop(r)
				return
			}
			wg.Go(func() {
				b.turn(turn, r)
				b.drop(r)
				<-free
				b.wake() // the customer may have written meanwhile
			})
		}
		timer := time.NewTimer(botPoll)
		select {
		case <-ctx.Done():
		case <-b.wakes:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// take notes that a turn runs here; false when one does.
func (b *bots) take(ctx context.Context, r conversation.Ref) (context.Context, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running[r] != nil {
		return nil, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	b.running[r] = cancel
	return ctx, true
}

func (b *bots) drop(r conversation.Ref) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running[r](nil)
	delete(b.running, r)
}

// turn runs one turn of a conversation.
func (b *bots) turn(ctx context.Context, r conversation.Ref) {
	t, bot, err := b.begin(ctx, r)
	if err != nil || t == nil {
		if err != nil && ctx.Err() == nil && !errs.Is(err, errs.NotFound) {
			b.log.ErrorContext(ctx, "a bot's turn could not begin", "conversation", string(r.ID), "error", err)
		}
		return
	}
	if bot == nil {
		b.giveUp(ctx, t.BotClaim, "bot_off")
		return
	}
	err = b.converse(ctx, t)
	if err == nil || turnOver(err) || errors.Is(context.Cause(ctx), errTakenOver) {
		return // done, or nothing of it counts any more
	}
	b.failed(ctx, t, err)
}

// begin claims what is due.
func (b *bots) begin(ctx context.Context, r conversation.Ref) (*conversation.BotTurn, *conversation.Bot, error) {
	c, err := b.reader.Get(ctx, r.Workspace, r.ID)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	inbox, err := b.inboxes.Inbox(ctx, c.Inbox)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // as above
	}
	bot, err := b.desk.BotOf(ctx, inbox)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // as above
	}
	t, err := b.talks.BeginTurn(ctx, r, bot, b.ids.New("clm"), b.now().Add(botClaim))
	return t, bot, err //nolint:wrapcheck // as above
}

// converse asks the bot and does what it says, until its turn is over.
func (b *bots) converse(ctx context.Context, t *conversation.BotTurn) error {
	asked, err := b.asked(ctx, t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var held sync.WaitGroup
	defer held.Wait()
	defer cancel(nil)
	held.Go(func() { b.hold(ctx, t, cancel) })
	s := said{bots: b, turn: t}
	err = b.ask.Turn(ctx, extension.Address{Plugin: extension.PluginID(t.Bot.Plugin), Instance: t.Bot.ID}, asked, func(e extension.TurnEvent) error {
		return s.take(ctx, e)
	})
	if errors.Is(err, errPartOver) {
		return nil
	}
	return err //nolint:wrapcheck // as above
}

// hold keeps the claim while the bot thinks, and shows that it does.
func (b *bots) hold(ctx context.Context, t *conversation.BotTurn, cancel context.CancelCauseFunc) {
	by := identity.Actor{Kind: identity.ActorBot, ID: t.Bot.ID, Name: t.Bot.Name}
	defer b.types(t.Subject, by, false)
	tick := time.NewTicker(botHold)
	defer tick.Stop()
	for n := 0; ; n++ {
		b.types(t.Subject, by, true)
		if n%2 == 1 {
			if err := b.talks.HoldTurn(ctx, t.BotClaim, b.now().Add(botClaim)); turnOver(err) {
				cancel(err)
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// turnOver reports whether what a bot did counts no more.
func turnOver(err error) bool { return err != nil && errs.As(err).Code == conversation.CodeTurnOver }

// errPartOver ends a stream of which no more is needed.
var errPartOver = errors.New("the bot's part is over")

// said does what a bot says in one turn, in order.
type said struct {
	*bots
	turn    *conversation.BotTurn
	replies int
	resolve bool
}

func (s *said) take(ctx context.Context, e extension.TurnEvent) error {
	by := s.turn.BotClaim
	switch {
	case e.Reply != nil:
		r := conversation.BotReply{N: s.replies, Text: e.Reply.Text}
		for _, f := range e.Reply.Files {
			r.Files = append(r.Files, media.ID(f))
		}
		s.replies++
		return s.talks.BotSay(ctx, by, r) //nolint:wrapcheck // the use case's own error
	case e.Handoff != nil:
		err := s.talks.HandOff(ctx, by, conversation.BotHandoff{Team: e.Handoff.Team, Reason: e.Handoff.Reason, Summary: e.Handoff.Summary})
		if err == nil {
			err = errPartOver
		}
		return err //nolint:wrapcheck // as above
	case e.Tool != nil:
		return s.use(ctx, *e.Tool)
	case e.Resolve:
		s.resolve = true
	case e.Done != nil && s.resolve:
		return s.talks.BotResolve(ctx, by, e.Done.Memory) //nolint:wrapcheck // as above
	case e.Done != nil:
		return s.talks.EndTurn(ctx, by, e.Done.Memory) //nolint:wrapcheck // as above
	}
	return nil
}

// failed decides what becomes of a turn that did not work.
func (b *bots) failed(ctx context.Context, t *conversation.BotTurn, err error) {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), botSettle)
	defer cancel()
	code := errs.As(err).Code
	var failed error
	switch {
	case stopping: // the server stops: another start, or another node, goes on
		_, failed = b.talks.FailTurn(ctx, t.BotClaim, b.now(), false)
	case code == "plugin.starting", code == "plugin.backoff", code == "plugin.stopped", code == "plugin.ready": // on its way: the server or the plugin starts
		if b.now().Sub(b.neededSince(t)) < botAway {
			_, failed = b.talks.FailTurn(ctx, t.BotClaim, b.now().Add(time.Second), false)
			break
		}
		b.giveUp(ctx, t.BotClaim, "bot_away")
	case code == extension.CodeBusy: // it was waited for
		b.giveUp(ctx, t.BotClaim, "bot_busy")
	case code == conversation.CodeDenied:
		b.giveUpBecause(ctx, t.BotClaim, "refused", errs.As(err).Message)
	case strings.HasPrefix(code, "plugin.") && code != extension.CodeNoAnswer && code != extension.CodeRefused && code != conversation.CodeUndecided:
		b.giveUp(ctx, t.BotClaim, "bot_away")
	case t.Attempts+1 >= botAttempts:
		b.giveUp(ctx, t.BotClaim, "bot_failed")
	default:
		b.log.WarnContext(ctx, "a bot's turn failed and is tried again", "conversation", string(t.Conversation), "attempt", t.Attempts+1, "error", err)
		_, failed = b.talks.FailTurn(ctx, t.BotClaim, b.now().Add(time.Second<<t.Attempts), true)
	}
	if failed != nil && !turnOver(failed) {
		b.log.ErrorContext(ctx, "a bot's turn could not be given back: it is taken up when its claim ends", "conversation", string(t.Conversation), "error", failed)
	}
}

// neededSince is when a turn's plugin was needed first, while this server ran: a
// server that was down does not count as a plugin that is away.
func (b *bots) neededSince(t *conversation.BotTurn) time.Time {
	if t.Since.Before(b.began) {
		return b.began
	}
	return t.Since
}
