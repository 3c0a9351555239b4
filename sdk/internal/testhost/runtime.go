package testhost

import (
	"context"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Reported returns the reports of health.
func (h *Host) Reported() []*pluginv1.ReportHealthRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reported)
}

type runtime struct {
	pluginv1.UnimplementedHostRuntimeServiceServer
	*desk
}

// ReportHealth keeps the report, cut as people see it.
func (h *runtime) ReportHealth(_ context.Context, req *pluginv1.ReportHealthRequest) (*pluginv1.ReportHealthResponse, error) {
	const maxCode, maxDetail = 64, 500
	kept := proto.CloneOf(req)
	if kept.GetHealth() != nil {
		kept.Health.Code, kept.Health.Detail = cut(kept.GetHealth().GetCode(), maxCode), cut(kept.GetHealth().GetDetail(), maxDetail)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reported = append(h.reported, kept)
	return &pluginv1.ReportHealthResponse{}, nil
}

// Limits of figures.
const (
	maxFigures      = 100  // of a request
	maxFigureNames  = 50   // of a plugin
	maxFigureSeries = 1000 // of a plugin
	maxLabels       = 5
	maxFigureName   = 80  // bytes
	maxLabelValue   = 100 // bytes
)

// Figure is what was told under a name, with labels, for an instance.
type Figure struct {
	Instance string
	Name     string
	Kind     pluginv1.Sample_Kind
	Labels   map[string]string
	Value    float64 // of a counter and of durations the sum, of a gauge the last one
	Count    int     // how often it was told
}

type figures struct {
	kinds  map[string]pluginv1.Sample_Kind
	series map[string]*Figure
}

func newFigures() figures {
	return figures{kinds: make(map[string]pluginv1.Sample_Kind), series: make(map[string]*Figure)}
}

// Figures returns what was counted, by name, instance and labels.
func (h *Host) Figures() []Figure {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Figure
	for _, key := range slices.Sorted(maps.Keys(h.figures.series)) {
		f := *h.figures.series[key]
		f.Labels = maps.Clone(f.Labels)
		out = append(out, f)
	}
	return out
}

// RecordMetrics takes all samples, or none.
func (h *runtime) RecordMetrics(_ context.Context, req *pluginv1.RecordMetricsRequest) (*pluginv1.RecordMetricsResponse, error) {
	if err := checkSamples(req.GetSamples()); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kinds, fresh := maps.Clone(h.figures.kinds), make(map[string]bool)
	for _, s := range req.GetSamples() {
		if known, ok := kinds[s.GetName()]; ok && known != s.GetKind() {
			return nil, conflict("metric.kind", fmt.Sprintf("The figure %q is a %s already, of this plugin or of another.", s.GetName(), kindName(known)))
		}
		kinds[s.GetName()] = s.GetKind()
		if key := seriesOf(req.GetInstanceId(), s); h.figures.series[key] == nil {
			fresh[key] = true
		}
	}
	if len(kinds) > maxFigureNames {
		return nil, full("names of figures", maxFigureNames)
	}
	if len(h.figures.series)+len(fresh) > maxFigureSeries {
		return nil, full("figures", maxFigureSeries)
	}
	h.figures.kinds = kinds
	for _, s := range req.GetSamples() {
		h.figures.add(req.GetInstanceId(), s)
	}
	return &pluginv1.RecordMetricsResponse{}, nil
}

func (f *figures) add(instance string, s *pluginv1.Sample) {
	key := seriesOf(instance, s)
	one := f.series[key]
	if one == nil {
		one = &Figure{Instance: instance, Name: s.GetName(), Kind: s.GetKind(), Labels: maps.Clone(s.GetLabels())}
		f.series[key] = one
	}
	one.Count++
	if s.GetKind() == pluginv1.Sample_KIND_GAUGE {
		one.Value = s.GetValue()
		return
	}
	one.Value += s.GetValue()
}

func seriesOf(instance string, s *pluginv1.Sample) string {
	parts := []string{s.GetName(), instance}
	for _, name := range slices.Sorted(maps.Keys(s.GetLabels())) {
		parts = append(parts, name, s.GetLabels()[name])
	}
	return strings.Join(parts, "\x00")
}

func kindName(k pluginv1.Sample_Kind) string {
	return strings.ToLower(strings.TrimPrefix(k.String(), "KIND_"))
}

func checkSamples(all []*pluginv1.Sample) error {
	if len(all) == 0 || len(all) > maxFigures {
		return wrong("samples", fmt.Sprintf("must be 1 to %d", maxFigures))
	}
	word := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for i, s := range all {
		if err := checkSample(fmt.Sprintf("samples/%d/", i), s, word); err != nil {
			return err
		}
	}
	return nil
}

func checkSample(at string, s *pluginv1.Sample, word *regexp.Regexp) error {
	gauge := s.GetKind() == pluginv1.Sample_KIND_GAUGE
	switch {
	case !word.MatchString(s.GetName()) || len(s.GetName()) > maxFigureName:
		return wrong(at+"name", "must be lower-case words joined by underscores, of at most 80 bytes")
	case strings.HasSuffix(s.GetName(), "_bucket"), strings.HasSuffix(s.GetName(), "_count"), strings.HasSuffix(s.GetName(), "_sum"):
		return wrong(at+"name", "must not end in "+s.GetName()[strings.LastIndex(s.GetName(), "_"):])
	case s.GetKind() < pluginv1.Sample_KIND_COUNTER || s.GetKind() > pluginv1.Sample_KIND_DURATION:
		return wrong(at+"kind", "must be a counter, a gauge or a duration")
	case math.IsNaN(s.GetValue()) || math.IsInf(s.GetValue(), 0) || s.GetValue() < 0 && !gauge:
		return wrong(at+"value", "must be a number, and of a counter or a duration not negative")
	case len(s.GetLabels()) > maxLabels:
		return wrong(at+"labels", fmt.Sprintf("has more than %d entries", maxLabels))
	}
	for name, value := range s.GetLabels() {
		if !word.MatchString(name) || len(name) > maxFigureName || slices.Contains([]string{"plugin", "instance", "le"}, name) {
			return wrong(at+"labels", "has a name that is not lower-case words joined by underscores, or is plugin, instance or le")
		}
		if len(value) > maxLabelValue || !utf8.ValidString(value) {
			return wrong(at+"labels/"+name, fmt.Sprintf("must be text of at most %d bytes", maxLabelValue))
		}
	}
	return nil
}
