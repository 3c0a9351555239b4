package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) toolRoutes() {
	at := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"tools"}
	member(s, huma.Operation{Method: http.MethodGet, Path: at + "/tools", Summary: "List the tools of plugins", Tags: tags},
		identity.ConversationReply, s.listTools)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: at + "/tools/{publisher}/{name}/{tool}", Summary: "Use a tool", Tags: tags,
		Description: "The same key again gives the same use: its result, or another try when the first did not come to an end. In the state pending somebody must agree first.",
	}, identity.ConversationReply, s.useTool)
	member(s, huma.Operation{Method: http.MethodGet, Path: at + "/approvals", Summary: "List the uses of tools that wait for somebody to agree", Tags: tags},
		identity.ConversationReply, s.listApprovals)
	member(s, huma.Operation{Method: http.MethodPost, Path: at + "/approvals/{approval}", Summary: "Agree to the use of a tool, or deny it", Tags: tags},
		identity.ConversationReply, s.decideApproval)
}

// toolBody is a tool that can be used here.
type toolBody struct {
	Name          string            `json:"name" doc:"<publisher>/<plugin>:<tool>"`
	Title         map[string]string `json:"title"`
	Description   map[string]string `json:"description"`
	ArgsSchema    rawObject         `json:"args_schema"`
	Writes        bool              `json:"writes"`
	NeedsApproval bool              `json:"needs_approval"`
	Connections   []namedBody       `json:"connections"`
}

// namedBody is something with an id and a name.
type namedBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *Server) listTools(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[toolBody]], error) {
	found, err := s.Tools.ListAs(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[toolBody]]{Body: list[toolBody]{Items: make([]toolBody, len(found))}}
	for i, o := range found {
		b := toolBody{
			Name: o.Tool.FullName(), Title: o.Tool.Title, Description: o.Tool.Description, ArgsSchema: rawObject(o.Tool.ArgsSchema), Writes: o.Tool.Writes,
			NeedsApproval: o.Tool.Approval, Connections: make([]namedBody, len(o.Connections)),
		}
		for j, c := range o.Connections {
			b.Connections[j] = namedBody{ID: string(c.ID), Name: c.Name}
		}
		out.Body.Items[i] = b
	}
	return out, nil
}

type useToolInput struct {
	Workspace string `path:"workspace"`
	Publisher string `path:"publisher"`
	Name      string `path:"name"`
	Tool      string `path:"tool"`
	Body      struct {
		Key            string          `json:"key" minLength:"1" maxLength:"200" doc:"Idempotency: of your choice, the same when the request is sent again."`
		Connection     string          `json:"connection,omitempty" maxLength:"64" doc:"Needed when the plugin has several."`
		Args           json.RawMessage `json:"args,omitempty" doc:"An object that the tool's schema accepts."`
		ConversationID string          `json:"conversation_id,omitempty" maxLength:"64"`
		TicketID       string          `json:"ticket_id,omitempty" maxLength:"64"`
	}
}

// ToolCallBody is a use of a tool.
type ToolCallBody struct {
	ID             string          `json:"id"`
	Tool           string          `json:"tool"`
	Connection     string          `json:"connection"`
	Args           rawObject       `json:"args"`
	ConversationID string          `json:"conversation_id,omitempty"`
	TicketID       string          `json:"ticket_id,omitempty"`
	CallerKind     string          `json:"caller_kind" enum:"agent,bot,rule"`
	CallerID       string          `json:"caller_id"`
	CallerName     string          `json:"caller_name"`
	State          string          `json:"state" enum:"pending,running,done,failed,denied,expired"`
	Attempts       int             `json:"attempts"`
	Code           string          `json:"code,omitempty" doc:"Why it did not happen."`
	Detail         string          `json:"detail,omitempty"`
	Output         json.RawMessage `json:"output,omitempty" doc:"With the state done: any JSON value."`
	CreatedAt      time.Time       `json:"created_at"`
	ExpiresAt      time.Time       `json:"expires_at" doc:"In the state pending: decided by then, or never. Else it is forgotten then."`
}

func toolCallOf(c extension.Call) ToolCallBody {
	return ToolCallBody{
		ID: c.ID, Tool: string(c.Plugin) + ":" + c.Tool, Connection: string(c.Connection), Args: rawObject(c.Args), ConversationID: c.Subject.Conversation,
		TicketID: c.Subject.Ticket, CallerKind: string(c.Caller.Kind), CallerID: c.Caller.ID, CallerName: c.Caller.Name, State: string(c.State),
		Attempts: c.Attempts, Code: c.Completed.Code, Detail: c.Completed.Detail, Output: c.Completed.Output,
		CreatedAt: wire.Stamp(c.CreatedAt), ExpiresAt: wire.Stamp(c.ExpiresAt),
	}
}

func (s *Server) useTool(ctx context.Context, scope identity.Scope, in *useToolInput) (*body[ToolCallBody], error) {
	args, err := objectOr(in.Body.Args, "/args")
	if err != nil {
		return nil, err
	}
	c, err := s.Tools.UseAs(ctx, scope, extension.Usage{
		Key: in.Body.Key, Connection: extension.ConnectionID(in.Body.Connection), Tool: in.Publisher + "/" + in.Name + ":" + in.Tool, Args: args,
		Subject: extension.Subject{Conversation: in.Body.ConversationID, Ticket: in.Body.TicketID},
	})
	if err != nil {
		return nil, err
	}
	return &body[ToolCallBody]{Body: toolCallOf(c)}, nil
}

func (s *Server) listApprovals(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[ToolCallBody]], error) {
	found, err := s.Tools.Approvals(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[ToolCallBody]]{Body: list[ToolCallBody]{Items: make([]ToolCallBody, len(found))}}
	for i, c := range found {
		out.Body.Items[i] = toolCallOf(c)
	}
	return out, nil
}

type decideInput struct {
	Workspace string `path:"workspace"`
	Approval  string `path:"approval"`
	Body      struct {
		Approve bool `json:"approve"`
	}
}

func (s *Server) decideApproval(ctx context.Context, scope identity.Scope, in *decideInput) (*body[ToolCallBody], error) {
	return asOne(toolCallOf)(s.Tools.Decide(ctx, scope, in.Approval, in.Body.Approve))
}
