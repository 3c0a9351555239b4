package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/patchbay-im/patchbay/core/internal/crash/client"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// The first administrator of the server under test.
const (
	adminEmail    = "owner@crash.example"
	adminPassword = "correct-horse-battery-42"
	echoPrefix    = "echo: "
)

// found furnishes the installation as an administrator does: colleagues with
// little capacity, a web chat, an echo channel.
func found(ctx context.Context, n *nemesis) (*client.World, error) {
	world := client.NewWorld(n.server.URL())
	world.EchoPrefix = echoPrefix
	owner, err := rig.NewAPI(world.Base).SignIn(ctx, adminEmail, adminPassword)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	world.Members = []rig.Member{owner}
	for i, role := range []string{"supervisor", "agent", "agent", "agent"} {
		email := fmt.Sprintf("%s%d@crash.example", role, i)
		m, err := owner.Invite(ctx, email, fmt.Sprintf("Agent %d 客服", i), role, adminPassword+email)
		if err != nil {
			return nil, fmt.Errorf("add a colleague: %w", err)
		}
		world.Members = append(world.Members, m)
	}
	for i, m := range world.Members {
		_, err := owner.Call(ctx, http.MethodPatch, owner.At("/members/"+m.ID), map[string]int{"capacity": 1 + i}, nil)
		if err != nil {
			return nil, fmt.Errorf("set a capacity: %w", err)
		}
	}
	if world.Live, err = owner.Connect(ctx, "Shop", "patchbay/webchat", map[string]any{"title": "Shop"}); err != nil {
		return nil, fmt.Errorf("connect the web chat: %w", err)
	}
	if world.Echo, err = owner.Connect(ctx, "Echo", "patchbay/echo", map[string]any{"prefix": echoPrefix}); err != nil {
		return nil, fmt.Errorf("connect the echo channel: %w", err)
	}
	return world, nil
}

// newCast chooses the clients. Each eight of them write and listen in every way.
func newCast(w *client.World, count int, seed uint64) *cast {
	c := &cast{}
	var widgets []*client.Widget
	kinds := []string{
		"widget", "agent", "guest", "clerk", "farside", "reader", "director", "tab",
		"widget", "agent", "guest", "courier", "console", "lunch", "tab", "steward",
		"agent", "clerk", "widget", "guest", "farside", "console", "agent", "clerk",
		"widget", "reader", "tab", "guest", "agent", "clerk", "widget", "console",
	}
	for i := range count {
		kind := kinds[i%len(kinds)]
		name := fmt.Sprintf("%s %d", kind, i)
		me := w.Members[i%len(w.Members)]
		switch kind {
		case "widget":
			v := client.NewWidget(w, name, seed)
			widgets = append(widgets, v)
			c.clients = append(c.clients, v)
		case "tab":
			c.clients = append(c.clients, client.NewTab(w, name, seed, widgets[i%len(widgets)]))
		default:
			c.clients = append(c.clients, newClient(w, kind, name, seed, me))
		}
	}
	return c
}

func newClient(w *client.World, kind, name string, seed uint64, me rig.Member) client.Client {
	switch kind {
	case "agent":
		return client.NewAgent(w, name, seed, me)
	case "guest":
		return client.NewGuest(w, name, seed)
	case "clerk":
		return client.NewClerk(w, name, seed, me)
	case "courier":
		return client.NewCourier(w, name, seed, me)
	case "farside":
		return client.NewFarSide(w, name, seed)
	case "reader":
		return client.NewReader(w, name, seed, me)
	case "director":
		return client.NewDirector(w, name, seed, w.Members[0])
	case "steward":
		return client.NewSteward(w, name, seed, me)
	case "lunch":
		return client.NewLunch(w, name, seed, me)
	default:
		return client.NewConsole(w, name, seed, me)
	}
}
