package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/template"
)

// templateService is what templates with a program serve.
type templateService struct {
	pluginv1.UnimplementedTemplateServiceServer
	*Server
}

// PlanTemplate asks the author. A plugin that is nothing but a template has no
// instances.
func (s *templateService) PlanTemplate(ctx context.Context, req *pluginv1.PlanTemplateRequest) (*pluginv1.PlanTemplateResponse, error) {
	able := s.can().Template
	out := &pluginv1.PlanTemplateResponse{}
	plan := func(in instance.Instance) error {
		answer, err := able.Plan(ctx, template.PlanRequest{
			Instance: in, Template: req.GetTemplate(), Answers: req.GetAnswers(), Locale: req.GetLocale(),
		})
		if err != nil {
			return err
		}
		for _, o := range answer.Objects {
			encoded, err := json.Marshal(o.Object)
			if err != nil {
				return fmt.Errorf("encode %s %s: %w", o.Kind, o.Key, err)
			}
			out.Objects = append(out.Objects, &pluginv1.TemplateObject{Kind: o.Kind, Key: o.Key, Object: encoded})
		}
		return nil
	}
	if req.GetInstanceId() != "" {
		return out, s.call(ctx, "Plan", req.GetInstanceId(), able != nil, plan)
	}
	if err := s.serves(able != nil); err != nil {
		return nil, err
	}
	if !s.drain.enter() {
		return nil, errDraining
	}
	defer s.leave()
	return out, guard(ctx, s.config.Log, "Plan", func() error { return plan(instance.Instance{}) })
}

// routeService is what plugins with routes serve.
type routeService struct {
	pluginv1.UnimplementedRouteServiceServer
	*Server
}

// HandleRoute asks the author.
func (s *routeService) HandleRoute(ctx context.Context, req *pluginv1.HandleRouteRequest) (*pluginv1.HandleRouteResponse, error) {
	able := s.can().Route
	out := &pluginv1.HandleRouteResponse{}
	err := s.call(ctx, "Handle", req.GetInstanceId(), able != nil, func(in instance.Instance) error {
		query, _ := url.ParseQuery(req.GetQuery()) // what could be read of it; RawQuery has the rest
		answer, err := able.Handle(ctx, route.Request{
			Instance: in, ID: req.GetRequestId(), Method: req.GetMethod(), Path: req.GetPath(), Query: query, RawQuery: req.GetQuery(),
			Header: headersOf(req.GetHeaders()), Body: req.GetBody(), Remote: req.GetRemoteAddr(),
		})
		if err != nil {
			return err
		}
		if len(answer.Body) > route.MaxBody {
			return fmt.Errorf("the answer to %s has %d bytes, more than %d", req.GetPath(), len(answer.Body), route.MaxBody)
		}
		if answer.Status != 0 && (answer.Status < 200 || answer.Status > 599) {
			return fmt.Errorf("the answer to %s has the status %d", req.GetPath(), answer.Status)
		}
		out.Status, out.Headers, out.Body = uint32(answer.Status), headersTo(answer.Header), answer.Body //nolint:gosec // checked above
		return nil
	})
	return out, err
}
