package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/internal/pluginrig"
	"github.com/patchbay-im/patchbay/core/store"
)

// ledger is where messages wait, with what the harness must know of it.
type ledger interface {
	delivery.Store
	// fill makes messages until so many wait.
	fill(ctx context.Context, waiting int) error
	// count returns how many messages were made, sent and given up.
	count() (made, sent, dead int)
	// place returns the how-manieth message of its conversation one is, from 1; 0
	// = there is no such message.
	place(of string, seq int) int
	// given returns those that were given up: "<conversation> <place>".
	given() map[string]bool
	close(ctx context.Context)
}

// stored is a ledger on disk: real conversations in a real database, written by
// an agent and settled with all that belongs to it.
type stored struct {
	delivery.Store
	out    *pluginrig.Outgoing
	cursor atomic.Int64

	mu      sync.Mutex
	made    int
	sent    int
	dead    int
	seqs    map[string][]uint32 // of the messages, by conversation
	letters []letter
}

// letter is a message that was given up.
type letter struct {
	conversation string
	seq          uint64
}

// openStored makes a database in dir.
func openStored(ctx context.Context, dir string) (*stored, error) {
	w, err := pluginrig.OpenWorkspace(ctx, store.Config{Driver: store.SQLite, Source: filepath.Join(dir, "patchbay.db")}, channel.Type{
		Plugin: channel.PluginID(plugin), Available: true, Capabilities: channel.Capabilities{Content: []string{channel.ContentText}, TextLimit: 4000},
	})
	if err != nil {
		return nil, err
	}
	s := &stored{Store: w.Store.Deliveries(), seqs: make(map[string][]uint32)}
	s.out, err = w.Greet(ctx, conversations)
	return s, err
}

func (s *stored) close(ctx context.Context) { _ = s.out.Store.Close(ctx) } // thrown away

func (s *stored) fill(ctx context.Context, waiting int) error {
	made, sent, dead := s.count()
	short := waiting - (made - sent - dead)
	if short < waiting/10 { // in groups, as the store likes it
		return nil
	}
	return s.out.Write(ctx, short, &s.cursor, "x", func(c conversation.ID, seq uint64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.made++
		s.seqs[string(c)] = append(s.seqs[string(c)], uint32(seq))
	})
}

func (s *stored) count() (made, sent, dead int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made, s.sent, s.dead
}

func (s *stored) place(of string, seq int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, found := slices.BinarySearch(s.seqs[of], uint32(seq))
	if !found {
		return 0
	}
	return at + 1
}

// given sorts the numbers: writers of one conversation may have told of theirs
// out of turn.
func (s *stored) given() map[string]bool {
	s.mu.Lock()
	for _, seqs := range s.seqs {
		slices.Sort(seqs)
	}
	letters := slices.Clone(s.letters)
	s.mu.Unlock()
	out := make(map[string]bool)
	for _, l := range letters {
		out[fmt.Sprintf("%s %d", l.conversation, s.place(l.conversation, int(l.seq)))] = true
	}
	return out
}

// Settle implements delivery.Store.
func (s *stored) Settle(ctx context.Context, settled []delivery.Settlement) error {
	if err := s.Store.Settle(ctx, settled); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range settled {
		switch settled[i].State {
		case delivery.Sent:
			s.sent++
		case delivery.Dead, delivery.Unknown:
			s.dead++
			s.letters = append(s.letters, letter{settled[i].Delivery.Conversation, settled[i].Delivery.Seq})
		case delivery.Pending, delivery.Merged, delivery.Replaced:
		}
	}
	return nil
}
