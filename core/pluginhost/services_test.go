package pluginhost_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	inst "github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/pluginhost/internal/calltest"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

const asker = channel.PluginID("acme/asker")

// office is a workspace as the desks see it: an inbox and a connection of the
// plugin, one of another plugin, one that is switched off, and what is granted.
type office struct {
	workspace identity.WorkspaceID
	granted   []string
	more      []channel.Inbox
}

func (o *office) inboxes() []channel.Inbox {
	return append(slices.Clip(o.more), []channel.Inbox{
		{Workspace: o.workspace, ID: "inb_mine", Plugin: asker, Enabled: true},
		{Workspace: o.workspace, ID: "inb_other", Plugin: "acme/other", Enabled: true},
		{Workspace: o.workspace, ID: "inb_off", Plugin: asker},
	}...)
}

func (o *office) connections() []extension.Connection {
	return []extension.Connection{
		{Workspace: o.workspace, ID: "pin_mine", Plugin: extension.PluginID(asker), Enabled: true},
		{Workspace: o.workspace, ID: "pin_other", Plugin: "acme/other", Enabled: true},
	}
}

// InboxesOf implements channel.Workspaces.
func (o *office) InboxesOf(context.Context, channel.PluginID) ([]channel.Inbox, error) {
	return o.inboxes(), nil
}

// Inbox implements channel.Workspaces.
func (o *office) Inbox(_ context.Context, id channel.InboxID) (channel.Inbox, error) {
	for _, in := range o.inboxes() {
		if in.ID == id {
			return in, nil
		}
	}
	return channel.Inbox{}, errs.Absent()
}

// ConnectionsOf implements extension.Connections.
func (o *office) ConnectionsOf(context.Context, extension.PluginID) ([]extension.Connection, error) {
	return o.connections(), nil
}

// Connection implements extension.Connections.
func (o *office) Connection(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	for _, c := range o.connections() {
		if c.ID == id {
			return c, nil
		}
	}
	return extension.Connection{}, errs.Absent()
}

// Granted implements extension.Grants.
func (o *office) Granted(_ context.Context, w identity.WorkspaceID, plugin extension.PluginID) (inst.Granted, error) {
	out := inst.Granted{Workspace: w, Plugin: string(plugin), Revision: 1}
	for _, scope := range o.granted {
		out.Grants = append(out.Grants, inst.Grant{Scope: scope})
	}
	return out, nil
}

// asking is a manifest that asks for scopes.
func asking(scopes ...string) manifest.Manifest {
	m := manifest.Manifest{ID: string(asker), Version: "1.0.0"}
	for _, scope := range scopes {
		m.Permissions = append(m.Permissions, manifest.Permission{Scope: scope})
	}
	return m
}

// dial serves the host's real services for a plugin and connects to them.
func dial(t *testing.T, m manifest.Manifest, ports pluginhost.Ports) *grpc.ClientConn {
	t.Helper()
	return dialIn(t, m, ports, t.TempDir(), "p")
}

// dialIn is dial for a plugin with a folder.
func dialIn(t *testing.T, m manifest.Manifest, ports pluginhost.Ports, folder, holder string) *grpc.ClientConn {
	t.Helper()
	server, err := pluginhost.HostServer(m, ports, folder, holder)
	if err != nil {
		t.Fatal(err)
	}
	return calltest.Dial(t, server, calltest.Patient())
}

func (o *office) ports() pluginhost.Ports {
	return pluginhost.Ports{Workspaces: o, Connections: o, Grants: o}
}

