package testhost_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// output is what a process writes, read while it does.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// A process logs what the host says is worth it, and no less.
func TestTheLogLevelOfInit(t *testing.T) {
	program := testhost.BuildIn(t, "testdata/talker")
	for level, want := range map[string][]string{
		"debug": {"debug", "info", "warn", "error"}, "info": {"info", "warn", "error"}, "": {"info", "warn", "error"},
		"error": {"error"}, "of a host that is newer": {"info", "warn", "error"},
	} {
		t.Run(level, func(t *testing.T) {
			h, out := testhost.New(testhost.Options{}), &output{}
			p, err := testhost.Start(t.Context(), h, testhost.Program{Path: program, Dir: t.TempDir(), Stderr: out})
			p = testhost.Until(t, p, err)
			if _, err := p.Service.Init(t.Context(), &pluginv1.InitRequest{HostBrokerId: p.Broker, DataDir: p.DataDir, LogLevel: level}); err != nil {
				t.Fatal(err)
			}
			answer, err := p.Service.Configure(t.Context(), &pluginv1.ConfigureRequest{
				Instances: []*pluginv1.Instance{{Id: "pin_1", Kind: "connection", Config: []byte(`{"a":1}`), ConfigRevision: 1}},
			})
			if err != nil || answer.GetResults()["pin_1"].GetOutcome() != pluginv1.Outcome_OUTCOME_ACCEPTED || string(h.State("pin_1")["config"]) != `{"a":1}` {
				t.Errorf("configured: %v %v", answer, err)
			}
			for deadline := time.Now().Add(10 * time.Second); !strings.Contains(out.String(), "at error") && time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
			for _, word := range []string{"debug", "info", "warn", "error"} {
				there, wanted := strings.Contains(out.String(), "at "+word), strings.Contains(strings.Join(want, " "), word)
				if there != wanted {
					t.Errorf("at %s: in the log %v, want %v", word, there, wanted)
				}
			}
		})
	}
}
