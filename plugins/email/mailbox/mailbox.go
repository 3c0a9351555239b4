// Package mailbox reads the mail of an account, over IMAP or POP3, and hands it
// on once and in order: what arrives, at once where the server can say so (IDLE),
// otherwise by asking; what was missed while nobody read, from the place that was
// reached. Nothing at the server is changed: no mail is marked as read, none is
// deleted.
//
// The place is (folder, UIDVALIDITY, last UID), for POP3 the UIDLs that were
// handled. It is kept by the caller and moves after each mail that was handled.
// Handling and keeping are two steps: after a crash between them the same mail is
// handed on again, with the same Raw.Key. Whether a mail is read, or how old it
// is, decides nothing.
//
// When a server numbers its mail anew (UIDVALIDITY), the folder is read again
// from a week before the newest mail that was handled, and Raw.Again says so:
// such mail is told apart by its Message-ID and content.
//
// Concurrency: a Reader has one Run at a time; Check may run beside it.
//
// Lifecycle: Run reads until its context ends, or the credentials were rejected
// long enough. Lost connections, busy servers and a caller that cannot take mail
// are waited for, with pauses that grow and vary.
package mailbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Protocol is what is spoken.
type Protocol string

// The protocols.
const (
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
)

// Defaults of Config.
const (
	DefaultPoll     = time.Minute
	DefaultMaxSize  = 50 << 20
	DefaultHead     = 256 << 10
	DefaultInMemory = 1 << 20
)

// Config is an account and what becomes of its mail.
type Config struct {
	Protocol    Protocol
	Server      endpoint.Server
	Credentials endpoint.Credentials
	Dial        outbound.Dial

	// Folders are read besides INBOX. IMAP alone, as are Sent and Junk.
	Folders []string
	Sent    bool // also what was sent from elsewhere, as echo: Raw.Role is Sent
	Junk    bool

	// Since is from when mail is read at the very first time; zero = what has
	// arrived since Connected.
	Since time.Time
	// Connected is when somebody connected the mailbox: the first look may be much
	// later. By the server's clock, in whole seconds; zero = now. IMAP alone.
	Connected time.Time
	// Poll is how often folders are looked into where nothing is announced: 0 =
	// DefaultPoll. Another server's time is not ours: at least 10 s.
	Poll time.Duration

	MaxSize  int64  // of a mail in bytes; of a larger one the first Head bytes are read; 0 = DefaultMaxSize
	Head     int64  // 0 = DefaultHead
	InMemory int64  // larger ones wait in a file; 0 = DefaultInMemory
	SpoolDir string // of those files; "" = the system's for temporary ones

	Cursors Cursors
	// Handle takes a mail. nil: it is done with. An error of the source FarSide:
	// it is offered again until it is taken, and what comes after it waits. Any
	// other error: it is offered Tries times, reported as Poisoned and left.
	Handle func(ctx context.Context, mail *Raw) error
	Tries  int // 0 = 3
	// Notice is told what happens. It must not wait long. nil = nobody.
	Notice func(ctx context.Context, n Notice)

	// Answer is how long the server may take for a command before it counts as
	// gone; 0 = two minutes.
	Answer  time.Duration
	GiveUp  GiveUp
	Backoff Backoff
	Now     func() time.Time // the clock
	// Agent names us to servers that want to know (RFC 2971), as NetEase's do.
	Agent Agent
}

// Agent is who we are.
type Agent struct{ Name, Version, Vendor, Contact string }

// GiveUp says when credentials that are rejected end Run: after this many times
// in a row, over at least this time. Servers reject good ones, for a while.
type GiveUp struct {
	Times int           // 0 = 5
	After time.Duration // 0 = an hour
}

// Backoff says how long to wait before the next connection: twice as long each
// time, a little more or less.
type Backoff struct {
	First, Most time.Duration // 0 = 1 s, 5 min
	Credentials time.Duration // the first after rejected credentials; 0 = 1 min
}

// Cursors keep places for the account. Keys have at most 200 bytes, values at
// most 64 KiB, as host.State wants it. A nil value deletes.
type Cursors interface {
	Load(ctx context.Context, key string) ([]byte, error) // nil = there is none
	Save(ctx context.Context, key string, value []byte) error
}

// Kind is what a Notice is about.
type Kind string

// The kinds.
const (
	Connected     Kind = "connected"      // signed in
	Lost          Kind = "lost"           // the connection ended, or was not made: Err
	Renumbered    Kind = "renumbered"     // UIDVALIDITY of Folder changed: it is read again by date
	FolderMissing Kind = "folder_missing" // Folder is not there, or cannot be opened: Err
	Held          Kind = "held"           // the caller cannot take mail now: Err
	Poisoned      Kind = "poisoned"       // Handle failed with Key again and again: it is left out
)

