package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/core/wire"
)

// templateBody is an industry template that is installed, or in use.
type templateBody struct {
	Plugin    string            `json:"plugin"`
	Name      string            `json:"name" doc:"In the plugin."`
	Version   string            `json:"version,omitempty" doc:"That is installed; absent when the plugin is not installed any more."`
	Title     map[string]string `json:"title" doc:"By locale; \"en\" is there whenever the plugin is."`
	Summary   map[string]string `json:"summary"`
	Locales   []string          `json:"locales" doc:"It can be applied in."`
	Questions rawObject         `json:"questions,omitempty" doc:"JSON Schema of the answers."`
	Applied   *templateInUse    `json:"applied,omitempty"`
}

// templateInUse is a template that was applied.
type templateInUse struct {
	Version   string    `json:"version"`
	Locale    string    `json:"locale"`
	Answers   rawObject `json:"answers,omitempty"`
	State     string    `json:"state" enum:"applying,applied,incomplete" doc:"applying: now, or it was cut off; apply it again."`
	AppliedAt time.Time `json:"applied_at"`
	MemberID  string    `json:"member_id,omitempty" doc:"Absent: by an API key."`
}

func templateOf(o template.Offer) templateBody {
	out := templateBody{
		Plugin: o.Plugin, Name: o.Name, Version: o.Version, Title: o.Title, Summary: o.Summary,
		Locales: append([]string{}, o.Locales...), Questions: rawObject(o.Questions),
	}
	if i := o.Install; i != nil {
		out.Applied = &templateInUse{
			Version: i.Version, Locale: i.Ask.Locale, Answers: rawObject(i.Ask.Answers), State: string(i.State),
			AppliedAt: wire.Stamp(i.AppliedAt), MemberID: string(i.By),
		}
	}
	return out
}

// templatePlan is what applying or removing a template would do, or did.
type templatePlan struct {
	Version string           `json:"version,omitempty" doc:"That is applied; absent of a removal."`
	From    string           `json:"from,omitempty" doc:"The version in use."`
	Hash    string           `json:"hash" doc:"Of this plan: to apply it and no other."`
	Changes []templateChange `json:"changes" nullable:"false"`
}

// templateChange is what becomes of one object.
type templateChange struct {
	Kind   string          `json:"kind" doc:"team, label, attribute, canned_reply, ticket_type or view."`
	Key    string          `json:"key" doc:"In the template."`
	ID     string          `json:"id,omitempty" doc:"In the workspace."`
	Op     string          `json:"op" enum:"create,update,delete,keep"`
	Reason string          `json:"reason" enum:"new,template_changed,gone_from_template,removed,unchanged,exists_already,changed_by_person,deleted_by_person,needs"`
	Before rawObject       `json:"before,omitempty" doc:"A JSON object: as the workspace has it."`
	After  rawObject       `json:"after,omitempty" doc:"As it will be. \"ref:<kind>/<key>\" stands for an object that is made first."`
	Fields []templateField `json:"fields,omitempty" doc:"Those that the template changes, and those that a person changed."`
}

// templateField is one part of an object.
type templateField struct {
	Name string `json:"name"`
	Kept bool   `json:"kept,omitempty" doc:"A person changed it: it stays."`
}

// templateOutcome is what became of a plan.
type templateOutcome struct {
	State  string            `json:"state" enum:"applied,incomplete"`
	Failed []templateFailure `json:"failed" nullable:"false"`
}

