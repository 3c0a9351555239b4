package main

import (
	"context"
	"strconv"
	"sync"

	"github.com/patchbay-im/patchbay/sdk/host"
)

// moves know groups whose id has changed: a group that grows becomes a supergroup,
// and stays the same customer.
//
// Concurrency: safe for concurrent use.
type moves struct {
	state host.State

	mu    sync.Mutex
	known map[string]int64 // by key of the state; 0 = it has not moved
}

func newMoves(state host.State) *moves { return &moves{state: state, known: make(map[string]int64)} }

// Keys of the state.
func toKey(chat int64) string   { return "moved/" + strconv.FormatInt(chat, 10) }
func fromKey(chat int64) string { return "was/" + strconv.FormatInt(chat, 10) }

// add keeps that a group has another id.
func (m *moves) add(ctx context.Context, from, to int64) error {
	origin, err := m.origin(ctx, from)
	if err != nil {
		return err
	}
	for key, value := range map[string]int64{toKey(from): to, toKey(origin): to, fromKey(to): origin} {
		if _, err := m.state.Put(ctx, host.PutRequest{Key: key, Value: []byte(strconv.FormatInt(value, 10))}); err != nil {
			return err
		}
		m.keep(key, value)
	}
	return nil
}

// origin is the id that a group had when it first wrote.
func (m *moves) origin(ctx context.Context, chat int64) (int64, error) {
	return m.look(ctx, fromKey(chat), chat)
}

// current is the id that a group has now, as far as that is known.
func (m *moves) current(ctx context.Context, chat int64) (int64, error) {
	return m.look(ctx, toKey(chat), chat)
}

// look follows one step; private chats, whose ids are positive, never move.
func (m *moves) look(ctx context.Context, key string, chat int64) (int64, error) {
	if chat >= 0 {
		return chat, nil
	}
	m.mu.Lock()
	id, ok := m.known[key]
	m.mu.Unlock()
	if !ok {
		kept, err := m.state.Get(ctx, key)
		if err != nil {
			return chat, err
		}
		id, _ = strconv.ParseInt(string(valueOf(kept)), 10, 64) // 0 = nothing is kept
		m.keep(key, id)
	}
	if id == 0 {
		return chat, nil
	}
	return id, nil
}

// maxKnown bounds what is remembered without asking the core.
const maxKnown = 10_000

func (m *moves) keep(key string, id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.known) >= maxKnown {
		clear(m.known)
	}
	m.known[key] = id
}
