package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// toolBudget bounds one Invoke of an author, if the host does not end it sooner.
const toolBudget = time.Minute

// toolService is what plugins with tools serve.
type toolService struct {
	pluginv1.UnimplementedToolServiceServer
	*Server
}

// InvokeTool lets the author use a tool; Completed always comes last.
func (s *toolService) InvokeTool(req *pluginv1.InvokeToolRequest, stream pluginv1.ToolService_InvokeToolServer) error {
	ctx, cancel := context.WithTimeout(stream.Context(), toolBudget)
	defer cancel()
	able := s.can().Tools
	var answer tool.InvokeResponse
	var output []byte
	err := s.call(ctx, "Invoke", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		p := &progress{stream: stream}
		defer p.close() // what an author's goroutine tells after that goes nowhere
		var err error
		if answer, err = able.Invoke(ctx, invokeRequestOf(in, req, p.tell)); err != nil || answer.Output == nil {
			return err
		}
		if output, err = json.Marshal(answer.Output); err != nil {
			return fmt.Errorf("encode the output of %s: %w", req.GetTool(), err)
		}
		return nil
	})
	result, err := settled(err, answer.Duplicate)
	if err != nil {
		return err
	}
	return stream.Send(&pluginv1.InvokeToolResponse{Event: &pluginv1.InvokeToolResponse_Completed_{
		Completed: &pluginv1.InvokeToolResponse_Completed{Result: result, Output: output},
	}})
}

// progress sends sentences until it is closed.
type progress struct {
	mu     sync.Mutex
	stream pluginv1.ToolService_InvokeToolServer
	closed bool
}

func (p *progress) tell(sentence string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed && sentence != "" {
		// A stream that is gone has ended ctx too.
		_ = p.stream.Send(&pluginv1.InvokeToolResponse{Event: &pluginv1.InvokeToolResponse_Progress{Progress: sentence}})
	}
}

func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

func invokeRequestOf(in instance.Instance, r *pluginv1.InvokeToolRequest, tell func(string)) tool.InvokeRequest {
	return tool.InvokeRequest{
		Instance: in, ID: r.GetInvocationId(), Tool: r.GetTool(), Args: r.GetArgs(),
		ConversationID: r.GetConversationId(), TicketID: r.GetTicketId(), ContactID: r.GetContactId(),
		Caller: tool.Caller{Kind: r.GetCallerKind(), ID: r.GetCallerId()}, Attempt: int(r.GetAttempt()), Progress: tell,
	}
}
