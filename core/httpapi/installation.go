package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/system"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Operation is what whoever runs the installation asks it for.
type Operation struct {
	Service *system.Service
	Passes  *system.Passes
	// Live is what only this process knows.
	Live func(ctx context.Context) system.Live
	// Pack makes a support bundle, for the command line.
	Pack func(ctx context.Context) ([]byte, error)
}

// Paths of the command line, which shows a pass made from the master key.
const (
	OperatorLive   = "/operator/live"
	OperatorBundle = "/operator/bundle"
	TrialPath      = apiPrefix + "/trial/" // and a pass
)

// sayBody is a sentence of what is, and one of what to do.
type sayBody struct {
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
	Doc  string `json:"doc,omitempty" doc:"Page of the documentation with more, below docs/."`
}

// findingBody is one thing that was looked at.
type findingBody struct {
	Code  string             `json:"code" example:"disk.full"`
	Area  string             `json:"area"`
	Level string             `json:"level" enum:"ok,warning,problem"`
	Title map[string]string  `json:"title" doc:"The area's name, by locale."`
	Say   map[string]sayBody `json:"say" doc:"By locale: en, zh-CN."`
}

// reportBody is an examination of the installation.
type reportBody struct {
	At       time.Time     `json:"at"`
	Version  string        `json:"version,omitempty"`
	Level    string        `json:"level" enum:"ok,warning,problem" doc:"The worst."`
	Partial  bool          `json:"partial" doc:"This workspace does not run the installation: it is told how each part is, and no more."`
	Findings []findingBody `json:"findings"`
}

func reportOf(r system.Report) reportBody {
	out := reportBody{At: wire.Stamp(r.At), Version: r.Version, Level: string(r.Level()), Partial: r.Partial, Findings: make([]findingBody, len(r.Findings))}
	for i, f := range r.Findings {
		b := findingBody{Code: f.Code, Area: string(f.Area), Level: string(f.Level), Title: map[string]string{}, Say: map[string]sayBody{}}
		for _, l := range system.Locales() {
			b.Title[string(l)] = f.Area.Title(l)
			b.Say[string(l)] = sayBody(f.In(l))
		}
		out.Findings[i] = b
	}
	return out
}

// itemBody is a file of a support bundle.
type itemBody struct {
	Name string `json:"name"`
	Size int    `json:"size" doc:"Bytes."`
	Text string `json:"text" doc:"All of it, for reading before it is sent."`
}

// trialTicketBody is what a browser needs to try the public address.
type trialTicketBody struct {
	Path      string    `json:"path" doc:"Open a WebSocket at this path with /socket after it, then ask the path itself what was heard."`
	PublicURL string    `json:"public_url"`
	Now       time.Time `json:"now" doc:"The server's clock."`
}

// trialBody is what the server heard of a trial.
type trialBody struct {
	Patchbay bool   `json:"patchbay"`
	Arrived  bool   `json:"arrived" doc:"The request for a WebSocket reached the server."`
	Upgrade  bool   `json:"upgrade" doc:"... with its headers Upgrade and Connection."`
	Opened   bool   `json:"opened" doc:"It was answered 101."`
	Spoke    bool   `json:"spoke" doc:"Something came through it."`
	Code     string `json:"code,omitempty" doc:"Why it was refused."`
	Host     string `json:"host,omitempty" doc:"The name it was asked by."`
	Origin   string `json:"origin,omitempty"`
}

func (s *Server) installationRoutes() {
	base, tags := apiPrefix+"/workspaces/{workspace}/system", []string{"system"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base, Summary: "Examine the installation", Tags: tags,
		Description: "Database, disk, backups, public address, plugins and more, each in a sentence. Takes up to some seconds.",
	}, identity.SystemRead, func(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[reportBody], error) {
		r, err := s.Operation.Service.Report(ctx, scope)
		if err != nil {
			return nil, err
		}
		return &body[reportBody]{reportOf(r)}, nil
	})
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/trial", Summary: "Prepare a trial of the public address", Tags: tags,
		Description: "The path holds a pass that is good for two minutes.",
	}, identity.SystemRead, func(context.Context, identity.Scope, *WorkspacePath) (*body[trialTicketBody], error) {
		return &body[trialTicketBody]{trialTicketBody{
			Path: TrialPath + s.Operation.Passes.Issue(system.ForTrial), PublicURL: s.BaseURL, Now: s.Now().UTC().Truncate(time.Millisecond),
		}}, nil
	})
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/bundle/contents", Summary: "See what a support bundle would hold", Tags: tags,
	}, identity.SystemRead, s.bundleContents)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/bundle", Summary: "Download a support bundle", Tags: tags,
		Description: "A zip file of versions, settings without secrets, this report, recent log records, metrics, plugin states, migrations and row counts. No texts of customers, no secrets.",
	}, identity.SystemRead, s.bundle)
	s.trialRoutes()
	s.operator(OperatorLive, func(c *fiber.Ctx) error {
		writeJSON(c, s.Operation.Live(c.UserContext()))
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return nil
	})
	s.operator(OperatorBundle, func(c *fiber.Ctx) error {
		out, err := s.Operation.Pack(c.UserContext())
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "application/zip")
		return c.Send(out)
	})
}

