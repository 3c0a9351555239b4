package bridge

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// panelService is what panels serve.
type panelService struct {
	pluginv1.UnimplementedPanelServiceServer
	*Server
}

// RenderPanel asks the author for a card.
func (s *panelService) RenderPanel(ctx context.Context, req *pluginv1.RenderPanelRequest) (*pluginv1.RenderPanelResponse, error) {
	able := s.can().Panel
	out := &pluginv1.RenderPanelResponse{}
	err := s.call(ctx, "Render", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		answer, err := able.Render(ctx, panel.RenderRequest{Instance: in, Context: panelContextOf(req.GetContext())})
		if err != nil {
			return err
		}
		if answer.Fresh > 0 {
			out.Fresh = durationpb.New(answer.Fresh)
		}
		out.Card, err = answer.Card.JSON()
		return err
	})
	return out, err
}

// ActOnPanel tells the author of a press. What the author says against it is
// the answer to whoever pressed.
func (s *panelService) ActOnPanel(ctx context.Context, req *pluginv1.ActOnPanelRequest) (*pluginv1.ActOnPanelResponse, error) {
	able, can := s.can().Panel.(panel.Actor)
	out := &pluginv1.ActOnPanelResponse{}
	err := s.call(ctx, "Act", req.GetInstanceId(), can, func(in instance.Instance) error {
		answer, err := able.Act(ctx, panel.ActRequest{
			Instance: in, Context: panelContextOf(req.GetContext()), ID: req.GetActionId(), Action: req.GetAction(), Data: req.GetData(),
		})
		if e := errs.As(err); e != nil && e.Source == errs.Rejected {
			out.Message, out.Failed = e.Detail, true
			return nil
		}
		if err != nil {
			return err
		}
		out.Message, out.Failed, out.InsertText = answer.Message, answer.Failed, answer.InsertText
		out.Card, err = answer.Card.JSON()
		return err
	})
	return out, err
}

// CallPanel answers a page.
func (s *panelService) CallPanel(ctx context.Context, req *pluginv1.CallPanelRequest) (*pluginv1.CallPanelResponse, error) {
	able, can := s.can().Panel.(panel.Caller)
	out := &pluginv1.CallPanelResponse{}
	err := s.call(ctx, "Call", req.GetInstanceId(), can, func(in instance.Instance) error {
		answer, err := able.Call(ctx, panel.CallRequest{
			Instance: in, Context: panelContextOf(req.GetContext()), Method: req.GetMethod(), Params: req.GetParams(),
		})
		if err != nil {
			return err
		}
		encoded, err := json.Marshal(answer.Value)
		if err != nil {
			return fmt.Errorf("encode the answer to %s: %w", req.GetMethod(), err)
		}
		if len(encoded) > panel.MaxCall {
			return fmt.Errorf("the answer to %s has %d bytes, more than %d", req.GetMethod(), len(encoded), panel.MaxCall)
		}
		out.Value = encoded
		return nil
	})
	out.Result, err = answered(err)
	return out, err
}

func panelContextOf(c *pluginv1.PanelContext) panel.Context {
	return panel.Context{
		Panel: c.GetPanel(), Slot: c.GetSlot(), ConversationID: c.GetConversationId(), TicketID: c.GetTicketId(), ContactID: c.GetContactId(),
		MemberID: c.GetMemberId(), MemberName: c.GetMemberName(), Locale: c.GetLocale(), Dark: c.GetTheme() == "dark", May: c.GetMay(),
	}
}
