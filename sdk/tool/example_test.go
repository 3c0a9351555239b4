package tool_test

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/tool"
)

func track(_ context.Context, req tool.InvokeRequest) (tool.InvokeResponse, error) {
	var args struct{ Parcel string }
	if err := req.Decode(&args); err != nil {
		return tool.InvokeResponse{}, err
	}
	if args.Parcel != "P-1" {
		return tool.InvokeResponse{}, errs.Reject("unknown_parcel", "There is no such parcel.")
	}
	req.Tell("Asking the carrier.")
	return tool.InvokeResponse{Output: map[string]string{"status": "on its way"}}, nil
}

func ExampleMap() {
	tools := tool.Map{"track": track}
	for _, req := range []tool.InvokeRequest{
		{Tool: "track", Args: []byte(`{"parcel":"P-1"}`), Progress: func(s string) { fmt.Println("...", s) }},
		{Tool: "track", Args: []byte(`{"parcel":"P-2"}`)},
		{Tool: "trace"},
	} {
		answer, err := tools.Invoke(context.Background(), req)
		fmt.Println(answer.Output, err)
	}
	// Output:
	// ... Asking the carrier.
	// map[status:on its way] <nil>
	// <nil> unknown_parcel: There is no such parcel.
	// <nil> unknown_tool: There is no tool "trace".
}