// Notice is something that an operator may want to know.
type Notice struct {
	Kind   Kind
	Folder string
	Key    string // of the mail
	Err    error
}

// Reader reads an account.
type Reader struct {
	c Config
}

// New returns a Reader, or an error of the source Rejected about its settings.
func New(c Config) (*Reader, error) {
	if err := c.Server.Check(); err != nil {
		return nil, err
	}
	switch {
	case c.Protocol != IMAP && c.Protocol != POP3:
		return nil, errs.Reject("config_invalid", "The protocol must be imap or pop3.")
	case c.Protocol == POP3 && (c.Sent || c.Junk || len(c.Folders) > 0):
		return nil, errs.Reject("config_invalid", "POP3 knows the inbox alone. Other folders need IMAP.")
	case c.Credentials.Username == "":
		return nil, errs.Reject("config_invalid", "The mailbox needs a user name.")
	}
	const leastPoll = 10 * time.Second
	c.Poll = max(orElse(c.Poll, DefaultPoll), leastPoll)
	c.MaxSize, c.Head, c.InMemory = orElse(c.MaxSize, DefaultMaxSize), orElse(c.Head, DefaultHead), orElse(c.InMemory, DefaultInMemory)
	c.Tries, c.Answer = orElse(c.Tries, 3), orElse(c.Answer, 2*time.Minute)
	c.GiveUp = GiveUp{orElse(c.GiveUp.Times, 5), orElse(c.GiveUp.After, time.Hour)}
	c.Backoff = Backoff{orElse(c.Backoff.First, time.Second), orElse(c.Backoff.Most, 5*time.Minute), orElse(c.Backoff.Credentials, time.Minute)}
	if c.Notice == nil {
		c.Notice = func(context.Context, Notice) {}
	}
	return &Reader{c: c}, nil
}

func orElse[T ~int | ~int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Run reads until ctx ends, and then returns nil. It returns an error when the
// credentials were rejected as long as GiveUp says (code errs.CodeAuthExpired).
func (r *Reader) Run(ctx context.Context) error {
	var rejected int
	var since time.Time // of the first rejection in a row
	for tries := 0; ctx.Err() == nil; tries++ {
		begun := r.c.Now()
		signedIn, err := r.session(ctx)
		if ctx.Err() != nil {
			break
		}
		r.c.Notice(ctx, Notice{Kind: Lost, Err: err})
		if signedIn {
			rejected = 0
			const lasting = time.Minute
			if r.c.Now().Sub(begun) >= lasting {
				tries = 0
			}
		}
		first := r.c.Backoff.First
		if endpoint.CredentialsRejected(err) {
			if rejected++; rejected == 1 {
				since = begun
			}
			if rejected >= r.c.GiveUp.Times && r.c.Now().Sub(since) >= r.c.GiveUp.After {
				return err
			}
			first = r.c.Backoff.Credentials
		}
		if !sleep(ctx, max(errs.As(err).RetryAfter, r.pause(first, tries))) {
			break
		}
	}
	return nil //nolint:nilerr // that the context ended is no failure
}

// pause is how long to wait before a try: a little more or less, so that a
// thousand readers do not come back in one moment.
func (r *Reader) pause(first time.Duration, tries int) time.Duration {
	most := max(r.c.Backoff.Most, first)
	d := min(first<<min(tries, 20), most)
	if d <= 0 {
		d = most
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // G404: nothing is secret about it
}

// sleep waits, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// session reads over one connection until it ends. It reports whether the server
// let us in.
func (r *Reader) session(ctx context.Context) (signedIn bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &delivery{c: &r.c}
	if r.c.Protocol == POP3 {
		return r.popSession(ctx, d)
	}
	s, err := openIMAP(ctx, &r.c)
	if err != nil {
		return false, err
	}
	defer s.close()
	r.c.Notice(ctx, Notice{Kind: Connected})
	return true, s.follow(ctx, d)
}

// Report is what a Check found.
type Report struct {
	Idle    bool     // the server announces new mail
	Folders []string // sorted
	Sent    string   // "" = none
	Junk    string
}

// Check connects, signs in and looks, as a form's "test" does. It reads no mail.
func (r *Reader) Check(ctx context.Context) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if r.c.Protocol == POP3 {
		p, err := openPOP(ctx, &r.c)
		if err != nil {
			return Report{}, err
		}
		_, err = p.list()
		return Report{}, errors.Join(err, p.quit())
	}
	s, err := openIMAP(ctx, &r.c)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	if err := s.discover(); err != nil {
		return Report{}, err
	}
	return Report{Idle: s.idles(), Folders: s.names, Sent: s.roles[Sent], Junk: s.roles[Junk]}, nil
}
