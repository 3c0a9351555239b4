package routetest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	"github.com/patchbay-im/patchbay/sdk/route"
	"github.com/patchbay-im/patchbay/sdk/route/routetest"
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
kinds: [connector]
routes:
  - {path: /export/*, methods: [GET]}
  - {path: /sum, methods: [POST]}
`

func newRoute(fault string) route.Route {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /export/{name}", func(w http.ResponseWriter, r *http.Request) {
		if fault != "has no type" {
			w.Header().Set("Content-Type", "text/csv")
		}
		_, _ = io.WriteString(w, "instance,"+route.InstanceOf(r).ID+"\nname,"+r.PathValue("name")+"\nq,"+r.URL.Query().Get("q")+"\n")
	})
	mux.HandleFunc("POST /sum", func(w http.ResponseWriter, r *http.Request) {
		var list []int
		if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
			if fault == "chokes" && errors.Is(err, io.EOF) {
				panic(err)
			}
			http.Error(w, "Post a list of numbers.", http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(len(list))
	})
	return route.HTTP(mux)
}

func TestSubject(t *testing.T) {
	routetest.Run(t, routetest.Subject{
		Manifest: []byte(manifest),
		Open:     routetest.InProcess(func(sdk.Env) (route.Route, error) { return newRoute(conformance.Fault()), nil }),
		Requests: []routetest.Request{
			{Path: "/export/a.csv", Query: "q=1", Answer: "instance,inb_conformance\nname,a.csv\nq,1\n", Headers: map[string]string{"content-type": "text/csv"}},
			{Method: http.MethodPost, Path: "/sum", Body: "[1,2,3]", Answer: "3"},
			{Method: http.MethodPost, Path: "/sum", Body: "{}", Status: http.StatusBadRequest, Answer: "Post a list"},
			{Path: "/nowhere", Status: http.StatusNotFound},
		},
	})
}

// A suite that never failed proves nothing: each fault is caught by the case
// that is there for it, and by no other.
func TestFaultsAreCaught(t *testing.T) {
	conformance.CatchesFaults(t, "TestSubject", map[string]string{
		"has no type": "answers",
		"chokes":      "survives any bytes",
	})
}
