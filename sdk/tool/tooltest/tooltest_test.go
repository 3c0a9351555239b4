package tooltest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/tool"
	"github.com/patchbay-im/patchbay/sdk/tool/tooltest"
)

const manifest = `manifest_version: 1
id: test/subject
version: 1.0.0
name: {en: Subject}
summary: {en: A plugin to test the suite with.}
publisher: {name: Test}
license: Apache-2.0
core: ">=0.1.0 <1.0.0"
protocol: [1]
kinds: [tool]
tools:
  - name: double
    title: {en: Double}
    description: {en: Doubles a number.}
    args_schema: {type: object, properties: {n: {type: integer}}}
    output_schema: {type: object, required: [n], properties: {n: {type: integer}}}
`

func newTools(fault string) tool.Tools {
	var calls atomic.Int32
	double := func(_ context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
		var args struct{ N json.Number }
		req.Tell("Doubling.")
		if err := req.Decode(&args); err != nil {
			if fault == "chokes" {
				return tool.InvokeResponse{}, err
			}
			return tool.InvokeResponse{}, errs.Reject(errs.CodeBadRequest, "These are no arguments.").WithCause(err)
		}
		n, err := strconv.Atoi(string(args.N))
		if err != nil {
			return tool.InvokeResponse{}, errs.Reject("no_number", "There is no number.")
		}
		switch fault {
		case "cannot count":
			n++
		case "breaks its word":
			return tool.InvokeResponse{Output: []string{"84", `"n":84`}}, nil
		case "counts again":
			if calls.Add(1) > 1 && req.Attempt > 0 {
				n++
			}
		}
		return tool.InvokeResponse{Output: map[string]int{"n": 2 * n}}, nil
	}
	switch fault {
	case "lacks a tool":
		return tool.Map{"else": double}
	case "does whatever":
		return whatever(double)
	default:
		return tool.Map{"double": double}
	}
}

// whatever does not look at the name.
type whatever tool.Func

func (w whatever) Invoke(ctx context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	if req.Tool != "double" {
		return tool.InvokeResponse{Output: fmt.Sprint(req.Tool, "?")}, nil
	}
	return w(ctx, req)
}

func TestSubject(t *testing.T) {
	tooltest.Run(t, tooltest.Subject{
		Manifest: []byte(manifest),
		Open:     tooltest.InProcess(func(sdk.Env) (tool.Tools, error) { return newTools(conformance.Fault()), nil }),
		Uses: []tooltest.Use{
			{Tool: "double", Args: `{"n":42}`, Output: `"n":84`},
			{Name: "nothing", Tool: "double", Code: "no_number"},
		},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"chokes":        "bears any arguments",
		"cannot count":  "does what it promises",
		"counts again":  "does it once",
		"does whatever": "refuses what it does not have",
	})
}
