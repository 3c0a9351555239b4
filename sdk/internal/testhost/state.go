package testhost

import (
	"bytes"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

type state struct {
	pluginv1.UnimplementedHostStateServiceServer
	*desk
}

// kept counts what an instance has of a kind.
func kept[T any](all map[place]T, instance string) int {
	n := 0
	for at := range all {
		if at.instance == instance {
			n++
		}
	}
	return n
}

// entry returns what is there, and forgets what has expired.
func (h *Host) entry(at place) *pluginv1.StateEntry {
	e := h.entries[at]
	if e.GetExpiresAt() != nil && !e.GetExpiresAt().AsTime().After(h.now()) {
		delete(h.entries, at)
		return nil
	}
	return e
}

// State returns the entries of an instance by their keys.
func (h *Host) State(instance string) map[string][]byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[string][]byte)
	for at := range maps.Clone(h.entries) {
		if e := h.entry(at); e != nil && at.instance == instance {
			out[at.name] = bytes.Clone(e.GetValue())
		}
	}
	return out
}

// GetState returns an entry.
func (h *state) GetState(_ context.Context, req *pluginv1.GetStateRequest) (*pluginv1.GetStateResponse, error) {
	if err := checkName("key", req.GetKey()); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return &pluginv1.GetStateResponse{Entry: proto.CloneOf(h.entry(place{req.GetInstanceId(), req.GetKey()}))}, nil
}

// PutState writes an entry.
func (h *state) PutState(_ context.Context, req *pluginv1.PutStateRequest) (*pluginv1.PutStateResponse, error) {
	if err := firstOf(checkName("key", req.GetKey()), checkSize("value", req.GetValue())); err != nil {
		return nil, err
	}
	fresh := &pluginv1.StateEntry{Key: req.GetKey(), Value: bytes.Clone(req.GetValue())}
	h.mu.Lock()
	defer h.mu.Unlock()
	if ttl := req.GetTtl(); ttl != nil {
		if err := checkSpan("ttl", ttl.AsDuration(), time.Millisecond, forever); err != nil {
			return nil, err
		}
		fresh.ExpiresAt = timed(h.now().Add(ttl.AsDuration()))
	}
	at := place{req.GetInstanceId(), req.GetKey()}
	there := h.entry(at)
	if req.IfVersion != nil && req.GetIfVersion() != there.GetVersion() {
		return &pluginv1.PutStateResponse{Current: proto.CloneOf(there)}, nil
	}
	if there == nil && kept(h.entries, at.instance) >= maxKeys {
		return nil, full("keys", maxKeys)
	}
	fresh.Version = h.next()
	h.entries[at] = fresh
	return &pluginv1.PutStateResponse{Stored: true, Version: fresh.GetVersion()}, nil
}

// DeleteState removes an entry.
func (h *state) DeleteState(_ context.Context, req *pluginv1.DeleteStateRequest) (*pluginv1.DeleteStateResponse, error) {
	if err := checkName("key", req.GetKey()); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetKey()}
	there := h.entry(at)
	if there == nil || req.IfVersion != nil && req.GetIfVersion() != there.GetVersion() {
		return &pluginv1.DeleteStateResponse{}, nil
	}
	delete(h.entries, at)
	return &pluginv1.DeleteStateResponse{Deleted: true}, nil
}

