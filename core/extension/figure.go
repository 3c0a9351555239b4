package extension

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of figures.
const (
	MaxFigures       = 100  // of one request
	MaxFigureNames   = 50   // of a plugin
	MaxFigureSeries  = 1000 // of a plugin: combinations of name, instance and labels
	MaxFigureLabels  = 5
	maxFigureName    = 80
	maxLabelValue    = 100 // bytes
	FigureNamePrefix = "patchbay_plugin_"
)

// FigureKind says what a figure's value means.
type FigureKind string

// The kinds.
const (
	Counter  FigureKind = "counter"  // is added
	Gauge    FigureKind = "gauge"    // replaces what was there
	Duration FigureKind = "duration" // seconds; observed
)

// Figure is one value that a plugin tells for the metrics.
type Figure struct {
	Name   string
	Kind   FigureKind
	Value  float64
	Labels map[string]string
}

// CheckFigures refuses figures that no metrics can have.
func CheckFigures(all []Figure) error {
	if len(all) == 0 || len(all) > MaxFigures {
		return refused("samples", fmt.Sprintf("must be 1 to %d", MaxFigures))
	}
	word := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	for i, f := range all {
		at := fmt.Sprintf("samples/%d/", i)
		if err := errors.Join(f.check(at, word), checkLabels(at, f.Labels, word)); err != nil {
			return err
		}
	}
	return nil
}

func (f Figure) check(at string, word *regexp.Regexp) error {
	if !word.MatchString(f.Name) || len(f.Name) > maxFigureName {
		return refused(at+"name", "must be lower-case words joined by underscores, of at most 80 bytes")
	}
	for _, end := range []string{"_bucket", "_count", "_sum"} { // Prometheus adds these itself
		if strings.HasSuffix(f.Name, end) {
			return refused(at+"name", "must not end in "+end)
		}
	}
	if !slices.Contains([]FigureKind{Counter, Gauge, Duration}, f.Kind) {
		return refused(at+"kind", "must be a counter, a gauge or a duration")
	}
	if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) || f.Value < 0 && f.Kind != Gauge {
		return refused(at+"value", "must be a number, and of a counter or a duration not negative")
	}
	return nil
}

func checkLabels(at string, labels map[string]string, word *regexp.Regexp) error {
	if len(labels) > MaxFigureLabels {
		return refused(at+"labels", fmt.Sprintf("has more than %d entries", MaxFigureLabels))
	}
	for name, value := range labels {
		if !word.MatchString(name) || len(name) > maxFigureName || name == "plugin" || name == "instance" || name == "le" {
			return refused(at+"labels", "has a name that is not lower-case words joined by underscores, or is plugin, instance or le")
		}
		if len(value) > maxLabelValue || !utf8.ValidString(value) {
			return refused(at+"labels/"+name, fmt.Sprintf("must be text of at most %d bytes", maxLabelValue))
		}
	}
	return nil
}
