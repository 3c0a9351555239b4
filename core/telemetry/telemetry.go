// Package telemetry is what the process tells about itself: logs by slog and
// metrics in Prometheus' text form. Other packages count through the small
// functions here and never see Prometheus.
package telemetry

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/patchbay-im/patchbay/core/extension"
)

// Logger returns the process's logger. level is debug, info, warn or error;
// format is text or json.
func Logger(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil { // config has checked it
		l = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Metrics is the process's counters. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	sockets  *prometheus.GaugeVec
	frames   *prometheus.CounterVec
	closes   *prometheus.CounterVec
	feed     prometheus.Counter
	media    *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	keeper   keeper
	plugins  plugins
}

// NewMetrics returns empty metrics with the runtime's own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_http_requests_total", Help: "HTTP requests by method, route and status.",
		}, []string{"method", "route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "patchbay_http_request_duration_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route"}),
		sockets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "patchbay_live_connections", Help: "Open WebSockets by kind.",
		}, []string{"kind"}),
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_live_frames_total", Help: "WebSocket frames by direction.",
		}, []string{"direction"}),
		closes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_live_closes_total", Help: "WebSockets that the server closed, by close code.",
		}, []string{"code"}),
		feed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "patchbay_feed_events_total", Help: "Committed events handed to observers.",
		}),
		media: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_media_total", Help: "What happened to files of messages: begun, received (pieces), finished_<kind>, not_drawn, served, cancelled, swept, orphans, missing.",
		}, []string{"what"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "patchbay_media_bytes_total", Help: "Bytes of files received, finished and served.",
		}, []string{"what"}),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "patchbay_build_info", Help: "The running version."}, []string{"version"})
	info.WithLabelValues(version).Set(1)
	m.registry.MustRegister(m.requests, m.latency, m.sockets, m.frames, m.closes, &m.keeper, m.feed, m.media, m.bytes, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.plugins = plugins{registry: m.registry, kinds: make(map[string]extension.FigureKind), books: make(map[extension.PluginID]*figures)}
	m.registry.MustRegister(&m.plugins)
	// What has not happened yet is 0, not absent: an alert compares it.
	for _, kind := range []string{"member", "visitor"} {
		m.sockets.WithLabelValues(kind).Set(0)
	}
	m.closes.WithLabelValues("1000").Add(0)
	for _, direction := range []string{"in", "out"} {
		m.frames.WithLabelValues(direction).Add(0)
	}
	return m
}

// Request counts an answered request.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(route).Observe(took.Seconds())
}

// Connections moves the number of open sockets of a kind.
func (m *Metrics) Connections(kind string, delta int) {
	m.sockets.WithLabelValues(kind).Add(float64(delta))
}

// Frames counts frames in one direction: "in" or "out".
func (m *Metrics) Frames(direction string, n int) {
	m.frames.WithLabelValues(direction).Add(float64(n))
}

// Closed counts a socket that the server closed.
func (m *Metrics) Closed(code int) { m.closes.WithLabelValues(strconv.Itoa(code)).Inc() }

// Events counts committed events handed to observers.
func (m *Metrics) Events(n int) { m.feed.Add(float64(n)) }

// Media counts n things that happened to files of messages, with their bytes.
func (m *Metrics) Media(what string, n int, size int64) {
	m.media.WithLabelValues(what).Add(float64(n))
	if size > 0 {
		m.bytes.WithLabelValues(what).Add(float64(size))
	}
}

// Text renders the metrics in Prometheus' text form.
func (m *Metrics) Text() (text []byte, contentType string, err error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, "", fmt.Errorf("gather metrics: %w", err)
	}
	var b bytes.Buffer
	format := expfmt.NewFormat(expfmt.TypeTextPlain)
	enc := expfmt.NewEncoder(&b, format)
	for _, f := range families {
		if err := enc.Encode(f); err != nil {
			return nil, "", fmt.Errorf("render metrics: %w", err)
		}
	}
	return b.Bytes(), string(format), nil
}
