package bus_test

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/core/bus"
	"github.com/patchbay-im/patchbay/core/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// open returns a bus that the test closes.
func open(t *testing.T, o bus.Options) *bus.Bus {
	t.Helper()
	o.Log = quiet()
	b, err := bus.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return b
}

// cluster starts a NATS server with a port, as an operator would.
func cluster(t *testing.T, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// heard collects the messages of a subscription.
func heard(t *testing.T, b *bus.Bus, subject string) (<-chan string, func()) {
	t.Helper()
	out := make(chan string, 10_000)
	cancel, err := b.Subscribe(subject, func(subject string, data []byte) { out <- subject + "=" + string(data) })
	if err != nil {
		t.Fatal(err)
	}
	return out, cancel
}

func expect(t *testing.T, messages <-chan string, want string) {
	t.Helper()
	select {
	case got := <-messages:
		if got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatalf("did not hear %q", want)
	}
}

func TestEmbeddedCarriesMessages(t *testing.T) {
	b := open(t, bus.Options{})
	one, _ := heard(t, b, "wake.wsp_1")
	every, cancel := heard(t, b, "wake.*")
	publish(t, b, "wake.wsp_1", "a")
	publish(t, b, "wake.wsp_2", "b")
	publish(t, b, "typing.wsp_1", "c")
	publish(t, b, "wake.wsp_1", "d")
	expect(t, one, "wake.wsp_1=a")
	expect(t, one, "wake.wsp_1=d")
	expect(t, every, "wake.wsp_1=a")
	expect(t, every, "wake.wsp_2=b")
	expect(t, every, "wake.wsp_1=d")

	cancel()
	publish(t, b, "wake.wsp_1", "e")
	expect(t, one, "wake.wsp_1=e")
	if len(every) != 0 {
		t.Errorf("a cancelled subscription heard %q", <-every)
	}
}

func publish(t *testing.T, b *bus.Bus, subject, data string) {
	t.Helper()
	if err := b.Publish(subject, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// TestOrderOfOnePublisher holds what a subscriber may rely on: one at a time
// and in order, whoever else publishes.
func TestOrderOfOnePublisher(t *testing.T) {
	b := open(t, bus.Options{})
	const publishers, each = 8, 500
	messages, _ := heard(t, b, "wake.*")
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for n := range each {
				if err := b.Publish(fmt.Sprintf("wake.%d", p), fmt.Append(nil, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last := make(map[string]int)
	for range publishers * each {
		var subject, data string
		select {
		case m := <-messages:
			subject, data, _ = strings.Cut(m, "=")
		case <-time.After(5 * time.Second):
			t.Fatal("messages are missing")
		}
		if data != strconv.Itoa(last[subject]) {
			t.Fatalf("%s: heard %s, want %d", subject, data, last[subject])
		}
		last[subject]++
	}
}

// TestEmbeddedAreSeparate: two servers in one process share nothing.
func TestEmbeddedAreSeparate(t *testing.T) {
	a, b := open(t, bus.Options{}), open(t, bus.Options{})
	other, _ := heard(t, b, "wake.*")
	own, _ := heard(t, a, "wake.*")
	publish(t, a, "wake.1", "x")
	expect(t, own, "wake.1=x")
	publish(t, b, "wake.2", "y")
	expect(t, other, "wake.2=y")
}

func TestClusterConnectsNodes(t *testing.T) {
	s := cluster(t, server.RANDOM_PORT)
	a, b := open(t, bus.Options{URL: s.ClientURL()}), open(t, bus.Options{URL: s.ClientURL()})
	stranger := open(t, bus.Options{URL: s.ClientURL(), Prefix: "other."})
	strange, _ := heard(t, stranger, "wake.*")
	messages, _ := heard(t, b, "wake.*")
	publish(t, a, "wake.1", "from a")
	expect(t, messages, "wake.1=from a")
	publish(t, stranger, "wake.1", "own")
	expect(t, strange, "wake.1=own") // and nothing before it
}

// TestClusterComesBack: a cluster that restarts is found again, with the
// subscriptions as they were.
func TestClusterComesBack(t *testing.T) {
	s := cluster(t, server.RANDOM_PORT)
	port := s.Addr().(*net.TCPAddr).Port
	b := open(t, bus.Options{URL: s.ClientURL()})
	messages, _ := heard(t, b, "wake.*")
	s.Shutdown()
	s.WaitForShutdown()
	cluster(t, port)
	deadline := time.After(20 * time.Second)
	for n := 0; ; n++ {
		_ = b.Publish("wake.1", fmt.Append(nil, n)) // lost while away: that is the contract
		select {
		case <-messages:
			return
		case <-deadline:
			t.Fatal("nothing is heard after the cluster came back")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestClosesWhileTheClusterIsAway(t *testing.T) {
	s := cluster(t, server.RANDOM_PORT)
	b := open(t, bus.Options{URL: s.ClientURL()})
	s.Shutdown()
	s.WaitForShutdown()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnreachableClusterNamesTheCure(t *testing.T) {
	_, err := bus.Open(bus.Options{URL: "nats://127.0.0.1:1", Log: quiet()})
	if !errs.Is(err, errs.Unavailable) || !strings.Contains(err.Error(), "bus.url") {
		t.Errorf("got %v", err)
	}
}

func TestAfterClose(t *testing.T) {
	b := open(t, bus.Options{})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish("wake.1", nil); !errs.Is(err, errs.Unavailable) {
		t.Errorf("publish: got %v", err)
	}
	if _, err := b.Subscribe("wake.1", func(string, []byte) {}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("subscribe: got %v", err)
	}
}

// TestCloseHandsOverWhatArrived: a subscriber gets what was published before.
func TestCloseHandsOverWhatArrived(t *testing.T) {
	b := open(t, bus.Options{})
	messages, _ := heard(t, b, "wake.*")
	for n := range 100 {
		publish(t, b, "wake.1", strconv.Itoa(n))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if len(messages) != 100 {
		t.Errorf("%d of 100 messages were handed over", len(messages))
	}
}

func BenchmarkPublishToHeard(b *testing.B) {
	bb, err := bus.Open(bus.Options{Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	defer bb.Close() //nolint:errcheck // a benchmark
	back := make(chan struct{}, 1)
	if _, err := bb.Subscribe("wake.1", func(string, []byte) { back <- struct{}{} }); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := bb.Publish("wake.1", nil); err != nil {
			b.Fatal(err)
		}
		<-back
	}
}
