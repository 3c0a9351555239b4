package pluginhost

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// MessageTemplates implements channel.FarSide.
func (h *Host) MessageTemplates(ctx context.Context, inbox channel.Inbox, after string) (channel.TemplatePage, error) {
	s, session, err := h.calling(inbox.Plugin)
	if err != nil {
		return channel.TemplatePage{}, err
	}
	defer session.calls.end()
	answer, err := session.channel.ListTemplates(ctx, &pluginv1.ListTemplatesRequest{InstanceId: string(inbox.ID), After: after})
	switch {
	case err != nil && status.Code(err) == codes.Unimplemented:
		return channel.TemplatePage{}, errs.Wrap(err, errs.Invalid, "template.unable", "The plugin says that its channel has templates, and cannot list them.")
	case err != nil && status.Code(err) == codes.Unavailable && !session.died(ctx, err):
		s.log.WarnContext(ctx, "a plugin could not list templates", "inbox", string(inbox.ID), "error", err)
		return channel.TemplatePage{}, errs.Wrap(err, errs.Unavailable, extension.CodeNoAnswer, "The plugin could not list them: "+words(err))
	case err != nil:
		return channel.TemplatePage{}, s.told(ctx, session, "ListTemplates", err)
	case len(answer.GetNext()) > maxNext:
		return channel.TemplatePage{}, h.badAnswer(ctx, extension.PluginID(inbox.Plugin), "ListTemplates", "the place to go on from has at most 1,024 bytes.")
	}
	out := channel.TemplatePage{Next: answer.GetNext()}
	for _, t := range answer.GetTemplates() {
		if fault := t.Fault(); fault != "" {
			out.Refused = append(out.Refused, channel.RefusedTemplate{ID: cut(t.GetId(), maxName), Language: cut(t.GetLanguage(), maxCode), Reason: fault})
			continue
		}
		out.Templates = append(out.Templates, templateOf(t))
	}
	return out, nil
}

// templateOf reads a template that is sound. What no database keeps is left out.
func templateOf(t *pluginv1.MessageTemplate) channel.Template {
	whole := func(s string) string { return cut(s, len(s)) }
	out := channel.Template{
		ID: t.GetId(), Language: t.GetLanguage(), Name: whole(t.GetName()), Category: whole(t.GetCategory()), Header: whole(t.GetHeader()),
		Text: whole(t.GetText()), Footer: whole(t.GetFooter()), File: t.GetFile(), Unusable: whole(t.GetUnusable()),
	}
	for _, b := range t.GetButtons() {
		out.Buttons = append(out.Buttons, whole(b))
	}
	for _, f := range t.GetFields() {
		out.Fields = append(out.Fields, channel.TemplateField{
			Name: f.GetName(), Label: whole(f.GetLabel()), Example: whole(f.GetExample()), MaxLength: int(f.GetMaxLength()), Optional: f.GetOptional(),
		})
	}
	return out
}

func templateUseTo(t *channel.TemplateUse) *pluginv1.TemplateUse {
	if t == nil {
		return nil
	}
	return &pluginv1.TemplateUse{Id: t.ID, Language: t.Language, Values: t.Values}
}