func (s *Server) bundleContents(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[itemBody]], error) {
	items, err := s.Operation.Service.Contents(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := list[itemBody]{Items: make([]itemBody, len(items))}
	for i, item := range items {
		out.Items[i] = itemBody(item)
	}
	return &body[list[itemBody]]{out}, nil
}

func (s *Server) bundle(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*download, error) {
	out, err := s.Operation.Service.Bundle(ctx, scope)
	if err != nil {
		return nil, err
	}
	return &download{
		ContentType: "application/zip", Disposition: `attachment; filename="patchbay-support-` + s.Now().UTC().Format("20060102-150405") + `.zip"`,
		Policy: inertMedia, Body: out,
	}, nil
}

// operator registers a route of the command line of this machine: it shows a
// pass made from the master key, so whoever asks owns the installation anyway.
func (s *Server) operator(path string, h fiber.Handler) {
	s.get(path, accessOperator, func(c *fiber.Ctx) error {
		pass, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
		if !ok || !s.Operation.Passes.Check(system.ForOperator, pass) {
			return errs.Absent()
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return h(c)
	})
}

// trialRoutes are what the public address is tried with: the pass in the path
// is all that is needed, and opens nothing.
func (s *Server) trialRoutes() {
	s.trials = system.NewTrials(s.Now)
	register(s, huma.Operation{
		Method: http.MethodGet, Path: TrialPath + "{pass}", Summary: "What was heard of a trial of the public address", Tags: []string{"system"},
	}, accessPublic, func(_ context.Context, in *trialInput) (*body[trialBody], error) {
		if !s.Operation.Passes.Check(system.ForTrial, in.Pass) {
			return nil, errs.Absent()
		}
		h := s.trials.Of(in.Pass)
		return &body[trialBody]{trialBody{
			Patchbay: true, Arrived: h.Arrived, Upgrade: h.Upgrade, Opened: h.Opened, Spoke: h.Spoke, Code: h.Code, Host: h.Host, Origin: h.Origin,
		}}, nil
	})
	s.socket(TrialPath+"{pass}/socket", accessPublic, "A WebSocket that tries the public address: three frames, then its end", s.trialSocket)
}

type trialInput struct {
	Pass string `path:"pass" maxLength:"200"`
}

// trialSocket notes what arrived, then sends three frames: one at once, one as
// an answer, one after a pause that shows whether something holds them back.
func (s *Server) trialSocket(c *fiber.Ctx) error {
	pass := c.Params("pass")
	if !s.Operation.Passes.Check(system.ForTrial, pass) {
		return errs.Absent()
	}
	s.trials.Note(pass, func(h *system.Heard) {
		h.Arrived, h.Host, h.Origin = true, truncate(c.Hostname(), 253), truncate(c.Get(fiber.HeaderOrigin), 300)
		h.Upgrade = strings.EqualFold(c.Get(fiber.HeaderUpgrade), "websocket") && headerHas(c.Get(fiber.HeaderConnection), "upgrade")
	})
	err := s.upgrade(c, func(conn net.Conn) { s.serveTrial(conn, pass) })
	s.trials.Note(pass, func(h *system.Heard) {
		h.Opened = err == nil
		if err != nil {
			h.Code = codeOf(err)
		}
	})
	return err
}

// codeOf is the stable code of a refusal.
func codeOf(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return errs.As(err).Code
}

const (
	trialWait  = 5 * time.Second
	trialPause = 400 * time.Millisecond
)

func (s *Server) serveTrial(conn net.Conn, pass string) {
	defer conn.Close() //nolint:errcheck // the trial is over
	if conn.SetDeadline(s.Now().Add(trialWait)) != nil {
		return
	}
	frame := func(text string) error { // unmasked, as a server's are
		_, err := conn.Write(append([]byte{0x81, byte(len(text))}, text...)) //nolint:gosec // one byte of text
		return err
	}
	if frame("1") != nil {
		return
	}
	if _, err := conn.Read(make([]byte, 64)); err != nil {
		return
	}
	s.trials.Note(pass, func(h *system.Heard) { h.Spoke = true })
	if frame("2") != nil {
		return
	}
	pause := time.NewTimer(trialPause)
	defer pause.Stop()
	<-pause.C
	if frame("3") != nil {
		return
	}
	_, _ = conn.Write([]byte{0x88, 2, 0x03, 0xe8}) // closed normally (1000)
	_, _ = conn.Read(make([]byte, 64))             // until the other side has closed, or the time is over
}
