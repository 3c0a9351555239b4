package plugintest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// orders is the type of an author: it opens a ticket for each late order.
type orders struct{ env sdk.Env }

func (o *orders) Late(ctx context.Context, in instance.Instance, order string) error {
	_, err := o.env.Tickets(in.ID).Create(ctx, host.NewTicket{Key: "late/" + order, Title: "Late: " + order})
	return err
}

// In a test, t is the *testing.T.
func Example() {
	t, end := standIn()
	defer end()

	h := plugintest.NewHost(t, plugintest.Manifest([]byte(source)))
	in := h.Connect(instance.Instance{Config: json.RawMessage(`{"shop":"a"}`)})
	o := &orders{env: h.Env()}

	for range 2 { // told twice of one order
		fmt.Println(o.Late(t.Context(), in, "17"))
	}
	for _, ticket := range h.Tickets() {
		fmt.Println(ticket.Number, ticket.Title)
	}

	h.Revoke("tickets:write") // an administrator changed their mind
	fmt.Println(errs.As(o.Late(t.Context(), in, "18")).Code)
	// Output:
	// <nil>
	// <nil>
	// 1 Late: 17
	// host_denied
}

// standIn is a test for an example, which has none.
func standIn() (testing.TB, func()) {
	t := &example{}
	return t, func() {
		for _, fn := range slices.Backward(t.cleanups) {
			fn()
		}
	}
}

type example struct {
	testing.TB
	cleanups []func()
}

func (*example) Helper() {}

func (*example) TempDir() string { return "." }

func (*example) Context() context.Context { return context.Background() }

func (e *example) Cleanup(fn func()) { e.cleanups = append(e.cleanups, fn) }

func (*example) Error(args ...any) { fmt.Println(args...) }

func (*example) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
