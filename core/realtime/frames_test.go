package realtime_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	coder "github.com/coder/websocket"

	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestBadFrames: each is answered by an error, and the connection goes on.
func TestBadFrames(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		member, visitor := n.ready(w.agent().ID), n.visitor(w.welcome(), "", 0)
		visitor.expect("ready")
		for _, bad := range []string{
			``, ` `, `x`, `null`, `true`, `7`, `"ping"`, `[]`, `[{"op":"ping"}]`, `{`, `{"op":"ping"`, `{"op":"ping"}{"op":"ping"}`, `{"op":"ping"} x`,
			`{}`, `{"op":""}`, `{"op":null}`, `{"op":1}`, `{"op":["ping"]}`, `{"op":"dance"}`, `{"op":"PING"}`, `{"OP":"ping"}`, `{"op":"ready"}`, `{"op":"bye"}`,
			`{"op":"ping","extra":1}`, `{"op":"ping","Ref":"x"}`, `{"op":"ping","ref":1}`, `{"op":"ping","ref":null}`, `{"op":"ping","ref":"` + strings.Repeat("长", 65) + `"}`,
			`{"op":"send","text":7}`, `{"op":"send","text":{"a":1}}`, `{"op":"send","client_msg_id":[]}`, `{"op":"send","Text":"x"}`, `{"op":"send","feed":1}`,
			`{"op":"typing","on":"yes"}`, `{"op":"typing","on":1}`, `{"op":"hello","unknown":true}`,
			"{\"op\":\"pi\x00ng\"}", "{\"op\":\"ping\x00\"}", "\x00", "{\"op\":\"send\",\"text\":\"raw \x01 control\"}",
			`{"op":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		} {
			for _, c := range []*client{member, visitor} {
				c.say(bad)
				if f := c.expect("error"); f.Code != "frame.invalid" || f.Detail == "" {
					t.Errorf("%.80q: got %s", bad, f.raw)
				}
			}
			w.skip(1e9) // within the rate
		}
		equal(t, refOf(member, `{"op":"dance","ref":"echo me"}`), "echo me")
		member.quiet()
		visitor.quiet()
	})
}

func refOf(c *client, frame string) string {
	c.say(frame)
	return c.expect("error").Ref
}

// TestNothingBeforeHello: whoever has not introduced themselves can do nothing.
func TestNothingBeforeHello(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		for _, path := range []string{"/member/" + string(w.agent().ID), "/visitor/" + string(w.Live.ID)} {
			c := n.dial(path)
			for _, frame := range []string{
				`{"op":"ping"}`, `{"op":"send","client_msg_id":"x","text":"x"}`, `{"op":"typing","on":true}`, `{"op":"dance"}`,
			} {
				c.say(frame)
				c.refused("frame.invalid")
			}
		}
		w.write(w.welcome().Visitor, "hi")
		c := n.dial("/member/" + string(w.agent().ID))
		w.pump(n)
		c.say(`{"op":"dance"}`)
		c.refused("frame.invalid") // and no event before it
	})
}

// TestBadBytes: what is no text frame of at most 64 KiB ends the connection
// with its own code.
func TestBadBytes(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		for code, send := range map[int]func(c *client) error{
			1007: func(c *client) error { return c.conn.Write(t.Context(), coder.MessageBinary, []byte(`{"op":"ping"}`)) },
			1009: func(c *client) error {
				return c.conn.Write(t.Context(), coder.MessageText, bytes.Repeat([]byte(" "), 64<<10+1))
			},
		} {
			for _, c := range []*client{n.ready(w.agent().ID), n.dial("/visitor/" + string(w.Live.ID))} {
				w.OK(send(c))
				c.ends(code)
			}
		}
		c := n.ready(w.agent().ID)
		w.OK(c.conn.Write(t.Context(), coder.MessageText, []byte("{\"op\":\"pi\xffng\"}")))
		c.ends(1007)
		c = n.ready(w.agent().ID)
		c.say(fmt.Sprintf(`{"op":"ping","ref":"x"%s}`, strings.Repeat(" ", 64<<10-24))) // exactly 64 KiB
		c.expect("pong")
	})
}

// FuzzFrames: whatever text a client sends, it gets an answer or is closed, and
// the gateway goes on.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{
		`{"op":"ping"}`, `{"op":"ping","ref":"x"}`, `{"op":"typing","on":true}`, `{"op":"send","ref":"1","client_msg_id":"a","text":"x"}`,
		`{"op":"hello","token":"","epoch":"","after":0}`, `{"op":"send","conversation_id":"cnv_","kind":"note"}`, `[]`, `{"op":{}}`, "{\"\xff\":1}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, frame string) {
		for _, problem := range realtime.CheckParse([]byte(frame)) {
			t.Error(problem)
		}
	})
}
