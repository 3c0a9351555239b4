package app

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/notification"
)

// accounts has one inbox and one connection, and one of each that is off.
type accounts struct{}

// Inbox implements channel.Workspaces.
func (accounts) Inbox(_ context.Context, id channel.InboxID) (channel.Inbox, error) {
	if id == "inb_gone" {
		return channel.Inbox{}, errs.Absent()
	}
	return channel.Inbox{Workspace: "wsp_1", ID: id, Name: "Care", Enabled: id != "inb_off"}, nil
}

// InboxesOf implements channel.Workspaces.
func (accounts) InboxesOf(context.Context, channel.PluginID) ([]channel.Inbox, error) {
	return nil, nil
}

// Connection implements extension.Connections.
func (accounts) Connection(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	return extension.Connection{Workspace: "wsp_1", ID: id, Name: "Shop", Enabled: true}, nil
}

// ConnectionsOf implements extension.Connections.
func (accounts) ConnectionsOf(context.Context, extension.PluginID) ([]extension.Connection, error) {
	return nil, nil
}

// Who may mend an account is told of it, under one name for each time; nobody of
// one that is switched off or gone.
func TestAccountNews(t *testing.T) {
	t.Parallel()
	var told []string
	n := accountNews{
		inboxes: accounts{}, connections: accounts{},
		holding: func(_ context.Context, _ identity.Scope, p identity.Permission) ([]identity.MemberID, error) {
			return []identity.MemberID{identity.MemberID(p)}, nil
		},
		turned: func(_ context.Context, w identity.WorkspaceID, episode string, a notification.Account, detail string, tell []identity.MemberID) error {
			told = append(told, fmt.Sprint(w, " ", episode, " ", a.Name, " ", a.State, " ", a.Code, " ", detail, " ", tell))
			return nil
		},
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []instance.Condition{
		{Instance: "inb_1", State: instance.ConditionCredentials, Code: "auth_expired", Detail: "535"},
		{Instance: "inb_1", State: instance.ConditionDegraded, Code: "rate_limited"},
		{Instance: "pin_1", State: instance.ConditionFailing, Code: "x"},
		{Instance: "inb_off", State: instance.ConditionFailing},
		{Instance: "inb_gone", State: instance.ConditionFailing},
	} {
		c.Workspace, c.NoticeAt = "wsp_1", at
		if err := n.tell(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"wsp_1 inb_1:credentials:2026-03-01T12:00:00Z Care credentials auth_expired 535 [inbox.manage]",
		"wsp_1 inb_1:ok:2026-03-01T12:00:00Z Care ok   [inbox.manage]",
		"wsp_1 pin_1:failing:2026-03-01T12:00:00Z Shop failing x  [plugin.manage]",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%q\nwant\n%q", told, want)
	}
}
