package bridge

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// ListTemplates asks the author.
func (s *channelService) ListTemplates(ctx context.Context, req *pluginv1.ListTemplatesRequest) (*pluginv1.ListTemplatesResponse, error) {
	templater, able := s.can().Channel.(channel.Templater)
	out := &pluginv1.ListTemplatesResponse{}
	err := s.call(ctx, "Templates", req.GetInstanceId(), able, func(in instance.Instance) error {
		answer, err := templater.Templates(ctx, channel.TemplatesRequest{Instance: in, After: req.GetAfter()})
		if err == nil && len(answer.Next) > maxNext {
			err = errs.Reject(codeTooLarge, "the place where a list of templates goes on has at most 1,024 bytes")
		}
		out.Next = answer.Next
		for _, t := range answer.Templates {
			out.Templates = append(out.Templates, TemplateTo(t))
		}
		return err
	})
	return out, err
}

// TemplateTo is a template on the wire.
func TemplateTo(t channel.Template) *pluginv1.MessageTemplate {
	out := &pluginv1.MessageTemplate{
		Id: t.ID, Language: t.Language, Name: t.Name, Category: t.Category, Header: t.Header, Text: t.Text, Footer: t.Footer,
		Buttons: t.Buttons, File: t.File, Unusable: t.Unusable,
	}
	for _, f := range t.Fields {
		out.Fields = append(out.Fields, &pluginv1.TemplateField{
			Name: f.Name, Label: f.Label, Example: f.Example, MaxLength: uint32(max(f.MaxLength, 0)), Optional: f.Optional, //nolint:gosec // judged by the host
		})
	}
	return out
}

// Template words a template.
func Template(t *pluginv1.MessageTemplate) channel.Template {
	out := channel.Template{
		ID: t.GetId(), Language: t.GetLanguage(), Name: t.GetName(), Category: t.GetCategory(), Header: t.GetHeader(), Text: t.GetText(),
		Footer: t.GetFooter(), Buttons: t.GetButtons(), File: t.GetFile(), Unusable: t.GetUnusable(),
	}
	for _, f := range t.GetFields() {
		out.Fields = append(out.Fields, channel.TemplateField{
			Name: f.GetName(), Label: f.GetLabel(), Example: f.GetExample(), MaxLength: int(f.GetMaxLength()), Optional: f.GetOptional(),
		})
	}
	return out
}

func templateUseOf(t *pluginv1.TemplateUse) *channel.TemplateUse {
	if t == nil {
		return nil
	}
	return &channel.TemplateUse{ID: t.GetId(), Language: t.GetLanguage(), Values: t.GetValues()}
}

func templateUseTo(t *channel.TemplateUse) *pluginv1.TemplateUse {
	if t == nil {
		return nil
	}
	return &pluginv1.TemplateUse{Id: t.ID, Language: t.Language, Values: t.Values}
}