// templateFailure is an object that was refused.
type templateFailure struct {
	Kind   string `json:"kind"`
	Key    string `json:"key"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func templatePlanOf(p template.Plan) templatePlan {
	out := templatePlan{Version: p.Version, From: p.From, Hash: p.Hash, Changes: make([]templateChange, len(p.Changes))}
	for i, c := range p.Changes {
		change := templateChange{
			Kind: c.Kind, Key: c.Key, ID: c.ID, Op: string(c.Op), Reason: string(c.Reason), Before: rawObject(c.Before), After: rawObject(c.After),
		}
		for _, f := range c.Fields {
			change.Fields = append(change.Fields, templateField(f))
		}
		out.Changes[i] = change
	}
	return out
}

func templateOutcomeOf(o template.Outcome) templateOutcome {
	out := templateOutcome{State: string(o.State), Failed: make([]templateFailure, len(o.Failed))}
	for i, f := range o.Failed {
		out.Failed[i] = templateFailure(f)
	}
	return out
}

func (s *Server) templateRoutes() {
	base, tags := apiPrefix+"/workspaces/{workspace}/templates", []string{"templates"}
	one := base + "/{publisher}/{name}/{template}"
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base, Summary: "List industry templates", Tags: tags,
		Description: "Those of the installed plugins, and those in use whose plugin is not installed any more.",
	},
		identity.PluginRead, s.listTemplates)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/plan", Summary: "See what applying a template would do", Tags: tags,
		DefaultStatus: http.StatusOK, Description: "Nothing is changed.",
	},
		identity.PluginManage, s.planTemplate)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/apply", Summary: "Apply a template, or a newer version of it", Tags: tags,
		DefaultStatus: http.StatusOK,
		Description:   "As the plan with this hash says. What a person made or changed is never touched. Objects that are refused (a limit, a name that is taken) are told, and the others are made; applying again goes on with them.",
	},
		identity.PluginManage, s.applyTemplate)
	member(s, huma.Operation{Method: http.MethodGet, Path: one + "/removal", Summary: "See what removing a template would do", Tags: tags},
		identity.PluginManage, s.planRemoval)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/removal", Summary: "Remove a template", Tags: tags,
		DefaultStatus: http.StatusOK,
		Description:   "What the template made and nobody changed is deleted; the rest stays and is people's own. What cannot be deleted is told, and the template stays in use until it can.",
	},
		identity.PluginManage, s.removeTemplate)
}

// TemplatePath names a template.
type TemplatePath struct {
	PluginPath
	Template string `path:"template"`
}

func (p TemplatePath) ref() template.Ref {
	return template.Ref{Plugin: string(p.id()), Name: p.Template}
}

func (s *Server) listTemplates(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[templateBody]], error) {
	offers, err := s.Templates.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[templateBody]]{Body: list[templateBody]{Items: make([]templateBody, len(offers))}}
	for i, o := range offers {
		out.Body.Items[i] = templateOf(o)
	}
	return out, nil
}

// TemplateAsk is how somebody wants a template.
type TemplateAsk struct {
	Locale  string          `json:"locale" doc:"One of the template's."`
	Answers json.RawMessage `json:"answers,omitempty" doc:"A JSON object that the questions accept; defaults stand for what is absent."`
}

func (a TemplateAsk) domain() template.Ask {
	return template.Ask{Locale: a.Locale, Answers: a.Answers}
}

type planTemplateInput struct {
	TemplatePath
	Body TemplateAsk
}

func (s *Server) planTemplate(ctx context.Context, scope identity.Scope, in *planTemplateInput) (*body[templatePlan], error) {
	return asOne(templatePlanOf)(s.Templates.Plan(ctx, scope, in.ref(), in.Body.domain()))
}

type applyTemplateInput struct {
	TemplatePath
	Body struct {
		TemplateAsk
		Hash string `json:"hash" doc:"Of the plan that was looked at."`
	}
}

func (s *Server) applyTemplate(ctx context.Context, scope identity.Scope, in *applyTemplateInput) (*body[templateOutcome], error) {
	return asOne(templateOutcomeOf)(s.Templates.Apply(ctx, scope, in.ref(), in.Body.domain(), in.Body.Hash))
}

func (s *Server) planRemoval(ctx context.Context, scope identity.Scope, in *TemplatePath) (*body[templatePlan], error) {
	return asOne(templatePlanOf)(s.Templates.PlanRemoval(ctx, scope, in.ref()))
}

type removeTemplateInput struct {
	TemplatePath
	Body struct {
		Hash string `json:"hash" doc:"Of the plan that was looked at."`
	}
}

func (s *Server) removeTemplate(ctx context.Context, scope identity.Scope, in *removeTemplateInput) (*body[templateOutcome], error) {
	return asOne(templateOutcomeOf)(s.Templates.Remove(ctx, scope, in.ref(), in.Body.Hash))
}
