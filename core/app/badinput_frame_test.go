package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// talk is a socket with the frames that came.
type talk struct {
	*rig.Socket
	frames chan rig.VisitorFrame
}

func (s *site) dial(url string, header http.Header) (*talk, error) {
	t := &talk{frames: make(chan rig.VisitorFrame, 1000)}
	var err error
	t.Socket, err = rig.Dial(s.t.Context(), rig.Dialing{URL: url, Header: header, Frame: func(b []byte) {
		var f struct {
			rig.VisitorFrame
			Change json.RawMessage `json:"change"`
		}
		if json.Unmarshal(b, &f) == nil {
			t.frames <- f.VisitorFrame
		}
	}})
	if err == nil {
		s.t.Cleanup(t.Cut)
	}
	return t, err
}

// enter opens a socket and says hello.
func (s *site) enter(side string) *talk {
	s.t.Helper()
	url, header := s.owner.VisitorURL(s.live.ID), http.Header(nil)
	hello := `{"op":"hello","token":"` + s.visitor.Token + `","epoch":"","after":0}`
	if side == "member" {
		url, header, hello = s.owner.LiveURL(), s.owner.Header, `{"op":"hello","epoch":"","feed":0}`
	}
	t, err := s.dial(url, header)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := t.SendText([]byte(hello)); err != nil {
		s.t.Fatal(err)
	}
	if f, ok := t.next("ready"); !ok {
		s.t.Fatalf("no ready frame, but %+v", f)
	}
	return t
}

// next returns the next frame with an op; false when the socket closed before.
func (t *talk) next(op string) (rig.VisitorFrame, bool) {
	deadline := time.After(15 * time.Second)
	for {
		select {
		case f := <-t.frames:
			if f.Op == op {
				return f, true
			}
		case <-t.Closed():
			select {
			case f := <-t.frames: // it came before the close
				if f.Op == op {
					return f, true
				}
				continue
			default:
				return rig.VisitorFrame{}, false
			}
		case <-deadline:
			return rig.VisitorFrame{Op: "timeout"}, false
		}
	}
}

// code waits for the close.
func (t *talk) code() int {
	select {
	case <-t.Closed():
		code, _ := t.CloseCode()
		return code
	case <-time.After(20 * time.Second):
		return -1
	}
}

