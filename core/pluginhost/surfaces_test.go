package pluginhost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

const (
	surfacesManifest = `{"manifest_version":1,"id":"test/surfaces","version":"V.V.V","name":{"en":"Surfaces"},"summary":{"en":"Answers what it is told to."},
"publisher":{"name":"Test"},"license":"Apache-2.0","core":">=0.1.0 <1.0.0","protocol":[1],"kinds":["panel","connector","tool"],
"config_schema":{"type":"object"},"panels":[{"name":"card","slot":"settings.page","title":{"en":"Card"}}],
"tools":[{"name":"use","title":{"en":"Use"},"description":{"en":"Uses what it is told to."},"args_schema":{"type":"object"}}],
"routes":[{"path":"/hello","methods":["GET"]}]}`
	surfacesID = channel.PluginID("test/surfaces")
)

// surfacesProgram returns the program that answers what it is told to.
var surfacesProgram = sync.OnceValues(func() (string, error) {
	out := filepath.Join(built.dir, "surfaces")
	return out, goBuild(out, filepath.Join("testdata", "surfaces"))
})

// installSurfaces puts a version of it into the plugins folder.
func (h *house) installSurfaces(version string) {
	h.t.Helper()
	program, err := surfacesProgram()
	if err != nil {
		h.t.Fatal(err)
	}
	folder := filepath.Join(h.dir, "test-surfaces")
	if err := os.RemoveAll(folder); err != nil {
		h.t.Fatal(err)
	}
	h.write(filepath.Join(folder, "plugin.json"), strings.ReplaceAll(surfacesManifest, "V.V.V", version))
	if err := os.Link(program, filepath.Join(folder, "plugin")); err != nil {
		h.t.Fatal(err)
	}
}

// told is how an instance is told to answer: see testdata/surfaces.
type told struct {
	Do     string            `json:"do,omitempty"`
	WaitMS int               `json:"wait_ms,omitempty"`
	Answer []json.RawMessage `json:"answer,omitempty"`
	Times  int               `json:"times,omitempty"`
	Pad    int               `json:"pad,omitempty"`
	Raw    []byte            `json:"raw,omitempty"`
}

// behaving makes a connection whose calls are answered so.
func (h *house) behaving(b told) extension.Connection {
	h.t.Helper()
	config, err := json.Marshal(b)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.connection(surfacesID, string(config))
}

// surface is a method that a plugin serves to people and rules.
type surface struct {
	service string // of the protocol
	// call calls it, and returns that of the answer which good has the version in.
	call func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error)
	good []any            // the answer: one message, or more for a stream
	bad  map[string][]any // answers that must not pass
}

// budget is how long a call may take.
func (s surface) budget(name string) time.Duration {
	if m, ok := pluginv1.MethodOf("/patchbay.plugin.v1." + s.service + "/" + name); ok && m.Budget > 0 {
		return m.Budget
	}
	return toolTimeout
}

// toolTimeout is that of the tool: a stream has no budget.
const toolTimeout = 2 * time.Second

// object is a message as JSON.
type object = map[string]any

// answers encodes messages.
func answers(t *testing.T, all []any) []json.RawMessage {
	t.Helper()
	out := make([]json.RawMessage, len(all))
	for i, a := range all {
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = text
	}
	return out
}

// record is one that can be shown.
func record() object { return object{"object": "party", "id": "1", "title": "V.V.V"} }

// with is a message with one field changed.
func with(o object, key string, value any) object {
	out := object{key: value}
	for k, v := range o {
		if k != key {
			out[k] = v
		}
	}
	return out
}

func repeat(n int, o object) []object {
	out := make([]object, n)
	for i := range out {
		out[i] = o
	}
	return out
}

func accepted(more object) object { return with(more, "result", object{"outcome": "OUTCOME_ACCEPTED"}) }

// badRecords are records that must not pass, in a message that has a list of
// them; most is how many may.
func badRecords(most int) map[string][]any {
	one := func(r object) []any { return []any{object{"records": []object{r}, "cursor": []byte("2")}} }
	return map[string][]any{
		"too many":           {object{"records": repeat(most+1, record()), "cursor": []byte("2")}},
		"no id":              one(with(record(), "id", "")),
		"a long id":          one(with(record(), "id", strings.Repeat("x", 5000))),
		"no kind":            one(with(record(), "object", "")),
		"no https":           one(with(record(), "url", "javascript:alert(1)")),
		"a password in it":   one(with(record(), "url", "https://u:p@example.com")),
		"fields of no JSON":  one(with(record(), "fields", []byte("{"))),
		"fields no object":   one(with(record(), "fields", []byte("[1]"))),
		"fields of 64 KiB":   one(with(record(), "fields", []byte(`{"a":"`+strings.Repeat("x", 64<<10)+`"}`))),
		"fields of no UTF-8": one(with(record(), "fields", []byte("{\"a\":\"\xff\"}"))),
	}
}

// badValues are values that must not pass.
func badValues(in func(value []byte) []any) map[string][]any {
	return map[string][]any{
		"no JSON":          in([]byte("<html>")),
		"no UTF-8":         in([]byte("\"\xff\"")),
		"more than it may": in([]byte(`"` + strings.Repeat("x", 256<<10) + `"`)),
	}
}

// badCards are cards that must not pass.
func badCards() map[string][]any {
	one := func(text string) []any { return []any{object{"card": []byte(text)}} }
	text := `{"type":"TextBlock","text":"x"}`
	return map[string][]any{
		"no JSON":           one("<html>"),
		"another element":   one(cardOf(`{"type":"Media"}`)),
		"a script":          one(cardOf(`{"type":"TextBlock","text":"x","selectAction":{"type":"Action.OpenUrl","url":"javascript:alert(1)"}}`)),
		"too large":         one(cardOf(`{"type":"TextBlock","text":"` + strings.Repeat("x", card.MaxBytes) + `"}`)),
		"too many elements": one(cardOf(strings.Repeat(text+",", card.MaxElements) + text)),
	}
}

