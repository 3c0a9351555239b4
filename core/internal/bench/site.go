package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

const (
	adminEmail    = "owner@bench.example"
	adminPassword = "correct-horse-battery-42"
)

// site is the real server, with visitors who have sessions.
type site struct {
	options  rig.Options
	log      *os.File
	server   *rig.Server
	owner    rig.Member
	inbox    rig.Inbox
	visitors []rig.Visitor
}

func openSite(ctx context.Context, product rig.Product, dir string) (*site, error) {
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, fmt.Errorf("make a data folder: %w", err)
	}
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, fmt.Errorf("make a log: %w", err)
	}
	s := &site{log: log, options: rig.Options{
		Product: product, DataDir: filepath.Join(dir, "data"), Log: log,
		Env: []string{"PATCHBAY_ADMIN_EMAIL=" + adminEmail, "PATCHBAY_ADMIN_PASSWORD=" + adminPassword, "PATCHBAY_LOG_LEVEL=warn"},
	}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.owner, err = rig.NewAPI(s.server.URL()).SignIn(ctx, adminEmail, adminPassword); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.inbox, err = s.owner.Connect(ctx, "Shop", "patchbay/webchat", map[string]any{})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) start(ctx context.Context) error {
	server, err := rig.Launch(ctx, s.options)
	if err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	s.server, s.options.Address = server, server.Address
	_, err = server.Ready(ctx)
	return err //nolint:wrapcheck // it says what it waited for
}

// restart ends the server politely and starts it on the same data.
func (s *site) restart(ctx context.Context) error {
	s.server.Terminate()
	if _, err := s.server.Wait(ctx); err != nil {
		return err //nolint:wrapcheck // it says what it waited for
	}
	return s.start(ctx)
}

func (s *site) close() error {
	if s.server != nil {
		s.server.Kill()
	}
	return s.log.Close() //nolint:wrapcheck // it names the file
}

// perAddress is how many sessions are opened from one address: fewer than the
// server's budget lets one visitor's network have at once.
const perAddress = 50

// address returns the local address of a visitor. All of 127.0.0.0/8 is ours
// on Linux, so that each network gets its own budget.
func address(visitor int) string {
	n := visitor / perAddress
	return fmt.Sprintf("127.0.%d.%d", 1+n/250, 1+n%250)
}

// admit opens sessions until there are so many.
func (s *site) admit(ctx context.Context, count int) error {
	from := len(s.visitors)
	s.visitors = append(s.visitors, make([]rig.Visitor, count-from)...)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for first := from; first < count; first += perAddress {
		g.Go(func() error {
			api := rig.NewAPI(s.server.URL())
			api.HTTP = rig.NewHTTP(address(first))
			defer api.HTTP.CloseIdleConnections()
			for i := first; i < min(first+perAddress, count); i++ {
				v, err := api.OpenSession(ctx, s.inbox.ID, "")
				if err != nil {
					return fmt.Errorf("open session %d: %w", i, err)
				}
				s.visitors[i] = v
			}
			return nil
		})
	}
	return g.Wait() //nolint:wrapcheck // wrapped above
}

// greet lets every visitor say the first word, which opens a conversation, and
// returns the conversations.
func (s *site) greet(ctx context.Context) ([]string, error) {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	api := rig.NewAPI(s.server.URL())
	for i, v := range s.visitors {
		g.Go(func() error {
			_, err := api.As("Authorization", "Bearer "+v.Token).Call(gctx, http.MethodPost, rig.Prefix+"/live/"+s.inbox.ID+"/messages",
				map[string]string{"client_msg_id": clientID(int64(i)), "text": "hello"}, nil)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("open the conversations: %w", err)
	}
	var ids []string
	for cursor := ""; ; {
		var page struct {
			Items      []rig.Conversation `json:"items"`
			NextCursor string             `json:"next_cursor"`
		}
		if _, err := s.owner.Call(ctx, http.MethodGet, s.owner.At("/conversations?limit=200&cursor="+cursor), nil, &page); err != nil {
			return nil, fmt.Errorf("list the conversations: %w", err)
		}
		for _, c := range page.Items {
			ids = append(ids, c.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return ids, nil
		}
	}
}

// sockets opens the sockets of the first count visitors and waits until each
// is ready. frame is called with every frame of a visitor.
func (s *site) sockets(ctx context.Context, count int, frame func(visitor int, frame []byte)) ([]*rig.Socket, error) {
	out := make([]*rig.Socket, count)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range count {
		g.Go(func() error {
			ready := make(chan struct{})
			once := sync.OnceFunc(func() { close(ready) })
			sock, err := rig.Dial(gctx, rig.Dialing{URL: s.owner.VisitorURL(s.inbox.ID), Frame: func(b []byte) {
				if op(b) == "ready" {
					once()
				}
				if frame != nil {
					frame(i, b)
				}
			}})
			if err != nil {
				return fmt.Errorf("socket %d: %w", i, err)
			}
			out[i] = sock
			// Another epoch: what was said before is not sent again.
			if err := sock.Send(map[string]any{"op": "hello", "token": s.visitors[i].Token, "epoch": "", "after": 1}); err != nil {
				return err //nolint:wrapcheck // it says what it did
			}
			select {
			case <-ready:
				return nil
			case <-sock.Closed():
				return fmt.Errorf("socket %d was closed before it was ready", i)
			case <-time.After(10 * time.Second):
				return fmt.Errorf("socket %d is not ready", i)
			}
		})
	}
	if err := g.Wait(); err != nil {
		shut(out)
		return nil, err //nolint:wrapcheck // wrapped above
	}
	return out, nil
}

func shut(sockets []*rig.Socket) {
	for _, s := range sockets {
		if s != nil {
			s.Cut()
		}
	}
	for _, s := range sockets {
		if s != nil {
			<-s.Closed()
		}
	}
}

// op returns the op of a frame of ours, which comes first, without parsing it.
func op(frame []byte) string {
	const start = `{"op":"`
	if len(frame) < len(start) || string(frame[:len(start)]) != start {
		return ""
	}
	for i, c := range frame[len(start):] {
		if c == '"' {
			return string(frame[len(start) : len(start)+i])
		}
	}
	return ""
}