func TestBadFramesAreAnswered(t *testing.T) {
	s := open(t)
	chat := s.chat
	for name, tt := range map[string]struct {
		frame string
		code  string
		ref   string
	}{
		"no JSON":                   {frame: `{"op":`, code: "frame.invalid"},
		"an array":                  {frame: `[1]`, code: "frame.invalid"},
		"null":                      {frame: `null`, code: "frame.invalid"},
		"nothing":                   {frame: ``, code: "frame.invalid"},
		"two objects":               {frame: `{"op":"ping"}{"op":"ping"}`, code: "frame.invalid"},
		"no op":                     {frame: `{"ref":"r1"}`, code: "frame.invalid", ref: "r1"},
		"an unknown op":             {frame: `{"op":"delete","ref":"r2"}`, code: "frame.invalid", ref: "r2"},
		"an op of the wrong type":   {frame: `{"op":7}`, code: "frame.invalid"},
		"a ref of the wrong type":   {frame: `{"op":"ping","ref":{}}`, code: "frame.invalid"},
		"a ref too long":            {frame: `{"op":"ping","ref":"` + strings.Repeat("r", 65) + `"}`, code: "frame.invalid"},
		"hello again":               {frame: `{"op":"hello"}`, code: "frame.invalid"},
		"an unknown field of ping":  {frame: `{"op":"ping","loud":true}`, code: "frame.invalid"},
		"a field in another case":   {frame: `{"op":"ping","Ref":"x"}`, code: "frame.invalid"},
		"typing of the wrong type":  {frame: `{"op":"typing","on":"yes"}`, code: "frame.invalid"},
		"deep nesting":              {frame: strings.Repeat(`{"op":`, 10_000), code: "frame.invalid"},
		"v: an unknown field":       {frame: `{"op":"send","ref":"r3","client_msg_id":"f1","text":"x","admin":1}`, code: "frame.invalid", ref: "r3"},
		"v: a number for a text":    {frame: `{"op":"send","ref":"r4","client_msg_id":"f2","text":1}`, code: "frame.invalid", ref: "r4"},
		"v: no text":                {frame: `{"op":"send","ref":"r5","client_msg_id":"f3"}`, code: "message.text_empty", ref: "r5"},
		"v: NUL":                    {frame: `{"op":"send","ref":"r6","client_msg_id":"f4","text":"a\u0000b"}`, code: "message.text_control", ref: "r6"},
		"v: a text too long":        {frame: `{"op":"send","ref":"r7","client_msg_id":"f5","text":"` + strings.Repeat("x", 4001) + `"}`, code: "message.text_too_long", ref: "r7"},
		"v: no id":                  {frame: `{"op":"send","ref":"r8","text":"x"}`, code: "message.client_id", ref: "r8"},
		"v: an id that is used":     {frame: `{"op":"send","ref":"r9","client_msg_id":"00000000-0000-7000-8000-000000000001","text":"other"}`, code: "message.client_id_reused", ref: "r9"},
		"v: what only members may":  {frame: `{"op":"send","ref":"r0","client_msg_id":"f6","text":"x","kind":"note"}`, code: "frame.invalid", ref: "r0"},
		"m: an unknown kind":        {frame: `{"op":"send","ref":"s1","conversation_id":"` + chat + `","client_msg_id":"g1","kind":"shout","text":"x"}`, code: "message.kind", ref: "s1"},
		"m: a conversation of none": {frame: `{"op":"send","ref":"s2","conversation_id":"cnv_01KB0000000000000000000000","client_msg_id":"g2","kind":"text","text":"x"}`, code: "not_found", ref: "s2"},
		"m: an id that is none":     {frame: `{"op":"send","ref":"s3","conversation_id":"\u0000","client_msg_id":"g3","kind":"text","text":"x"}`, code: "not_found", ref: "s3"},
		"m: NUL in a note":          {frame: `{"op":"send","ref":"s4","conversation_id":"` + chat + `","client_msg_id":"g4","kind":"note","text":"\u0000"}`, code: "message.text_control", ref: "s4"},
	} {
		sides := []string{"visitor", "member"}
		switch name[:2] {
		case "v:":
			sides = sides[:1]
		case "m:":
			sides = sides[1:]
		}
		for _, side := range sides {
			t.Run(side+" "+name, func(t *testing.T) {
				c := s.enter(side)
				defer c.Cut()
				if err := c.SendText([]byte(tt.frame)); err != nil {
					t.Fatal(err)
				}
				f, ok := c.next("error")
				if !ok || f.Code != tt.code || f.Ref != tt.ref || f.Detail == "" {
					t.Fatalf("answered %+v, want %s for %q", f, tt.code, tt.ref)
				}
				if err := c.SendText([]byte(`{"op":"ping"}`)); err != nil {
					t.Fatal(err)
				}
				if f, ok := c.next("pong"); !ok {
					t.Errorf("the socket does not go on: %+v", f)
				}
			})
		}
	}
	s.sound()
}

func TestBadFramesThatClose(t *testing.T) {
	s := open(t)
	flood := func(c *talk) {
		for range 2000 {
			if c.SendText([]byte(`{"op":"typing","on":true}`)) != nil {
				return
			}
		}
	}
	for name, tt := range map[string]struct {
		do   func(c *talk)
		code int
		says string // code of the error frame before; "" = not looked at
	}{
		"broken UTF-8":    {do: func(c *talk) { _ = c.SendText([]byte("{\"op\":\"ping\",\"ref\":\"\xff\"}")) }, code: 1007},
		"a binary frame":  {do: func(c *talk) { _ = c.SendBinary([]byte(`{"op":"ping"}`)) }, code: 1007},
		"a frame too big": {do: func(c *talk) { _ = c.SendText([]byte(strings.Repeat("x", 65<<10))) }, code: 1009},
		"far too big":     {do: func(c *talk) { _ = c.SendText([]byte(strings.Repeat("x", 4<<20))) }, code: 1009},
		"too many frames": {do: flood, code: 1008, says: "rate_limited"},
	} {
		for _, side := range []string{"visitor", "member"} {
			t.Run(side+" "+name, func(t *testing.T) {
				c := s.enter(side)
				tt.do(c)
				if tt.says != "" {
					for f, ok := c.next("error"); f.Code != tt.says; f, ok = c.next("error") {
						if !ok {
							t.Fatalf("closed without %s", tt.says)
						}
					}
				}
				if code := c.code(); code != tt.code {
					t.Errorf("closed with %d, want %d", code, tt.code)
				}
			})
		}
	}
	s.sound()
}

