package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// demoLinkLife is how long the printed sign-in links work; each works once.
const demoLinkLife = 12 * time.Hour

// demoEcho is the plugin that the demo connects beside the web chat.
const demoEcho = channel.PluginID("patchbay/echo")

// demoAgent is a person of the demo.
type demoAgent struct {
	email, name string
	role        identity.Role
}

func demoAgents() []demoAgent {
	return []demoAgent{
		{"lin@demo.example", "林晓 Lin", identity.RoleOwner},
		{"emma@demo.example", "Emma", identity.RoleAgent},
	}
}

// demo fills an empty installation with something to look at, and prints how
// to get in. It goes through the same use cases as everybody.
type demo struct {
	ids     *identity.Services
	samples *samples
	store   channel.Store
	out     io.Writer
	baseURL string
}

// prepare makes the demo data unless there is an account already, and returns
// the workspace; errs.NotFound when the installation is somebody's own.
func (d *demo) prepare(ctx context.Context) (identity.WorkspaceID, error) {
	agents := demoAgents()
	if account, err := d.ids.Accounts.ByEmail(ctx, agents[0].email); err == nil {
		return d.workspaceOf(ctx, account)
	} else if !errs.Is(err, errs.NotFound) {
		return "", fmt.Errorf("look for the demo: %w", err)
	}
	if needed, err := d.ids.Setup.Needed(ctx); err != nil || !needed {
		return "", errors.Join(err, errors.New("the data directory belongs to a real installation; start the demo with another --data-dir"))
	}
	seat, err := d.ids.Setup.Provision(ctx, identity.Founder{
		WorkspaceName: "Patchbay Demo 接线台演示", Name: agents[0].name, Email: agents[0].email, LinkOnly: true, Locale: "en",
	})
	if err != nil {
		return "", fmt.Errorf("make the demo workspace: %w", err)
	}
	scope := identity.SystemScope(seat.Workspace.ID)
	for _, a := range agents[1:] {
		_, err := d.ids.Members.Add(ctx, scope, identity.NewMember{Email: a.email, Name: a.name, Role: a.role, LinkOnly: true})
		if err != nil {
			return "", fmt.Errorf("make the demo agent %s: %w", a.name, err)
		}
	}
	return seat.Workspace.ID, d.fill(ctx, scope)
}

func (d *demo) workspaceOf(ctx context.Context, account identity.Account) (identity.WorkspaceID, error) {
	p, err := d.ids.Accounts.Me(ctx, account.ID)
	if err != nil {
		return "", fmt.Errorf("read the demo account: %w", err)
	}
	if len(p.Memberships) == 0 {
		return "", errors.New("the demo account has no workspace any more; start with another --data-dir")
	}
	return p.Memberships[0].Workspace.ID, nil
}

// fill connects the channels that are installed and lets some customers write.
func (d *demo) fill(ctx context.Context, scope identity.Scope) error {
	_, _, err := d.samples.connect(ctx, scope, "Demo shop 演示商店", webchat, map[string]string{
		"title": "Tea & Time 茶时", "greeting": "Hello! 您好！How can we help? 有什么可以帮您？", "color": "#0f766e",
	})
	if err != nil {
		return err
	}
	inbox, token, err := d.samples.connect(ctx, scope, "Echo 回声", demoEcho, map[string]string{"prefix": "echo: "})
	if err != nil || inbox.ID == "" {
		return err
	}
	say(d.out, "  Webhook of the echo channel (shown once):\n    curl -d '{\"id\":\"m1\",\"from\":\"alice\",\"name\":\"Alice\",\"text\":\"hi\"}' %s/hooks/%s/\n", d.baseURL, token)
	return d.samples.write(ctx, inbox, []line{
		{"demo-wang", "王芳", "你好，我想问一下我的订单什么时候发货？"},
		{"demo-smith", "Alex Smith", "Hi, is the green tea set still in stock?"},
		{"demo-wang", "王芳", "订单号是 20261121-0042，谢谢 🙏"},
	})
}

// announce prints how to get in. The links work once each.
func (d *demo) announce(ctx context.Context, w identity.WorkspaceID) error {
	members, err := d.ids.Members.List(ctx, identity.SystemScope(w), page.Request{})
	if err != nil {
		return fmt.Errorf("list the demo agents: %w", err)
	}
	for _, m := range members.Items {
		token, err := d.ids.Sessions.CreateLink(ctx, m.Account, demoLinkLife)
		if err != nil {
			return fmt.Errorf("make a sign-in link: %w", err)
		}
		say(d.out, "  Sign in as %s (%s), once:\n    %s/link?token=%s\n", m.Name, m.Role, d.baseURL, token)
	}
	say(d.out, "  Demo page with the chat widget:\n    %s/demo\n", d.baseURL)
	return nil
}

// liveInbox returns the first live inbox of the workspace, for the demo page.
func (d *demo) liveInbox(ctx context.Context, w identity.WorkspaceID) channel.InboxID {
	inboxes, err := d.store.Inboxes(ctx, w)
	if err != nil {
		return ""
	}
	for _, in := range inboxes {
		if in.Live && in.Enabled {
			return in.ID
		}
	}
	return ""
}
