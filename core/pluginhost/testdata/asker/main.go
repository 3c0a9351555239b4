// Command asker is a plugin that asks the host for one thing of each service and
// answers what came of it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

func main() {
	sdk.Serve(sdk.Plugin{
		Manifest: []byte("id: acme/asker\nversion: 1.0.0\n"),
		Tools: func(env sdk.Env) (tool.Tools, error) {
			return tool.Map{"ask": func(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
				return ask(ctx, env, req)
			}}, nil
		},
	})
}

// about is what the questions are about.
type about struct{ Conversation, Contact, File string }

func ask(ctx context.Context, env sdk.Env, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	var a about
	if err := json.Unmarshal(req.Args, &a); err != nil {
		return tool.InvokeResponse{}, err
	}
	got := make(map[string]string)
	note := func(service string, what any, err error) {
		if got[service] = fmt.Sprint(what); err != nil {
			got[service] = "error " + errs.As(err).Code
		}
	}
	i := env.For(req.Instance.ID)
	put, err := i.State.Put(ctx, host.PutRequest{Key: "asked", Value: []byte("v")})
	note("state", put.Stored, err)
	note("schedule", "set", i.Schedule.Set(ctx, host.ScheduleRequest{Key: "later", At: time.Now().Add(time.Hour)}))
	lease, err := i.Leases.Acquire(ctx, "session", 10*time.Minute)
	note("lease", lease.Fencing, err)
	base, err := i.Database.Open(ctx)
	note("database", base.Driver, err)
	up, err := i.Blobs.Upload(ctx, host.UploadRequest{Filename: "a.txt", Size: 3, Body: strings.NewReader("abc")})
	note("upload", up.Size, err)
	var file bytes.Buffer
	_, err = i.Blobs.Download(ctx, a.File, &file)
	note("download", file.String(), err)
	c, err := i.Conversations.Get(ctx, a.Conversation)
	note("conversation", c.State, err)
	id, err := i.Conversations.Send(ctx, host.SendRequest{Key: "send", Conversation: a.Conversation, Content: message.Text("from a process")})
	note("message", strings.HasPrefix(id, "msg_"), err)
	who, err := i.Contacts.Get(ctx, a.Contact)
	note("contact", who.Name, err)
	t, err := i.Tickets.Create(ctx, host.NewTicket{Key: "ticket", Title: "from a process", ConversationID: a.Conversation})
	note("ticket", t.Title, err)
	token, err := i.Tokens.Access(ctx, "/account", "")
	note("token", token.Value, err)
	tools, err := i.Tools.List(ctx, "en")
	note("tools", len(tools), err)
	e, err := i.Licenses.Entitlement(ctx)
	note("license", e.State, err)
	note("metrics", "told", i.Metrics.Record(ctx, host.Figure{Name: "asked", Kind: host.Counter, Value: 1}))
	note("health", "told", env.ReportHealth(ctx, req.Instance.ID, instance.Health{State: instance.Degraded, Code: "asked"}))
	_, err = env.State("pin_none").Get(ctx, "x")
	note("another", "", err)
	return tool.InvokeResponse{Output: got}, nil
}
