package pluginhost

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Tokens has the tokens that signing in at far sides gave instances.
type Tokens interface {
	// AccessToken returns a token that is valid now; another one than refused,
	// which the far side did not take any more. errs.Conflict: somebody must sign
	// in again.
	AccessToken(ctx context.Context, o extension.Owner, pointer, refused string) (Token, error)
}

// Token is a token for a far side.
type Token struct {
	Value     string
	ExpiresAt time.Time // zero = not known
}

// Toolbox has the tools of all plugins, for their use by others: grants and
// approval are its business.
type Toolbox interface {
	// Offered lists the tools that an instance may use, in a language.
	Offered(ctx context.Context, o extension.Owner, locale string) ([]Tool, error)
	// Call calls one for an instance. The same key again gives what came of it.
	Call(ctx context.Context, o extension.Owner, c ToolCall) (ToolAnswer, error)
}

// Tool is a tool as its users see it.
type Tool struct {
	Name, Title, Description string // "<publisher>/<plugin>:<tool>", and for people
	Args, Output             []byte // JSON Schemas
	Writes, NeedsApproval    bool
}

// ToolCall is a use of a tool.
type ToolCall struct {
	By           extension.PluginID
	Key          string // idempotency
	Tool         string
	Args         []byte
	Conversation string // "" = none; the instance sees it
}

// ToolAnswer is what came of it.
type ToolAnswer struct {
	Result channel.Result
	Output []byte
}

// errNotHere is the answer to what this installation has no part for.
func errNotHere() error {
	return status.Error(codes.Unavailable, "unavailable: this server has no part for that")
}

// databaseDesk serves HostDatabaseService.
type databaseDesk struct {
	pluginv1.UnimplementedHostDatabaseServiceServer
	*desk
}

// OpenDatabase tells an instance where its database is.
func (d *databaseDesk) OpenDatabase(ctx context.Context, req *pluginv1.OpenDatabaseRequest) (*pluginv1.OpenDatabaseResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	at, err := d.ports.Desks.Databases.Open(ctx, o, extension.PluginID(d.id), d.dir)
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.OpenDatabaseResponse{Driver: at.Driver, Source: at.Source}, nil
}

// secretDesk serves HostSecretService.
type secretDesk struct {
	pluginv1.UnimplementedHostSecretServiceServer
	*desk
}

// GetAccessToken returns a token for the far side.
func (d *secretDesk) GetAccessToken(ctx context.Context, req *pluginv1.GetAccessTokenRequest) (*pluginv1.GetAccessTokenResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if d.ports.Desks.Tokens == nil {
		return nil, errNotHere()
	}
	t, err := d.ports.Desks.Tokens.AccessToken(ctx, o, req.GetPointer(), req.GetRefused())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.GetAccessTokenResponse{AccessToken: t.Value, ExpiresAt: stamp(t.ExpiresAt)}, nil
}

// toolDesk serves HostToolService.
type toolDesk struct {
	pluginv1.UnimplementedHostToolServiceServer
	*desk
}

// ListTools lists the tools of others that an instance may use.
func (d *toolDesk) ListTools(ctx context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if d.ports.Desks.Tools == nil {
		return nil, errNotHere()
	}
	found, err := d.ports.Desks.Tools.Offered(ctx, o, cut(valid(req.GetLocale()), maxCode))
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out := &pluginv1.ListToolsResponse{}
	for _, t := range found {
		out.Tools = append(out.Tools, &pluginv1.Tool{
			Name: t.Name, Title: t.Title, Description: t.Description, ArgsSchema: t.Args, OutputSchema: t.Output,
			Writes: t.Writes, NeedsApproval: t.NeedsApproval,
		})
	}
	return out, nil
}

// CallTool calls a tool of another plugin.
func (d *toolDesk) CallTool(ctx context.Context, req *pluginv1.CallToolRequest) (*pluginv1.CallToolResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if err := checkKey(req.GetIdempotencyKey()); err != nil {
		return nil, d.refusal(ctx, err)
	}
	if d.ports.Desks.Tools == nil {
		return nil, errNotHere()
	}
	if err := d.seen(ctx, req.GetInstanceId(), req.GetConversationId()); err != nil {
		return nil, d.refusal(ctx, err)
	}
	answer, err := d.ports.Desks.Tools.Call(ctx, o, ToolCall{
		By: extension.PluginID(d.id), Key: req.GetIdempotencyKey(), Tool: req.GetTool(), Args: req.GetArgs(), Conversation: req.GetConversationId(),
	})
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.CallToolResponse{Result: resultTo(answer.Result), Output: answer.Output}, nil
}

// seen refuses a conversation that the instance does not see; "" = none is named.
func (d *toolDesk) seen(ctx context.Context, instance, conversation string) error {
	if conversation == "" {
		return nil
	}
	i, err := d.instance(ctx, instance)
	if err == nil {
		_, err = d.conversation(ctx, i, conversation)
	}
	return err
}