func cardOf(body string) string {
	return `{"type":"AdaptiveCard","version":"1.5","body":[` + body + `]}`
}

func goodCard() object { return object{"card": []byte(cardOf(`{"type":"TextBlock","text":"V.V.V"}`))} }

// surfaces are the methods, by name.
var surfaces = sync.OnceValue(func() map[string]surface {
	view := extension.PanelView{Panel: "card", Slot: extension.SlotSettings, Member: "mem_1", Locale: "en", Theme: "light"}
	titles := func(all []extension.Far, err error) (string, error) {
		if len(all) == 0 {
			return "", err
		}
		return all[0].Title, err
	}
	completed := func(value []byte) []any {
		return []any{object{"progress": "Half done."}, object{"completed": accepted(object{"output": value})}}
	}
	return map[string]surface{
		"RenderPanel": {"PanelService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Render(ctx, c, view)
			return string(got.JSON), err
		}, []any{goodCard()}, badCards()},
		"ActOnPanel": {"PanelService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Act(ctx, c, view, extension.PanelAction{ID: "a1", Action: "go", Data: json.RawMessage(`{}`)})
			return string(got.Card), err
		}, []any{goodCard()}, badCards()},
		"CallPanel": {"PanelService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Call(ctx, c, view, "get", json.RawMessage(`{}`))
			return string(got), err
		}, []any{accepted(object{"value": []byte(`"V.V.V"`)})}, badValues(func(v []byte) []any { return []any{accepted(object{"value": v})} })},
		"DescribeObjects": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Describe(ctx, c, "en")
			if len(got) == 0 {
				return "", err
			}
			return got[0].Label, err
		}, []any{object{"objects": []object{{"name": "party", "label": "V.V.V"}}}}, map[string][]any{
			"too many kinds":  {object{"objects": repeat(51, object{"name": "party"})}},
			"a kind unnamed":  {object{"objects": []object{{"label": "x"}}}},
			"too many fields": {object{"objects": []object{{"name": "party", "fields": repeat(201, object{"name": "f"})}}}},
			"a field unnamed": {object{"objects": []object{{"name": "party", "fields": []object{{"label": "x"}}}}}},
		}},
		"Lookup": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			return titles(h.Lookup(ctx, c, extension.Sought{ID: "con_1", Emails: []string{"a@example.com"}}))
		}, []any{object{"records": []object{record()}}}, badRecordsWithoutCursor(20)},
		"Search": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			return titles(h.Search(ctx, c, "party", "x", 10))
		}, []any{object{"records": []object{record()}}}, badRecordsWithoutCursor(50)},
		"Upsert": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Upsert(ctx, c, "k1", extension.Far{Object: "party", Fields: json.RawMessage(`{}`)})
			return got.Title, err
		}, []any{accepted(object{"record": record()})}, map[string][]any{
			"no record":         {accepted(object{})},
			"a record unnamed":  {accepted(object{"record": with(record(), "id", "")})},
			"fields of no JSON": {accepted(object{"record": with(record(), "fields", []byte("{"))})},
		}},
		"AddActivity": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			return h.AddActivity(ctx, c, extension.Activity{Key: "k1", Object: "party", Record: "1", Subject: "x", At: time.Now()})
		}, []any{accepted(object{"id": "V.V.V"})}, nil},
		"PullChanges": {"ConnectorService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Pull(ctx, c, "party", []byte("1"))
			return titles(got.Records, err)
		}, []any{object{"records": []object{record()}, "cursor": []byte("2")}}, pulled()},
		"InvokeTool": {"ToolService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Invoke(ctx, c, extension.Invocation{ID: "i1", Tool: "use", Args: json.RawMessage(`{}`), Timeout: toolTimeout}, nil)
			return string(got.Output), err
		}, completed([]byte(`"V.V.V"`)), badValues(completed)},
		"HandleRoute": {"RouteService", func(ctx context.Context, h *pluginhost.Host, c extension.Connection) (string, error) {
			got, err := h.Handle(ctx, c, extension.RouteRequest{ID: "r1", Method: http.MethodGet, Path: "/hello"})
			return string(got.Body), err
		}, []any{object{"body": []byte("V.V.V")}}, map[string][]any{
			"no such status":   {object{"status": 99}},
			"an early answer":  {object{"status": 101}},
			"a body of 1 MiB":  {object{"body": make([]byte, 1<<20+1)}},
			"too many headers": {object{"headers": repeat(101, object{"name": "X-A", "value": "x"})}},
		}},
	}
})

// badRecordsWithoutCursor are those of a message that has no cursor.
func badRecordsWithoutCursor(most int) map[string][]any {
	out := badRecords(most)
	for _, messages := range out {
		for _, m := range messages {
			delete(m.(object), "cursor") //nolint:forcetypeassert // made above
		}
	}
	return out
}

// pulled are pages that must not pass.
func pulled() map[string][]any {
	out := badRecords(200)
	out["a cursor of 8 KiB"] = []any{object{"cursor": make([]byte, 8<<10+1)}}
	out["records and no cursor"] = []any{object{"records": []object{record()}}}
	out["more, from where it was"] = []any{object{"cursor": []byte("1"), "more": true}}
	out["another kind"] = []any{object{"records": []object{with(record(), "object", "order")}, "cursor": []byte("2")}}
	return out
}

// code is the code of an error.
func code(err error) string {
	if e := errs.As(err); e != nil {
		return e.Code
	}
	return fmt.Sprint(err)
}
