package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/webhook/signature"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// gateway is an SMS gateway: it lists what it has prepared, on two pages, and is
// posted what is sent.
type gateway struct {
	*httptest.Server

	mu   sync.Mutex
	down bool
	got  []map[string]any
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	verdict := signature.Scheme{}.Verify(r.Header, body, signature.Check{Secrets: []string{testSecret}, Tolerance: 5 * time.Minute, Now: time.Now()})
	switch {
	case g.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case verdict != signature.Good:
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodPost:
		var one map[string]any
		_ = json.Unmarshal(body, &one)
		g.got = append(g.got, one)
		_, _ = io.WriteString(w, `{"id": "far-1"}`)
	case r.URL.Query().Get("after") == "2":
		_, _ = io.WriteString(w, `{"templates": [{"id": "hours", "text": "We are here at nine."}]}`)
	default:
		_, _ = io.WriteString(w, `{"templates": [{"id": "parcel", "language": "en", "text": "Hello {{name}}"}, {"id": "bad", "text": "{{x}}", "fields": []}], "next": "2"}`)
	}
}

func (g *gateway) behave(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

func (g *gateway) last() map[string]any {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.got) == 0 {
		return nil
	}
	return g.got[len(g.got)-1]
}

func (g *gateway) inbox(config string) instance.Instance {
	return instance.Instance{
		Config: json.RawMessage(fmt.Sprintf(`{"url": %q, "templates_url": %q%s}`, g.URL, g.URL+"/templates", config)), Secrets: instance.Secrets{"/secret": testSecret},
	}
}

// sent is a template as the core sends it.
func sent(in instance.Instance, text string) channel.SendRequest {
	return channel.SendRequest{
		Instance: in, DeliveryID: "dlv_1", ConversationID: "cnv_1", Recipient: "u-7", Content: message.Content{Text: text},
		Template: &channel.TemplateUse{ID: "parcel", Language: "en", Values: map[string]string{"name": "Bo", "day": "Monday"}},
	}
}

// TestTemplates: the program lists what the system has prepared, page by page, and
// posts which one is sent and what fills it.
func TestTemplates(t *testing.T) {
	far := newGateway(t)
	host := plugintest.NewHost(t, plugintest.Manifest(manifest))
	in := host.Connect(far.inbox(``))
	mapped := host.Connect(far.inbox(`, "out_shape": "template", "out_template": "{\"to\": \"{{recipient}}\", \"use\": \"{{template.id}}\", \"in\": \"{{template.language}}\", \"name\": \"{{template.values.name}}\", \"all\": \"{{template.values}}\", \"text\": \"{{text}}\"}"`))
	none := host.Connect(instance.Instance{Config: json.RawMessage(`{}`), Secrets: instance.Secrets{"/secret": testSecret}})
	p := plugintest.Process(t, host, plugintest.Build(t, "."))

	all, refused, err := p.Templates(in.ID)
	if err != nil || len(all) != 2 || all[0].ID != "parcel" || all[0].Fields[0].Name != "name" || all[1].ID != "hours" || len(refused) != 1 || refused[0].ID != "bad" {
		t.Fatalf("%+v %+v %v", all, refused, err)
	}
	if all, _, err = p.Templates(none.ID); err != nil || len(all) != 0 {
		t.Errorf("without an address: %+v %v", all, err)
	}
	if _, err = p.Send(sent(in, "Hello Bo")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(far.last()["template"], far.last()["text"]); got != "map[id:parcel language:en values:map[day:Monday name:Bo]]Hello Bo" {
		t.Errorf("%s", got)
	}
	if _, err = p.Send(sent(mapped, "Hello Bo")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(far.last()); got != "map[all:map[day:Monday name:Bo] in:en name:Bo text:Hello Bo to:u-7 use:parcel]" {
		t.Errorf("%s", got)
	}
	plain := sent(mapped, "Not prepared")
	plain.Template, plain.DeliveryID = nil, "dlv_2"
	if _, err = p.Send(plain); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(far.last()); got != "map[text:Not prepared to:u-7]" {
		t.Errorf("without a template: %s", got)
	}
	far.behave(true)
	if _, _, err = p.Templates(in.ID); err == nil {
		t.Error("a system that does not answer has an empty list")
	}
}

// TestTemplatesProbed: Test asks for the templates and names the field to mend; the
// page shows what was read, and the exchange.
func TestTemplatesProbed(t *testing.T) {
	far := newGateway(t)
	d := newDoor(t, string(far.inbox(``).Config))
	probe := func(secret string) []instance.Problem {
		got, err := d.p.ValidateConfig(t.Context(), instance.ValidateConfigRequest{Config: d.in.Config, Secrets: instance.Secrets{"/secret": secret}, Probe: true})
		if err != nil {
			t.Fatal(err)
		}
		return got.Problems
	}
	if got := probe(testSecret); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := probe("another"); len(got) != 1 || got[0].Pointer != "/authorization" {
		t.Errorf("not let in: %+v", got)
	}
	var page struct {
		Count     int
		More      bool
		Templates []struct{ ID, Text string }
		Error     *struct{ Message string }
	}
	if err := d.call("templates", posted{}, &page); err != nil || page.Count != 2 || !page.More || page.Templates[0].Text != "Hello {{name}}" {
		t.Errorf("%+v %v", page, err)
	}
	far.behave(true)
	if got := probe(testSecret); len(got) != 1 || got[0].Pointer != "/templates_url" || !strings.HasPrefix(got[0].Message, "There are no templates: ") {
		t.Errorf("down: %+v", got)
	}
	if err := d.call("templates", posted{}, &page); err != nil || page.Error == nil {
		t.Errorf("%+v %v", page, err)
	}
	var over struct {
		Templates bool
		Traffic   []struct {
			What    string
			Status  int
			Fetched bool
		}
	}
	if err := d.call("overview", posted{}, &over); err != nil || !over.Templates || len(over.Traffic) != 2 || over.Traffic[0].Status != 503 || over.Traffic[1].Status != 200 || !over.Traffic[0].Fetched {
		t.Errorf("%+v %v", over, err)
	}
	if err := newDoor(t, `{}`).call("templates", posted{}, &page); err == nil {
		t.Error("an inbox without an address asks for templates")
	}
}

// TestTemplatesGuide: the list in docs/use/webhook.md is sound as it stands.
func TestTemplatesGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/use/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, behind, _ := strings.Cut(string(text), "## Messages that your system has prepared")
	_, behind, _ = strings.Cut(behind, "```json\n")
	answer, _, _ := strings.Cut(behind, "```")
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "2" {
			answer = `{"templates": []}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer far.Close()
	host := plugintest.NewHost(t, plugintest.Manifest(manifest))
	in := host.Connect(instance.Instance{Config: json.RawMessage(`{"templates_url": "` + far.URL + `"}`), Secrets: instance.Secrets{"/secret": testSecret}})
	all, refused, err := plugintest.InProcess(t, host, webhook()).Templates(in.ID)
	if err != nil || len(all) != 2 || len(refused) != 0 || len(all[0].Fields) != 3 || all[1].Fields[0].Name != "discount" || all[1].Unusable == "" {
		t.Fatalf("%+v %+v %v", all, refused, err)
	}
	want := "Hello Bo, order 2041 is on its way and should arrive on Monday.\n\nReply STOP to end"
	if got := all[0].Render(map[string]string{"name": "Bo", "order": "2041", "day": "Monday"}); got != want || !strings.Contains(string(text), strings.ReplaceAll(want, "\n", `\n`)) {
		t.Errorf("%q", got)
	}
}
