package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/internal/spoiled"
)

// TestBadTokensOverSockets opens the sockets of members and of visitors with
// secrets that are not quite right: none is let in, and none is told anything.
func TestBadTokensOverSockets(t *testing.T) {
	w := newWorld(t)
	agent := w.people["agent"]
	cookie, visitor := agent.header.Get("Cookie"), w.knock(w.here, "")
	name, session, _ := strings.Cut(cookie, "=")
	ended := w.knock(w.here, "")
	w.must(ended, http.MethodDelete, "/api/v1/live/"+w.here.live.id+"/sessions", "")
	elsewhere := w.knock(w.there, "")
	tokens := map[string]string{"ended": ended.visitor, "another workspace's": elsewhere.visitor, "a member's": session}
	cookies := map[string]string{"a visitor's": visitor.visitor}
	for way, spoil := range spoiled.Ways() {
		tokens[way], cookies[way] = spoil(visitor.visitor), spoil(session)
	}
	cases := 0
	for _, way := range slices.Sorted(maps.Keys(cookies)) {
		cases++
		p := &person{name: way, header: http.Header{"Cookie": {name + "=" + cookies[way]}}}
		if _, err := w.listen(p, w.here); rig.ProblemOf(err) == nil || rig.ProblemOf(err).Status != http.StatusUnauthorized {
			t.Errorf("a member's socket, %s: %v", way, err)
		}
	}
	for _, way := range slices.Sorted(maps.Keys(tokens)) {
		cases++
		if said, code := w.greet(tokens[way]); code == 0 || strings.Contains(said, `"ready"`) {
			t.Errorf("a visitor's socket, %s: closed by %d after %s", way, code, said)
		}
	}
	if said, code := w.greet(visitor.visitor); code != 0 || !strings.Contains(said, `"ready"`) {
		t.Errorf("the good one: closed by %d after %s", code, said)
	}
	fmt.Printf("authz: bad tokens over sockets, %d cases\n", cases)
}

// greet says hello as a visitor and returns what was answered, and the code by
// which the socket was closed, 0 = it was not.
func (w *world) greet(token string) (said string, code int) {
	w.t.Helper()
	heard := make(chan string, 16)
	socket, err := rig.Dial(w.t.Context(), rig.Dialing{
		URL: "ws" + strings.TrimPrefix(w.base, "http") + "/api/v1/live/" + w.here.live.id + "/socket", Frame: func(f []byte) { heard <- string(f) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer socket.Cut()
	hello, err := json.Marshal(map[string]any{"op": "hello", "token": token, "epoch": "", "after": 0})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := socket.SendText(hello); err != nil {
		w.t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	for {
		select {
		case f := <-heard:
			if said += f; strings.Contains(f, `"ready"`) {
				return said, 0
			}
		case <-socket.Closed():
			code, _ := socket.CloseCode()
			return said, code
		case <-deadline:
			w.t.Fatalf("hello with %q is not answered: %s", token, said)
		}
	}
}
