package connector_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/patchbay-im/patchbay/sdk/connector"
)

// crm knows one customer, and can do no more than look up.
type crm struct{}

func (crm) DescribeObjects(context.Context, connector.DescribeObjectsRequest) (connector.DescribeObjectsResponse, error) {
	return connector.DescribeObjectsResponse{Objects: []connector.ObjectType{{
		Name: "party", Label: "Customer", Lookup: true,
		Fields: []connector.Field{{Name: "balance", Label: "Balance", Type: connector.Money}},
	}}}, nil
}

func (crm) Lookup(_ context.Context, req connector.LookupRequest) (connector.LookupResponse, error) {
	if !slices.Contains(req.Emails, "alice@example.com") {
		return connector.LookupResponse{}, nil // nobody: no error
	}
	return connector.LookupResponse{Records: []connector.Record{
		{Object: "party", ID: "7", Title: "Alice", Fields: map[string]any{"balance": "12.50 EUR"}},
	}}, nil
}

func ExampleConnector() {
	var c connector.Connector = crm{}
	for _, email := range []string{"alice@example.com", "bob@example.com"} {
		found, err := c.Lookup(context.Background(), connector.LookupRequest{Emails: []string{email}})
		fmt.Println(found.Records, err)
	}
	_, searches := c.(connector.Searcher)
	fmt.Println("searches:", searches)
	// Output:
	// [{party 7 Alice  map[balance:12.50 EUR] 0001-01-01 00:00:00 +0000 UTC false}] <nil>
	// [] <nil>
	// searches: false
}
