package app_test

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/patchbay-im/patchbay/core/internal/pgtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// TestTwoServersGiveOutWork: of two servers one decides. An agent whose window
// is open at the other is given work, is kept from it when they say so there,
// and has it from the other when the first ends.
func TestTwoServersGiveOutWork(t *testing.T) {
	news, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	must(t, err)
	news.Start()
	t.Cleanup(func() { news.Shutdown(); news.WaitForShutdown() })
	if !news.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	shared := []string{
		"PATCHBAY_DATABASE_URL=" + address(pgtest.Start(t).Schema(t)),
		"PATCHBAY_BUS_URL=nats://" + news.Addr().(*net.TCPAddr).String(), //nolint:forcetypeassert // it listens on TCP
	}
	s := open(t, func(o *rig.Options) { o.Env = append(o.Env, shared...) })
	beside := s.options
	beside.DataDir, beside.Address = t.TempDir(), ""
	beside.Env = append(beside.Env, "PATCHBAY_SECRETS_KEY_FILE="+filepath.Join(s.options.DataDir, "keys", "master.key"))
	other, err := rig.Launch(t.Context(), beside)
	must(t, err)
	t.Cleanup(other.Kill)
	_, err = other.Ready(t.Context())
	must(t, err)

	here := s.owner
	here.Base = other.URL()
	socket, err := rig.Dial(t.Context(), rig.Dialing{URL: here.LiveURL(), Header: here.Header, Frame: func([]byte) {}})
	must(t, err)
	defer socket.Close()
	must(t, socket.SendText([]byte(`{"op":"hello","epoch":"","feed":0}`)))
	go func() { // the window's heartbeats
		every := time.NewTicker(5 * time.Second)
		defer every.Stop()
		for socket.SendText([]byte(`{"op":"ping"}`)) == nil {
			select {
			case <-every.C:
			case <-socket.Closed():
				return
			}
		}
	}()
	assigned := func(by rig.Member) (theirs, nobodys int) {
		var list struct{ Items []rig.Conversation }
		_, err := by.Call(t.Context(), http.MethodGet, by.At("/conversations"), nil, &list)
		must(t, err)
		for _, c := range list.Items {
			switch c.AssigneeID {
			case by.ID:
				theirs++
			case "":
				nobodys++
			}
		}
		return theirs, nobodys
	}
	has := func(by rig.Member, n int) func() bool {
		return func() bool {
			theirs, _ := assigned(by)
			return theirs == n
		}
	}
	s.until("the agent at the second server has the conversation", has(here, 1))

	is := func(by rig.Member, status string) func() bool {
		return func() bool {
			var all struct {
				Members []struct{ Status string }
			}
			_, err := by.Call(t.Context(), http.MethodGet, by.At("/presence"), nil, &all)
			return err == nil && len(all.Members) == 1 && all.Members[0].Status == status
		}
	}
	chooses := func(status string) {
		t.Helper()
		_, err := here.Call(t.Context(), http.MethodPut, here.At("/presence/me"), json.RawMessage(`{"status":"`+status+`"}`), nil)
		must(t, err)
	}
	chooses("away")
	s.until("the first server knows that the agent is away", is(s.owner, "away"))
	s.visitor = s.admit()
	s.say()
	if theirs, waits := assigned(s.owner); theirs != 1 || waits != 1 {
		t.Fatalf("the agent who is away has %d, %d wait", theirs, waits)
	}
	chooses("available")
	s.until("the agent has the second conversation", has(here, 2))

	s.server.Terminate()
	_, err = s.server.Wait(t.Context())
	must(t, err)
	s.server, s.owner = other, here
	s.visitor = s.admit()
	s.say()
	s.until("the second server gives out work", has(here, 3))
}