// What the protocol promises is served, and nothing else.
func TestEveryServiceIsServed(t *testing.T) {
	server, err := pluginhost.HostServer(asking(), (&office{}).ports(), t.TempDir(), "p")
	if err != nil {
		t.Fatal(err)
	}
	var served, promised []string
	for name, info := range server.GetServiceInfo() {
		for _, m := range info.Methods {
			if strings.HasPrefix(name, "patchbay.") {
				served = append(served, "/"+name+"/"+m.Name)
			}
		}
	}
	calltest.Methods(func(m protoreflect.MethodDescriptor, _ string) { promised = append(promised, calltest.Name(m)) })
	slices.Sort(served)
	slices.Sort(promised)
	if !slices.Equal(served, promised) {
		t.Errorf("served %v, promised %v", served, promised)
	}
	full := manifest.Scopes()
	conn := dial(t, asking(full...), (&office{workspace: "wsp_1", granted: full}).ports())
	calltest.Methods(func(m protoreflect.MethodDescriptor, _ string) {
		if m.IsStreamingClient() && !m.IsStreamingServer() {
			return // an upload of nothing ends in the port that is not here
		}
		if err := calltest.Invoke(t, conn, m, "inb_mine"); status.Code(err) == codes.Unimplemented {
			t.Errorf("%s is not implemented", calltest.Name(m))
		}
	})
}

// Every method with every scope but its own, once because the manifest does not
// ask for it, once because the workspace does not grant it.
func TestEveryServiceNeedsItsScope(t *testing.T) {
	full := manifest.Scopes()
	for _, lacking := range full {
		rest := slices.DeleteFunc(slices.Clone(full), func(s string) bool { return s == lacking })
		for how, conn := range map[string]*grpc.ClientConn{
			"no manifest": dial(t, asking(rest...), (&office{workspace: "wsp_1", granted: full}).ports()),
			"no grant":    dial(t, asking(full...), (&office{workspace: "wsp_1", granted: rest}).ports()),
		} {
			calltest.Methods(func(m protoreflect.MethodDescriptor, scope string) {
				if scope != lacking || how == "no grant" && m.Input().Fields().ByName("instance_id") == nil {
					return // where items name their instances, each is answered: see TestItemsOfOthers
				}
				for _, instance := range []string{"inb_mine", "pin_mine"} {
					if err := calltest.Invoke(t, conn, m, instance); status.Code(err) != codes.PermissionDenied {
						t.Errorf("%s about %s with %s for %s: %v", calltest.Name(m), instance, how, lacking, err)
					}
				}
			})
		}
	}
}

// Whatever a plugin may do, of other instances it is told that there are none.
func TestEveryServiceKeepsInstancesApart(t *testing.T) {
	full := manifest.Scopes()
	conn := dial(t, asking(full...), (&office{workspace: "wsp_1", granted: full}).ports())
	calltest.Methods(func(m protoreflect.MethodDescriptor, _ string) {
		if m.Input().Fields().ByName("instance_id") == nil {
			return
		}
		for _, instance := range []string{"inb_other", "pin_other", "inb_off", "inb_none", "pin_none", "", "INB_MINE"} {
			if err := calltest.Invoke(t, conn, m, instance); status.Code(err) != codes.NotFound {
				t.Errorf("%s about %q: %v", calltest.Name(m), instance, err)
			}
		}
	})
}

// Items of a stream that name their instances are answered one by one.
func TestItemsOfOthers(t *testing.T) {
	full := manifest.Scopes()
	ungranted := slices.DeleteFunc(slices.Clone(full), func(s string) bool { return s == "messages:ingest" })
	for name, tt := range map[string]struct {
		granted  []string
		instance string
		want     pluginv1.Outcome
	}{
		"another plugin's": {full, "inb_other", pluginv1.Outcome_OUTCOME_REJECTED},
		"no inbox":         {full, "pin_mine", pluginv1.Outcome_OUTCOME_REJECTED},
		"not granted":      {ungranted, "inb_mine", pluginv1.Outcome_OUTCOME_RETRY},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, asking(full...), (&office{workspace: "wsp_1", granted: tt.granted}).ports())
			stream, err := pluginv1.NewHostInboundServiceClient(conn).Ingest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			item := &pluginv1.Inbound{
				InstanceId: tt.instance, ExternalId: "m1", Sender: &pluginv1.Person{ExternalId: "alice"},
				Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: "hello"}},
			}
			if err := stream.Send(&pluginv1.IngestRequest{Batch: 1, Items: []*pluginv1.Inbound{item}}); err != nil {
				t.Fatal(err)
			}
			answer, err := stream.Recv()
			if err != nil || len(answer.GetResults()) != 1 || answer.GetResults()[0].GetOutcome() != tt.want {
				t.Errorf("answer: %v %v", answer, err)
			}
		})
	}
}
