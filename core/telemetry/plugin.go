package telemetry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
)

// plugins are the figures that plugins tell, as one collector. It is bounded:
// so many names and series for each plugin, and a name means the same kind for
// all of them, since Prometheus gives nothing of a registry that disagrees with
// itself.
type plugins struct {
	registry *prometheus.Registry // to see which names are taken

	mu    sync.Mutex
	kinds map[string]extension.FigureKind
	books map[extension.PluginID]*figures
}

// figures are those of one plugin.
type figures struct {
	names  map[string]bool
	series map[string]*series
}

type series struct {
	name           string
	labels, values []string // plugin and instance first
	kind           extension.FigureKind
	value          float64
	count          uint64
	buckets        map[float64]uint64
}

// bounds of durations, in seconds.
func bounds() []float64 { return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60} }

// Figures takes what an instance of a plugin tells; what is beyond the limits
// is refused, and then none of it counts.
func (m *Metrics) Figures(plugin extension.PluginID, instance string, all []extension.Figure) error {
	if err := extension.CheckFigures(all); err != nil {
		return err
	}
	return m.plugins.take(plugin, instance, all)
}

func (p *plugins) take(plugin extension.PluginID, instance string, all []extension.Figure) error {
	taken, err := p.families(all)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	book := p.books[plugin]
	if book == nil {
		book = &figures{names: make(map[string]bool), series: make(map[string]*series)}
	}
	names, keys, kinds := maps.Clone(book.names), make(map[string]bool), make(map[string]extension.FigureKind)
	for _, f := range all {
		known, ok := p.kinds[f.Name]
		if again, now := kinds[f.Name]; !ok && now {
			known, ok = again, true
		}
		switch {
		case ok && known != f.Kind:
			return errs.New(errs.Conflict, "metric.kind", fmt.Sprintf("The figure %q is a %s already, of this plugin or of another.", f.Name, known))
		case !ok && taken[f.Name]:
			return errs.New(errs.Conflict, "metric.taken", fmt.Sprintf("The name %q is the core's own.", f.Name))
		}
		names[f.Name], kinds[f.Name] = true, f.Kind
		if key := keyOf(instance, f); book.series[key] == nil {
			keys[key] = true
		}
	}
	if len(names) > extension.MaxFigureNames {
		return extension.Full("names of figures", extension.MaxFigureNames)
	}
	if len(book.series)+len(keys) > extension.MaxFigureSeries {
		return extension.Full("figures", extension.MaxFigureSeries)
	}
	p.books[plugin], book.names = book, names
	maps.Copy(p.kinds, kinds)
	for _, f := range all {
		book.add(plugin, instance, f)
	}
	return nil
}

// families says which of the names that are new here the registry has already.
func (p *plugins) families(all []extension.Figure) (map[string]bool, error) {
	p.mu.Lock()
	fresh := slices.ContainsFunc(all, func(f extension.Figure) bool { return p.kinds[f.Name] == "" })
	p.mu.Unlock()
	if !fresh {
		return nil, nil
	}
	found, err := p.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	out := make(map[string]bool, len(found))
	for _, family := range found {
		out[strings.TrimPrefix(family.GetName(), extension.FigureNamePrefix)] = true
	}
	return out, nil
}

func keyOf(instance string, f extension.Figure) string {
	parts := []string{f.Name, instance}
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		parts = append(parts, name, f.Labels[name])
	}
	return strings.Join(parts, "\x00")
}

func (b *figures) add(plugin extension.PluginID, instance string, f extension.Figure) {
	key := keyOf(instance, f)
	s := b.series[key]
	if s == nil {
		s = &series{
			name: f.Name, kind: f.Kind, labels: []string{"plugin", "instance"}, values: []string{string(plugin), instance}, buckets: make(map[float64]uint64),
		}
		for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
			s.labels, s.values = append(s.labels, name), append(s.values, f.Labels[name])
		}
		b.series[key] = s
	}
	switch f.Kind {
	case extension.Gauge:
		s.value = f.Value
	case extension.Counter:
		s.value += f.Value
	case extension.Duration:
		s.value += f.Value
		s.count++
		for _, most := range bounds() {
			if f.Value <= most {
				s.buckets[most]++
			}
		}
	}
}

// Describe implements prometheus.Collector: what comes is not known beforehand.
func (p *plugins) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (p *plugins) Collect(out chan<- prometheus.Metric) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, book := range p.books {
		for _, s := range book.series {
			if m, err := s.metric(); err == nil { // all was checked
				out <- m
			}
		}
	}
}

func (s *series) metric() (prometheus.Metric, error) {
	desc := prometheus.NewDesc(extension.FigureNamePrefix+s.name, "A figure that a plugin tells.", s.labels, nil)
	switch s.kind {
	case extension.Counter:
		return prometheus.NewConstMetric(desc, prometheus.CounterValue, s.value, s.values...)
	case extension.Duration:
		return prometheus.NewConstHistogram(desc, s.count, s.value, maps.Clone(s.buckets), s.values...)
	default:
		return prometheus.NewConstMetric(desc, prometheus.GaugeValue, s.value, s.values...)
	}
}
