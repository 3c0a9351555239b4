package authz_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/app"
)

// document is as much of OpenAPI as these tests read.
type document struct {
	Paths map[string]map[string]struct {
		Parameters []struct{ Name, In string }
		Body       struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
		Responses map[string]any
	}
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Format     string
	Enum       []any
	Properties map[string]schema
	Items      *schema
	MaxLength  int `json:"maxLength"`
}

func openAPI(t *testing.T) document {
	t.Helper()
	text, err := app.OpenAPI("")
	var d document
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// successes are the statuses that each route promises.
func successes(t *testing.T) map[string][]int {
	t.Helper()
	out := make(map[string][]int)
	for path, methods := range openAPI(t).Paths {
		for method, op := range methods {
			for status := range op.Responses {
				if n, err := strconv.Atoi(status); err == nil && n < http.StatusBadRequest {
					name := strings.ToUpper(method) + " " + path
					out[name] = append(out[name], n)
				}
			}
		}
	}
	return out
}
