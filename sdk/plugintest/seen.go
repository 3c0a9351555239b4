package plugintest

import (
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	"github.com/patchbay-im/patchbay/sdk/message"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// each words a list.
func each[From, To any](list []From, word func(From) To) []To {
	var out []To
	for _, one := range list {
		out = append(out, word(one))
	}
	return out
}

// Ingested returns the messages that came in by Env.Ingest, each once, in the
// order in which they were committed.
func (h *Host) Ingested() []channel.Inbound { return each(h.engine.Ingested(), bridge.Inbound) }

// Report is what a plugin told of an instance with Env.ReportHealth.
type Report struct {
	Instance string
	Health   instance.Health
}

// Reported returns the reports, the oldest first.
func (h *Host) Reported() []Report {
	return each(h.engine.Reported(), func(r *pluginv1.ReportHealthRequest) Report {
		return Report{Instance: r.GetInstanceId(), Health: bridge.Health(r.GetHealth())}
	})
}

// Call is a call of the host.
type Call struct {
	Method   string // as in the protocol: "PutState"
	Instance string // "" where items name theirs
	Err      error  // as the plugin got it; nil = it was done
}

// Calls returns what was asked of the host, in the order in which it was answered.
func (h *Host) Calls() []Call {
	return each(h.engine.Calls(), func(c testhost.Call) Call {
		return Call{Method: c.Method, Instance: c.Instance, Err: bridge.HostError(c.Err)}
	})
}

// State returns what an instance keeps, by key.
func (h *Host) State(id string) map[string][]byte { return h.engine.State(id) }

// Conversations returns all conversations, the oldest first.
func (h *Host) Conversations() []host.Conversation {
	return each(h.engine.Conversations(), bridge.Conversation)
}

// Conversation returns one; the zero value when there is none.
func (h *Host) Conversation(id string) host.Conversation {
	for _, c := range h.Conversations() {
		if c.ID == id {
			return c
		}
	}
	return host.Conversation{}
}

// Messages returns the messages and notes of a conversation, the oldest first.
func (h *Host) Messages(conversation string) []message.Message {
	return each(h.engine.Messages(conversation), bridge.Message)
}

// Contact returns a customer with all that is known of them; the zero value when
// there is none.
func (h *Host) Contact(id string) message.Contact { return bridge.Contact(h.engine.Contact(id)) }

// Tickets returns all tickets, by number.
func (h *Host) Tickets() []host.Ticket { return each(h.engine.Tickets(), bridge.Ticket) }

// Comment is a comment on a ticket.
type Comment = testhost.Comment

// Comments returns those on a ticket, the oldest first.
func (h *Host) Comments(ticket string) []Comment { return h.engine.Comments(ticket) }

// File returns the bytes of a file; nil when there is none.
func (h *Host) File(id string) []byte { return h.engine.File(id) }

// ToolUses returns the uses of tools, by instance and key.
func (h *Host) ToolUses() []ToolUse { return h.engine.ToolUses() }

// Figure is what Env.Metrics was told under a name, for an instance, with labels.
type Figure struct {
	host.Figure // Value: of counters and durations the sum, of gauges the last one
	Instance    string
	Count       int // how often it was told
}

// Figures returns them by name, instance and labels.
func (h *Host) Figures() []Figure {
	kinds := map[pluginv1.Sample_Kind]host.FigureKind{
		pluginv1.Sample_KIND_COUNTER: host.Counter, pluginv1.Sample_KIND_GAUGE: host.Gauge, pluginv1.Sample_KIND_DURATION: host.Duration,
	}
	return each(h.engine.Figures(), func(f testhost.Figure) Figure {
		return Figure{
			Figure: host.Figure{Name: f.Name, Kind: kinds[f.Kind], Value: f.Value, Labels: f.Labels}, Instance: f.Instance, Count: f.Count,
		}
	})
}

// Now is the host's clock.
func (h *Host) Now() time.Time { return h.engine.Now() }

// Run is one time that scheduled work was done, or tried.
type Run struct {
	Instance, Key string
	Payload       []byte
	At            time.Time // when it was due
	ID            string    // the same when it is tried again
	Attempt       int       // 1 = the first
	Err           error     // nil = it was done
}

// Advance moves the clock on and has the plugin do what is due meanwhile, each
// run at its time. What fails is tried again after the core's pauses. Advance(0)
// does what is due now. Work that is due and no plugin to do it end the test.
func (h *Host) Advance(d time.Duration) []Run {
	h.tb.Helper()
	runs, err := h.engine.Advance(h.tb.Context(), d)
	if err != nil {
		h.tb.Fatal(err)
	}
	return each(runs, func(r testhost.Run) Run {
		out := Run{Instance: r.Instance, Key: r.Key, Payload: r.Payload, At: r.At, ID: r.ID, Attempt: r.Attempt, Err: r.Err}
		if r.Err == nil {
			out.Err = bridge.ErrorOf(r.Result)
		}
		return out
	})
}

// Jump moves the clock on as if no plugin had run meanwhile: what was due comes
// with the next Advance, once.
func (h *Host) Jump(d time.Duration) { h.engine.Jump(d) }

// Scheduled says when a schedule of an instance is due next; false when there is
// none.
func (h *Host) Scheduled(id, key string) (time.Time, bool) {
	return h.engine.Scheduled(id, key)
}