// ListState returns a page of entries.
func (h *state) ListState(_ context.Context, req *pluginv1.ListStateRequest) (*pluginv1.ListStateResponse, error) {
	const otherwise, most = 100, 200
	for field, text := range map[string]string{"prefix": req.GetPrefix(), "after": req.GetAfter()} {
		if text == "" {
			continue
		}
		if err := checkName(field, text); err != nil {
			return nil, err
		}
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = otherwise
	}
	if limit > most {
		return nil, wrong("limit", "must be 1 to 200")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []string
	for at := range maps.Clone(h.entries) {
		if h.entry(at) != nil && at.instance == req.GetInstanceId() && at.name > req.GetAfter() && strings.HasPrefix(at.name, req.GetPrefix()) {
			keys = append(keys, at.name)
		}
	}
	slices.Sort(keys)
	out, size := &pluginv1.ListStateResponse{}, 0
	for _, key := range keys {
		e := h.entries[place{req.GetInstanceId(), key}]
		if size += len(key) + len(e.GetValue()); len(out.GetEntries()) == limit || size > maxPage {
			out.More = true
			break
		}
		out.Entries = append(out.Entries, proto.CloneOf(e))
	}
	return out, nil
}

// claim is the right to do something once, or what came of it.
type claim struct {
	token        string
	done, lapsed bool
	result       []byte
	until        time.Time
}

// ClaimState grants a claim, or tells what is there.
func (h *state) ClaimState(_ context.Context, req *pluginv1.ClaimStateRequest) (*pluginv1.ClaimStateResponse, error) {
	within := time.Minute
	if req.GetWithin() != nil {
		within = req.GetWithin().AsDuration()
	}
	if err := firstOf(checkName("key", req.GetKey()), checkSpan("within", within, time.Second, 10*time.Minute)); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetKey()}
	old, known := h.claims[at]
	runs := known && old.until.After(h.now())
	switch {
	case runs && old.done:
		return &pluginv1.ClaimStateResponse{Claim: pluginv1.ClaimStateResponse_CLAIM_DONE, Result: old.result}, nil
	case runs:
		return &pluginv1.ClaimStateResponse{Claim: pluginv1.ClaimStateResponse_CLAIM_HELD, Until: timed(old.until)}, nil
	case !known && kept(h.claims, at.instance) >= maxClaims:
		return nil, full("claims", maxClaims)
	}
	mine := claim{token: rand.Text(), lapsed: known && !old.done, until: h.now().Add(within)}
	h.claims[at] = mine
	out := &pluginv1.ClaimStateResponse{Claim: pluginv1.ClaimStateResponse_CLAIM_GRANTED, Token: mine.token, Until: timed(mine.until)}
	if mine.lapsed {
		out.Claim = pluginv1.ClaimStateResponse_CLAIM_GRANTED_AFTER_LAPSE
	}
	return out, nil
}

// CompleteClaim keeps what came of a claim.
func (h *state) CompleteClaim(_ context.Context, req *pluginv1.CompleteClaimRequest) (*pluginv1.CompleteClaimResponse, error) {
	keep := 7 * day
	if req.GetKeep().AsDuration() != 0 {
		keep = req.GetKeep().AsDuration()
	}
	if err := firstOf(checkName("key", req.GetKey()), checkName("token", req.GetToken()), checkSize("result", req.GetResult()),
		checkSpan("keep", keep, time.Second, 30*day)); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetKey()}
	if c, ok := h.claims[at]; !ok || c.token != req.GetToken() {
		return &pluginv1.CompleteClaimResponse{}, nil
	}
	h.claims[at] = claim{token: req.GetToken(), done: true, result: bytes.Clone(req.GetResult()), until: h.now().Add(keep)}
	return &pluginv1.CompleteClaimResponse{Completed: true}, nil
}

// AbandonClaim gives a claim up; an earlier lapse stays known.
func (h *state) AbandonClaim(_ context.Context, req *pluginv1.AbandonClaimRequest) (*pluginv1.AbandonClaimResponse, error) {
	if err := firstOf(checkName("key", req.GetKey()), checkName("token", req.GetToken())); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{req.GetInstanceId(), req.GetKey()}
	c, ok := h.claims[at]
	switch {
	case !ok || c.done || c.token != req.GetToken():
	case c.lapsed:
		c.until = h.now()
		h.claims[at] = c
	default:
		delete(h.claims, at)
	}
	return &pluginv1.AbandonClaimResponse{}, nil
}
