package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// FarSide is a platform that posts webhooks to the echo channel. It repeats
// itself deliberately, as platforms do.
type FarSide struct {
	writer
	api    rig.API
	person string
}

// NewFarSide returns a platform on which one person writes.
func NewFarSide(w *World, name string, seed uint64) *FarSide {
	f := &FarSide{api: rig.NewAPI(w.Base), person: "person-" + name}
	f.api.Header.Set("Content-Type", "application/json")
	f.writer = writer{party: newParty(w, name, seed), kind: verdict.Hook, sender: f.person, try: f.post}
	return f
}

// Write writes until the world halts.
func (f *FarSide) Write(ctx context.Context) {
	for f.rest(ctx, 5*time.Millisecond, 40*time.Millisecond) && !f.world.isHalted() {
		id := f.uuid()
		d := draft{id: id, text: f.text(kindText, id)}
		if f.chance(10) { // twice at once
			go f.post(ctx, d)
		}
		f.say(ctx, d)
	}
}

func (f *FarSide) post(ctx context.Context, d draft) (told, outcome) {
	body, err := json.Marshal(map[string]string{"id": d.id, "from": f.person, "name": "Far " + f.name, "text": d.text})
	if err != nil {
		return told{}, broken
	}
	_, path, _ := strings.Cut(f.world.Echo.HookURL, "/hooks/")
	_, err = f.api.Raw(ctx, http.MethodPost, "/hooks/"+path, body)
	return told{}, f.judge(ctx, err)
}

// Director is a supervisor: hands conversations over, resolves, reopens,
// puts to sleep, and sends colleagues to lunch.
type Director struct {
	*party
	me rig.Member
}

// NewDirector returns a director.
func NewDirector(w *World, name string, seed uint64, me rig.Member) *Director {
	return &Director{party: newParty(w, name, seed), me: me}
}

// Write directs until the world halts.
func (d *Director) Write(ctx context.Context) {
	for d.rest(ctx, 20*time.Millisecond, 80*time.Millisecond) && !d.world.isHalted() {
		id := d.conversation()
		if id == "" {
			continue
		}
		method, path, body := d.order(id)
		_, err := d.me.Call(ctx, method, d.me.At(path), body, nil)
		d.judge(ctx, err, "conversation.resolved", "conversation.not_open", "conversation.snooze_past", "dispatch.unavailable")
	}
	d.call(ctx) // everybody back to work
}

// order thinks of something to do with a conversation.
func (d *Director) order(id string) (method, path string, body map[string]any) {
	one := "/conversations/" + id
	switch d.below(10) {
	case 0, 1:
		return http.MethodPost, one + "/assign", map[string]any{"member_id": d.world.Members[d.below(len(d.world.Members))].ID}
	case 2, 3:
		return http.MethodPost, one + "/assign", map[string]any{"member_id": ""}
	case 4, 5:
		return http.MethodPost, one + "/state", map[string]any{"state": "resolved"}
	case 6, 7:
		return http.MethodPost, one + "/state", map[string]any{"state": "open"}
	case 8:
		until := time.Now().Add(d.between(200*time.Millisecond, time.Second)).UTC()
		return http.MethodPost, one + "/state", map[string]any{"state": "snoozed", "snoozed_until": until}
	default:
		return http.MethodPut, one + "/read", map[string]any{"seq": d.below(1000)}
	}
}

// call makes sure that everybody may be given work.
func (d *Director) call(ctx context.Context) {
	for _, m := range d.world.Members {
		for ctx.Err() == nil {
			_, err := m.Call(ctx, http.MethodPut, m.At("/presence/me"), map[string]any{"status": "available"}, nil)
			if d.judge(ctx, err) != again || !d.retry(ctx) {
				break
			}
		}
	}
}

// Lunch is a member who comes and goes: presence that changes all the time.
type Lunch struct {
	*party
	me rig.Member
}

// NewLunch returns one.
func NewLunch(w *World, name string, seed uint64, me rig.Member) *Lunch {
	return &Lunch{party: newParty(w, name, seed), me: me}
}

// Write comes and goes until the world halts.
func (l *Lunch) Write(ctx context.Context) {
	for l.rest(ctx, 50*time.Millisecond, 300*time.Millisecond) && !l.world.isHalted() {
		status := []string{"available", "away"}[l.below(2)]
		_, err := l.me.Call(ctx, http.MethodPut, l.me.At("/presence/me"), map[string]any{"status": status}, nil)
		l.judge(ctx, err)
	}
}

// Reader is a program that follows the feed over REST alone: what it shows is
// made of events from the first on, nothing was ever fetched.
type Reader struct {
	*Console
}

// NewReader returns one.
func NewReader(w *World, name string, seed uint64, me rig.Member) *Reader {
	return &Reader{NewConsole(w, name, seed, me)}
}

// Run reads what is new until ctx ends.
func (r *Reader) Run(ctx context.Context) {
	for r.rest(ctx, 10*time.Millisecond, 40*time.Millisecond) {
		got, err := events(ctx, r.me, r.Count(), 500)
		if err != nil {
			r.lost(ctx, err)
			continue
		}
		for _, e := range got {
			if !r.take(e, true) {
				break
			}
		}
	}
}
