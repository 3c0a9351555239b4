package main

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/submit"
	"github.com/patchbay-im/patchbay/plugins/email/thread"
	"github.com/patchbay-im/patchbay/plugins/email/trust"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/lease"
)

// account is a mailbox that is connected.
type account struct {
	env    sdk.Env
	in     instance.Instance
	config config
	words  words
	now    func() time.Time

	keys   *thread.Keys
	trust  *trust.Checker
	reader *mailbox.Reader
	sender *submit.Sender
	sent   *mailbox.SentFolder // nil = there is none
	task   lease.Task

	mu    sync.Mutex
	state instance.Health
}

// account makes one of an inbox. Nothing is asked of its servers yet.
func (e *email) account(ctx context.Context, in instance.Instance) (*account, error) {
	a := &account{env: e.env, in: in, words: wordsIn(in.Locale), now: e.now, state: instance.Health{State: instance.Unknown}}
	if err := in.Decode(&a.config); err != nil {
		return nil, err
	}
	if faults := a.config.faults(a.words); len(faults) > 0 {
		return nil, errs.Reject("config_invalid", faults[0].Message)
	}
	key, err := a.key(ctx)
	if err != nil {
		return nil, err
	}
	if a.keys, err = thread.New(key); err != nil {
		return nil, err
	}
	a.trust = &trust.Checker{LookupTXT: lookupTXT}
	if a.config.AuthServID != "" {
		a.trust.Servers = []string{a.config.AuthServID}
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// pollEvery is how often folders are looked into that announce nothing: the Sent
// folder, and all of a server without IDLE.
const pollEvery = 30 * time.Second

// connect makes what speaks to the servers.
func (a *account) connect(ctx context.Context) error {
	judged, err := a.env.Dialer(a.in)
	if err != nil {
		return err
	}
	dial, credentials := judged, a.config.credentials(a.env.For(a.in.ID).Tokens)
	settings := mailbox.Config{
		Protocol: a.config.protocol(), Server: a.config.incoming(), Credentials: credentials, Dial: dial,
		Sent: a.config.FollowSent == nil || *a.config.FollowSent, Junk: a.config.ReadJunk, SpoolDir: a.env.DataDir,
		Cursors: cursors{a.env.State(a.in.ID)}, Handle: a.handle, Notice: a.notice, Now: a.now,
		Poll:  pollEvery,
		Agent: mailbox.Agent{Name: "Patchbay", Version: a.env.CoreVersion, Vendor: "Patchbay", Contact: a.config.Address},
	}
	if settings.Connected, err = a.connected(ctx); err != nil {
		return err
	}
	if settings.Protocol == mailbox.POP3 {
		settings.Sent, settings.Junk = false, false
	}
	if a.config.SinceDays > 0 {
		settings.Since = a.now().AddDate(0, 0, -a.config.SinceDays)
	}
	if a.reader, err = mailbox.New(settings); err != nil {
		return err
	}
	outgoing := submit.Options{Server: a.config.outgoing(), Credentials: credentials, Dial: dial, Hello: a.config.domain()}
	if settings.Protocol == mailbox.IMAP {
		if a.sent, err = a.reader.Sent(); err != nil {
			return err
		}
		outgoing.Sent = a.sent
	}
	a.sender, err = submit.New(outgoing)
	return err
}

// Keys of the mailbox's state, each made once.
const (
	stateKey       = "thread_key"   // what its tokens are made with
	stateConnected = "connected_at" // when it was connected
)

// key returns the secret of the mailbox's tokens.
func (a *account) key(ctx context.Context) ([]byte, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return a.kept(ctx, stateKey, key)
}

// connected returns when the mailbox was connected.
func (a *account) connected(ctx context.Context) (at time.Time, err error) {
	text, err := a.kept(ctx, stateConnected, []byte(a.now().UTC().Format(time.RFC3339)))
	if err == nil {
		at, err = time.Parse(time.RFC3339, string(text))
	}
	return at, err
}

// kept returns what the mailbox keeps under a key: value, the first time.
func (a *account) kept(ctx context.Context, key string, value []byte) ([]byte, error) {
	state := a.env.State(a.in.ID)
	before, err := state.Get(ctx, key)
	if err != nil || before != nil {
		return valueOf(before), err
	}
	none := uint64(0)
	put, err := state.Put(ctx, host.PutRequest{Key: key, Value: value, IfVersion: &none})
	if err == nil && !put.Stored { // another server was quicker
		return valueOf(put.Current), nil
	}
	return value, err
}

func valueOf(e *host.Entry) []byte {
	if e == nil {
		return nil
	}
	return e.Value
}

// run reads the mailbox where no other server does, until it is ended.
func (a *account) run(ctx context.Context) {
	_ = a.task.Run(ctx, a.env.Leases(a.in.ID), "mailbox", func(ctx context.Context) error {
		err := a.reader.Run(ctx)
		if err != nil && ctx.Err() == nil {
			a.report(ctx, instance.Health{State: instance.Down, Code: errs.As(err).Code, Detail: errs.As(err).Detail})
		}
		return err
	})
}

// end stops reading and waits for the mail in hand.
func (a *account) end() { a.task.End() }

// notice turns what the reader tells into health and log.
func (a *account) notice(ctx context.Context, n mailbox.Notice) {
	attributes := []any{"inbox", a.in.ID, "folder", n.Folder}
	if n.Err != nil {
		attributes = append(attributes, "error", n.Err)
	}
	switch n.Kind {
	case mailbox.Connected:
		a.report(ctx, instance.Health{State: instance.OK})
	case mailbox.Lost:
		a.env.Log.InfoContext(ctx, "the connection to a mailbox ended", attributes...)
		a.report(ctx, lost(n.Err))
	case mailbox.Held:
		a.env.Log.WarnContext(ctx, "mail waits: it could not be handed on", attributes...)
	case mailbox.Renumbered:
		a.env.Log.InfoContext(ctx, "the server has numbered a folder anew; it is read again", attributes...)
	case mailbox.FolderMissing:
		a.env.Log.WarnContext(ctx, "a folder cannot be opened", attributes...)
	case mailbox.Poisoned:
		a.env.Log.ErrorContext(ctx, "a mail could not be taken, and was left in the mailbox", append(attributes, "mail", n.Key)...)
	}
}

// lost is the health of a mailbox whose connection ended. One that is made anew
// at once is nothing to tell.
func lost(err error) instance.Health {
	e := errs.As(err)
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return instance.Health{State: instance.OK}
	case endpoint.CredentialsRejected(err):
		return instance.Health{State: instance.Down, Code: errs.CodeAuthExpired, Detail: e.Detail}
	case e.Source == errs.Rejected:
		return instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}
	default:
		return instance.Health{State: instance.Degraded, Code: e.Code, Detail: e.Detail}
	}
}

// report keeps and tells how the mailbox fares, where that is news.
func (a *account) report(ctx context.Context, h instance.Health) {
	a.mu.Lock()
	news := a.state != h
	a.state = h
	a.mu.Unlock()
	if !news {
		return
	}
	if err := a.env.ReportHealth(ctx, a.in.ID, h); err != nil && ctx.Err() == nil {
		a.env.Log.InfoContext(ctx, "the health of a mailbox is told later", "inbox", a.in.ID, "error", err)
	}
}

func (a *account) health() instance.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// cursors keep places in the core.
type cursors struct{ state host.State }

// Load implements mailbox.Cursors.
func (c cursors) Load(ctx context.Context, key string) ([]byte, error) {
	e, err := c.state.Get(ctx, "place/"+key)
	return valueOf(e), err
}

// Save implements mailbox.Cursors.
func (c cursors) Save(ctx context.Context, key string, value []byte) error {
	if value == nil {
		_, err := c.state.Delete(ctx, host.DeleteRequest{Key: "place/" + key})
		return err
	}
	_, err := c.state.Put(ctx, host.PutRequest{Key: "place/" + key, Value: value})
	return err
}