func TestBadHello(t *testing.T) {
	t.Parallel()
	s := open(t)
	other, err := s.owner.Connect(t.Context(), "Other shop", "patchbay/webchat", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	expired := s.admit()
	if err := rig.ExpireVisitor(t.Context(), s.database(), expired.SessionID); err != nil {
		t.Fatal(err)
	}
	visitor := s.owner.VisitorURL(s.live.ID)
	for name, tt := range map[string]struct {
		url, frame string
		code       int
	}{
		"a forged token":           {visitor, `{"op":"hello","token":"` + s.visitor.SessionID + `.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, 4401},
		"no token":                 {visitor, `{"op":"hello"}`, 4401},
		"a token with NUL":         {visitor, `{"op":"hello","token":"\u0000"}`, 4401},
		"an expired token":         {visitor, `{"op":"hello","token":"` + expired.Token + `"}`, 4401},
		"a token of another inbox": {s.owner.VisitorURL(other.ID), `{"op":"hello","token":"` + s.visitor.Token + `"}`, 4401},
		"silence":                  {visitor, ``, 4408},
		"something else first":     {visitor, `{"op":"send","client_msg_id":"x","text":"x"}`, 4408},
		"a hello of another type":  {visitor, `{"op":"hello","token":7}`, 4408},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := s.dial(tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.frame != "" {
				if err := c.SendText([]byte(tt.frame)); err != nil {
					t.Fatal(err)
				}
				if f, ok := c.next("error"); !ok || f.Code == "" || f.Detail == "" {
					t.Errorf("no reason is told: %+v", f)
				}
			}
			if code := c.code(); code != tt.code {
				t.Errorf("closed with %d, want %d", code, tt.code)
			}
		})
	}
}

func TestBadUpgrade(t *testing.T) {
	s := open(t)
	visitor, member := s.owner.VisitorURL(s.live.ID), s.owner.LiveURL()
	with := func(h http.Header, name, value string) http.Header {
		out := h.Clone()
		if out == nil {
			out = http.Header{}
		}
		out.Set(name, value)
		return out
	}
	for name, tt := range map[string]struct {
		url    string
		header http.Header
		status int
		code   string
	}{
		"a visitor from another site": {visitor, with(nil, "Origin", "https://evil.example"), 403, "request.cross_site"},
		"a member from another site":  {member, with(s.owner.Header, "Origin", "https://evil.example"), 403, "request.cross_site"},
		"the origin null":             {member, with(s.owner.Header, "Origin", "null"), 403, "request.cross_site"},
		"a member without a session":  {member, nil, 401, "session.missing"},
		"a forged session":            {member, with(nil, "Cookie", "patchbay_session=forged"), 401, ""},
		"a workspace of nobody":       {strings.Replace(member, s.owner.Workspace, "wsp_01KB0000000000000000000000", 1), s.owner.Header, 404, "not_found"},
		"an inbox of nobody":          {strings.Replace(visitor, s.live.ID, "inb_01KB0000000000000000000000", 1), nil, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.dial(tt.url, tt.header)
			p := rig.ProblemOf(err)
			if p == nil || p.Status != tt.status || tt.code != "" && p.Code != tt.code {
				t.Errorf("answered %v, want %d %s", err, tt.status, tt.code)
			}
		})
	}
	path := strings.TrimPrefix(visitor, "ws://"+s.server.Address)
	if answer, err := s.owner.Raw(t.Context(), http.MethodGet, path, nil); answer.Status != http.StatusUpgradeRequired || rig.ProblemOf(err).Code != "socket.handshake" {
		t.Errorf("a request without an upgrade: %v", err)
	}
	s.sound()
}
