package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	sdktemplate "github.com/patchbay-im/patchbay/sdk/template"
	"github.com/patchbay-im/patchbay/sdk/template/files"
)

// templatesFolder is where a bundle has the folders of its templates.
const templatesFolder = "templates"

// Templates lists the templates of the installed plugins, by plugin and name.
// One whose files are broken is listed in English alone: applying it says what
// is wrong.
func (h *Host) Templates() []template.Meta {
	var out []template.Meta
	for _, s := range h.order {
		p := s.installed()
		if p.fault != "" {
			continue
		}
		for _, t := range p.manifest.Templates {
			m := template.Meta{
				Ref: template.Ref{Plugin: p.manifest.ID, Name: t.Name}, Version: p.manifest.Version,
				Title: t.Title, Summary: t.Summary, Locales: []string{"en"},
			}
			if read, err := p.template(t); err == nil {
				m.Locales, m.Questions = read.Locales(), json.RawMessage(read.Questions())
			}
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b template.Meta) int {
		return strings.Compare(a.Plugin+" "+a.Name, b.Plugin+" "+b.Name)
	})
	return out
}

// template reads a template's folder.
func (p installed) template(t manifest.Template) (*files.Template, error) {
	root, err := os.OpenRoot(filepath.Join(p.folder, templatesFolder))
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only read
	folder, err := fs.Sub(root.FS(), t.Path)
	if err != nil {
		return nil, err
	}
	return files.Read(folder)
}

// Objects returns what a template makes: what its files say, or its process
// when the plugin serves the ability.
func (h *Host) Objects(ctx context.Context, ref template.Ref, ask template.Ask) ([]template.Object, error) {
	s, installed := h.byID[channel.PluginID(ref.Plugin)]
	if !installed {
		return nil, errs.Absent()
	}
	p := s.installed()
	n := slices.IndexFunc(p.manifest.Templates, func(t manifest.Template) bool { return t.Name == ref.Name })
	if n < 0 {
		return nil, errs.Absent()
	}
	if session := s.session.Load(); session != nil && session.ready.Load() && session.abilities[pluginv1.AbilityTemplate] {
		return s.planTemplate(ctx, session, ref, ask)
	}
	read, err := p.template(p.manifest.Templates[n])
	if err != nil {
		return nil, s.brokenTemplate(ctx, ref, err)
	}
	objects, problems, err := read.Plan(ask.Locale, ask.Answers)
	if err != nil {
		return nil, s.brokenTemplate(ctx, ref, err)
	}
	var r errs.Refusals
	for _, problem := range problems {
		r.Refuse("/answers"+problem.Pointer, "invalid", problem.Message)
	}
	if err := r.Refused("template.invalid", "Some answers are not accepted."); err != nil {
		return nil, err
	}
	return objectsOf(objects)
}

func objectsOf(objects []sdktemplate.Object) ([]template.Object, error) {
	out := make([]template.Object, len(objects))
	for i, o := range objects {
		value, err := json.Marshal(o.Object)
		if err != nil {
			return nil, err
		}
		out[i] = template.Object{Kind: o.Kind, Key: o.Key, Value: value}
	}
	return out, nil
}

// brokenTemplate is the answer about a template that cannot be read: the
// faults are in the log.
func (s *supervisor) brokenTemplate(ctx context.Context, ref template.Ref, err error) error {
	s.log.ErrorContext(ctx, "a template is broken", "template", ref.Name, "error", err)
	first := err.Error()
	if broken, ok := errors.AsType[*files.Error](err); ok {
		first = broken.Faults[0]
	}
	return errs.Wrap(err, errs.Unavailable, "template.broken", "The template is broken: "+cut(first, maxDetail)+". Tell its author.")
}

// planTemplate asks the plugin's process.
func (s *supervisor) planTemplate(ctx context.Context, of *session, ref template.Ref, ask template.Ask) ([]template.Object, error) {
	answer, err := pluginv1.NewTemplateServiceClient(of.process.Conn()).PlanTemplate(ctx, &pluginv1.PlanTemplateRequest{
		Template: ref.Name, Answers: ask.Answers, Locale: ask.Locale,
	})
	if err != nil {
		return nil, s.failed(ctx, "PlanTemplate", err)
	}
	out := make([]template.Object, len(answer.GetObjects()))
	for i, o := range answer.GetObjects() {
		out[i] = template.Object{Kind: cut(o.GetKind(), maxCode), Key: cut(o.GetKey(), maxCode), Value: o.GetObject()}
	}
	return out, nil
}
