// Package allround is a plugin of every kind that is no channel. It keeps the
// contract, and breaks one clause of it for each of its faults: what the
// conformance kit is tested with beside package specimen, which is a channel.
package allround

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/analyzer"
	"github.com/patchbay-im/patchbay/sdk/bot"
	"github.com/patchbay-im/patchbay/sdk/connector"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/outbound"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/template"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

//go:embed plugin.yaml
var manifest []byte

// The faults, by the kind that has them.
const (
	BotOfToday     = "bot-of-today"    // fails when it is asked for a reason that it does not know
	ConnectorLoses = "connector-loses" // accepts a record and does not write it
	ToolOptimist   = "tool-optimist"   // takes a 500 for a success
	HookPunctual   = "hook-punctual"   // fails at events of another day
	AnalyzerCounts = "analyzer-counts" // counts bytes where characters are meant
	PanelGoesOn    = "panel-goes-on"   // works for an instance that is gone
	TemplateMoody  = "template-moody"  // makes other objects of the same answers
	RouteGreedy    = "route-greedy"    // falls over without a license
)

// Plugin returns the plugin with a fault; "" = none.
func Plugin(fault string) sdk.Plugin {
	var a *allround
	once := func(env sdk.Env) *allround {
		if a == nil || a.env.Log != env.Log { // a test opens it several times
			a = &allround{env: env, fault: fault}
		}
		return a
	}
	return sdk.Plugin{
		Manifest:  manifest,
		Bot:       func(env sdk.Env) (bot.Bot, error) { return once(env), nil },
		Connector: func(env sdk.Env) (connector.Connector, error) { return once(env), nil },
		Tools:     func(env sdk.Env) (tool.Tools, error) { return once(env), nil },
		Hook:      func(env sdk.Env) (hook.Hook, error) { return once(env), nil },
		Analyzer:  func(env sdk.Env) (analyzer.Analyzer, error) { return once(env), nil },
		Panel:     func(env sdk.Env) (panel.Panel, error) { return once(env), nil },
		Template:  func(env sdk.Env) (template.Template, error) { return once(env), nil },
		Route:     func(env sdk.Env) (route.Route, error) { return once(env), nil },
	}
}

type allround struct {
	env   sdk.Env
	fault string

	mu      sync.Mutex
	written int
	plans   int
}

// write puts a text at the far side, under a key that it knows again.
func (a *allround) write(ctx context.Context, in instance.Instance, key, text string) (string, error) {
	var c struct{ URL string }
	if err := in.Decode(&c); err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Idempotency-Key", key)
	api, err := a.env.HTTP(in, outbound.Options{Tries: 1})
	if err != nil {
		return "", err
	}
	answer, err := api.Do(req)
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(answer.Body, &made); err != nil {
		return "", errs.Unavailable(err, "The far side makes no sense.")
	}
	return made.ID, nil
}

// number counts what is written.
func (a *allround) number() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.written++
	return a.written
}

// Invoke implements tool.Tools.
func (a *allround) Invoke(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	var args struct{ Text string }
	if err := req.Decode(&args); err != nil {
		return tool.InvokeResponse{}, errs.Reject(errs.CodeBadRequest, "These are no arguments.")
	}
	id, err := a.write(ctx, req.Instance, req.ID, args.Text)
	if e := errs.As(err); a.fault == ToolOptimist && e != nil && e.Source == errs.FarSide && e.Code != errs.CodeRateLimited {
		return tool.InvokeResponse{}, nil
	}
	return tool.InvokeResponse{Output: map[string]string{"id": id}}, err
}

// DescribeObjects implements connector.Connector.
func (*allround) DescribeObjects(context.Context, connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	return connector.DescribeObjectsResponse{Objects: []connector.ObjectType{{
		Name: "note", Label: "Note", Upsert: true, Fields: []connector.Field{{Name: "text", Label: "Text", Writable: true}},
	}}}, nil
}

// Lookup finds nobody.
func (*allround) Lookup(context.Context, connector.LookupRequest) (connector.LookupResponse, error) {
	return connector.LookupResponse{}, nil
}

// Upsert writes a note.
func (a *allround) Upsert(ctx context.Context, req connector.UpsertRequest) (connector.UpsertResponse, error) {
	text, _ := req.Record.Fields["text"].(string)
	const lost = 480
	if n := a.number(); n == lost && a.fault == ConnectorLoses {
		return connector.UpsertResponse{Record: connector.Record{Object: "note", ID: "lost", Title: "Note"}}, nil
	}
	id, err := a.write(ctx, req.Instance, req.IdempotencyKey, text)
	return connector.UpsertResponse{Record: connector.Record{Object: "note", ID: id, Title: "Note"}}, err
}

// OnEvents implements hook.Hook.
func (a *allround) OnEvents(_ context.Context, req hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	for _, e := range req.Events {
		if age := now().Sub(e.At); a.fault == HookPunctual && (age > time.Hour || age < -time.Hour) {
			return hook.OnEventsResponse{}, errors.New("somebody's clock is wrong")
		}
	}
	return hook.OnEventsResponse{}, nil
}

// Intercept allows everything.
func (*allround) Intercept(context.Context, hook.InterceptRequest) (hook.InterceptResponse, error) {
	return hook.Allow(), nil
}

// Analyze marks the end of each text.
func (a *allround) Analyze(_ context.Context, req analyzer.AnalyzeRequest) (analyzer.AnalyzeResponse, error) {
	var out analyzer.AnalyzeResponse
	for _, m := range req.Messages {
		end := len([]rune(m.Content.Text))
		if a.fault == AnalyzerCounts {
			end = len(m.Content.Text)
		}
		out.Analyses = append(out.Analyses, analyzer.Analysis{Findings: []analyzer.Finding{
			{Code: "end", Title: map[string]string{"en": "The end"}, Start: end, End: end},
		}})
	}
	return out, nil
}

// Plan implements template.Template.
func (a *allround) Plan(context.Context, template.PlanRequest) (template.PlanResponse, error) {
	key := "shop"
	if a.fault == TemplateMoody {
		a.mu.Lock()
		a.plans++
		key += strconv.Itoa(a.plans)
		a.mu.Unlock()
	}
	return template.PlanResponse{Objects: []template.Object{{Kind: "label", Key: key, Object: map[string]string{"name": "Shop"}}}}, nil
}

// Handle implements route.Route.
func (a *allround) Handle(ctx context.Context, req route.Request) (route.Response, error) {
	entitled, err := a.env.For(req.Instance.ID).Licenses.Entitlement(ctx)
	if err == nil && entitled.State == "expired" && a.fault == RouteGreedy {
		return route.Response{}, fmt.Errorf("the license is %s", entitled.State)
	}
	return route.Response{Body: []byte("ok")}, nil
}

// now is the real clock.
func now() time.Time { return time.Now() }
