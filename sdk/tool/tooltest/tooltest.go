// Package tooltest is the conformance suite of tools. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := tooltest.Subject{Manifest: manifest, Uses: uses}
//	t.Run("in process", func(t *testing.T) { subject.Open = tooltest.InProcess(newMine); tooltest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = tooltest.Process(t, "."); tooltest.Run(t, subject) })
package tooltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Uses are uses of the tools and what comes of them.
	Uses []Use
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (tool.Tools, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Tools, err = newValue(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

func (s Subject) plugin() conformance.Plugin {
	return conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityTool, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// Use is one use of a tool.
type Use struct {
	Name   string // in the test's output; "" = the tool's
	Tool   string // its name in the manifest
	Args   string // a JSON object that args_schema accepts; "" = {}
	Output string // a part of the output, as JSON
	Code   string // instead: the code of the refusal
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	m := conformance.CheckManifest(t, s.plugin())
	if len(m.Tools) == 0 {
		t.Fatal("the manifest has no tools")
	}
	ask := func(r *conformance.Rig, id string) error {
		req := invocation("any", m.Tools[0].Name, "{}")
		req.InstanceId = id
		_, err := invoke(r, req)
		if status.Code(err) == codes.FailedPrecondition { // these arguments; it was asked all the same
			return nil
		}
		return err
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "has every tool", Run: every},
		conformance.Case{Name: "does what it promises", Run: func(r *conformance.Rig) { uses(r, s.Uses) }},
		conformance.Case{Name: "does it once", Run: func(r *conformance.Rig) { once(r, s.Uses) }},
		conformance.Case{Name: "refuses what it does not have", Run: stranger},
		conformance.Case{Name: "bears any arguments", Run: anyArgs},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

func invocation(id, name, args string) *pluginv1.InvokeToolRequest {
	return &pluginv1.InvokeToolRequest{
		InvocationId: "inv_" + id, InstanceId: conformance.InstanceID, Tool: name, Args: []byte(conformance.Or(args, "{}")),
		ConversationId: "cnv_1", ContactId: "con_1", CallerKind: tool.CallerAgent, CallerId: "mem_1",
	}
}

// invoke uses a tool and returns its output; the error is as of
// conformance.ErrorOf, or says which rule of the stream was broken.
func invoke(r *conformance.Rig, req *pluginv1.InvokeToolRequest) ([]byte, error) {
	stream, err := r.Tool.InvokeTool(r.Ctx(), req)
	if err != nil {
		return nil, err
	}
	var completed *pluginv1.InvokeToolResponse_Completed
	for {
		got, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && completed == nil:
			return nil, errors.New("the stream ends without Completed")
		case errors.Is(err, io.EOF):
			return completed.GetOutput(), conformance.ErrorOf(completed.GetResult())
		case err != nil:
			return nil, err
		case completed != nil:
			return nil, fmt.Errorf("after Completed came %v", got)
		}
		completed = got.GetCompleted()
	}
}

// every asks for each tool of the manifest: those it does not know are missing.
func every(r *conformance.Rig) {
	for _, t := range r.Manifest.Tools {
		_, err := invoke(r, invocation("every", t.Name, "{}"))
		r.NoFault(t.Name, err)
		if strings.Contains(status.Convert(err).Message(), tool.CodeUnknown) {
			r.Errorf("it does not have the tool %q of its manifest", t.Name)
		}
	}
}

func uses(r *conformance.Rig, list []Use) {
	for i, u := range list {
		output, err := invoke(r, invocation(strconv.Itoa(i), u.Tool, u.Args))
		name := conformance.Or(u.Name, u.Tool)
		switch {
		case u.Code != "":
			if status.Code(err) != codes.FailedPrecondition || !strings.HasPrefix(status.Convert(err).Message(), u.Code+":") {
				r.Errorf("%s: it is not refused with %s: %s %v", name, u.Code, output, err)
			}
			continue
		case err != nil:
			r.Errorf("%s: %v", name, err)
			continue
		case !strings.Contains(string(output), u.Output):
			r.Errorf("%s: the output is %s, without %s", name, output, u.Output)
		}
		promised(r, u.Tool, output)
	}
}

// promised checks an output against the manifest's schema.
func promised(r *conformance.Rig, name string, output []byte) {
	r.Helper()
	for _, t := range r.Manifest.Tools {
		if t.Name != name || len(t.OutputSchema) == 0 {
			continue
		}
		compiled, err := schema.Compile(t.OutputSchema)
		if err != nil {
			r.Fatal(err)
		}
		if problems := compiled.Validate(output); len(problems) > 0 {
			r.Errorf("%s: output_schema does not accept %s: %+v", name, output, problems)
		}
	}
}

// once repeats uses under one id: the answer stays the same.
func once(r *conformance.Rig, list []Use) {
	for i, u := range list {
		req := invocation(fmt.Sprintf("once-%d", i), u.Tool, u.Args)
		first, firstErr := invoke(r, req)
		req.Attempt = 1
		again, againErr := invoke(r, req)
		if !bytes.Equal(first, again) || status.Code(firstErr) != status.Code(againErr) {
			r.Errorf("%s: %s %v, asked again with the same id %s %v", conformance.Or(u.Name, u.Tool), first, firstErr, again, againErr)
		}
	}
}

func stranger(r *conformance.Rig) {
	for _, name := range []string{"", "no_such_tool", "../x", "🙂"} {
		if _, err := invoke(r, invocation("stranger", name, "{}")); status.Code(err) != codes.FailedPrecondition {
			r.Errorf("the tool %q: %v", name, err)
		}
	}
}

// anyArgs gives what the schema would not let through.
func anyArgs(r *conformance.Rig) {
	for _, t := range r.Manifest.Tools {
		for i, args := range conformance.JSONs() {
			req := invocation(fmt.Sprintf("args-%d", i), t.Name, "")
			req.Args = []byte(args)
			_, err := invoke(r, req)
			r.NoFault(fmt.Sprintf("%s with %.40q", t.Name, args), err)
		}
	}
}
