package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// closes waits for an open socket to be closed within two seconds because its
// session is over.
func (sh *shift) closes(why string) {
	sh.t.Helper()
	const sessionEnded = 4401
	select {
	case <-sh.socket.Closed():
		if code, reason := sh.socket.CloseCode(); code != sessionEnded {
			sh.t.Errorf("%s: closed with %d %s", why, code, reason)
		}
	case <-time.After(2 * time.Second):
		sh.t.Fatalf("%s: the socket is open two seconds later", why)
	}
}

// session returns the id of the session that the shift is signed in by.
func (sh *shift) session() string {
	sh.t.Helper()
	var list struct {
		Items []struct {
			ID      string
			Current bool
		}
	}
	if _, err := sh.Call(sh.t.Context(), http.MethodGet, rig.Prefix+"/account/sessions", nil, &list); err != nil {
		sh.t.Fatal(err)
	}
	for _, one := range list.Items {
		if one.Current {
			return one.ID
		}
	}
	sh.t.Fatal("no session is the current one")
	return ""
}

// TestAnEndedSessionClosesItsSockets is the real server: whoever ends a session,
// its open sockets close within two seconds, and no others do.
func TestAnEndedSessionClosesItsSockets(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Invite(t.Context(), lin, "Lin", "agent", ownerPassword); err != nil {
		t.Fatal(err)
	}
	boss := s.begin(ownerEmail)
	desk, home := s.begin(lin), s.begin(lin)
	ends := func(by *shift, path string) {
		t.Helper()
		if _, err := by.Call(t.Context(), http.MethodDelete, path, nil, nil); err != nil {
			t.Fatal(err)
		}
	}

	ends(home, rig.Prefix+"/account/sessions/"+desk.session())
	desk.closes("one, by its owner from another browser")

	theirs := boss.At("/members/" + home.ID + "/sessions")
	ends(boss, theirs+"/"+home.session())
	home.closes("one, by an administrator")

	desk, home = s.begin(lin), s.begin(lin)
	ends(boss, theirs)
	desk.closes("all, by an administrator")
	home.closes("all, by an administrator")

	desk = s.begin(lin)
	ends(desk, rig.Prefix+"/session")
	desk.closes("by signing out")

	// Nobody else was thrown out: the administrator's own socket still hears.
	last := s.customer(boss, "000000000009")
	boss.within2("event " + last.ID)
}
