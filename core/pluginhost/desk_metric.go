package pluginhost

import (
	"context"

	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Figures takes the figures that plugins tell; telemetry.Metrics is one.
type Figures interface {
	// Figures takes all, or none when they are refused.
	Figures(plugin extension.PluginID, instance string, all []extension.Figure) error
}

// RecordMetrics takes figures of the plugin's own.
func (d *runtimeDesk) RecordMetrics(ctx context.Context, req *pluginv1.RecordMetricsRequest) (*pluginv1.RecordMetricsResponse, error) {
	all := make([]extension.Figure, 0, len(req.GetSamples()))
	for _, s := range req.GetSamples() {
		f := extension.Figure{Name: s.GetName(), Value: s.GetValue(), Labels: s.GetLabels()}
		switch s.GetKind() {
		case pluginv1.Sample_KIND_COUNTER:
			f.Kind = extension.Counter
		case pluginv1.Sample_KIND_GAUGE:
			f.Kind = extension.Gauge
		case pluginv1.Sample_KIND_DURATION:
			f.Kind = extension.Duration
		case pluginv1.Sample_KIND_UNSPECIFIED:
		}
		all = append(all, f)
	}
	if err := d.ports.Desks.Figures.Figures(extension.PluginID(d.id), req.GetInstanceId(), all); err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.RecordMetricsResponse{}, nil
}
