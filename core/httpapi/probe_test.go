package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema is as much of JSON Schema as the probe reads.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Additional json.RawMessage   `json:"additionalProperties"`
}

// requests is as much of OpenAPI as the probe reads.
type requests struct {
	Paths map[string]map[string]struct {
		Body struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

func (r requests) resolve(s schema) schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return r.Components.Schemas[name]
	}
	return s
}

// open lists the objects under a schema that take properties which they do not
// declare. Maps from a key to a value declare none, and say what a value is.
func (r requests) open(at string, s schema, seen map[string]bool) []string {
	if s.Ref != "" {
		if seen[s.Ref] {
			return nil
		}
		seen[s.Ref] = true
	}
	s = r.resolve(s)
	var out []string
	if len(s.Properties) > 0 && string(s.Additional) != "false" {
		out = append(out, at)
	}
	for name, p := range s.Properties {
		out = append(out, r.open(at+"/"+name, p, seen)...)
	}
	if s.Items != nil {
		out = append(out, r.open(at+"/*", *s.Items, seen)...)
	}
	return out
}

// columns lists the names of all columns of the database, from its migrations.
func columns(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../store/db/migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	names := make(map[string]bool)
	line := regexp.MustCompile(`(?mi)^(?:  |ALTER TABLE \w+ ADD COLUMN )([a-z_]+) +(?:TEXT|INTEGER|REAL|BLOB)\b`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// TestNoRouteTakesAColumn sends every column of the database, one by one, to
// every route that reads JSON and does not declare it: an owner, who may do
// everything else, is told that there is no such field.
func TestNoRouteTakesAColumn(t *testing.T) {
	s := newSite(t, nil)
	cookie := s.signIn(s.Owner)
	c := s.Receive(s.Inbox, "ext", "m1", "hello")
	mine := map[string]string{
		"workspace": string(s.WS), "member": string(s.Owner.ID), "inbox": string(s.Inbox.ID), "conversation": string(c.ID), "contact": string(c.Contact),
		"team": string(s.team(s.WS, "Mine")), "view": string(s.view(s.WS)), "publisher": "a", "name": "b",
	}
	s.ticketThings(mine, s.WS)
	s.contactThings(mine, s.WS, c.Contact)
	visitor := s.newVisitor()
	var d requests
	if err := json.Unmarshal(s.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	all := columns(t)
	if len(all) < 150 || !slices.Contains(all, "token_hash") || !slices.Contains(all, "workspace_id") {
		t.Fatalf("only %d columns were found: %v", len(all), all)
	}
	routes, asked, unseen := 0, 0, []string{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for method, op := range d.Paths[path] {
			content, ok := op.Body.Content["application/json"]
			if !ok {
				continue
			}
			routes++
			if open := d.open("", content.Schema, map[string]bool{}); len(open) > 0 {
				t.Errorf("%s %s: these objects take properties that they do not declare: %v", method, path, open)
			}
			who := []string{"Cookie", cookie}
			if strings.Contains(path, "/live/{inbox}/") {
				mine["inbox"], who = string(s.Live.ID), []string{"Authorization", "Bearer " + visitor}
			} else {
				mine["inbox"] = string(s.Inbox.ID)
			}
			n := s.probe(strings.ToUpper(method), path, mine, who, columnsBeside(all, d.resolve(content.Schema)))
			if asked += n; n == 1 {
				unseen = append(unseen, strings.ToUpper(method)+" "+path)
			}
		}
	}
	t.Logf("%d routes x up to %d columns: %d requests; only the schema of %d was seen: %v", routes, len(all), asked, len(unseen), unseen)
	if routes < 60 {
		t.Errorf("only %d routes were probed", routes)
	}
}

// newVisitor opens a chat and returns its token.
func (s *site) newVisitor() string {
	s.Helper()
	var v struct{ Token string }
	s.OK(json.Unmarshal([]byte(s.ask(http.MethodPost, "/api/v1/live/"+string(s.Live.ID)+"/sessions", `{}`).text), &v))
	return v.Token
}

func columnsBeside(all []string, s schema) []string {
	var out []string
	for _, name := range all {
		if _, declared := s.Properties[name]; !declared {
			out = append(out, name)
		}
	}
	return out
}

// probe sends each column along with a body that is right but for it.
func (s *site) probe(method, path string, mine map[string]string, who, columns []string) int {
	s.Helper()
	body := map[string]any{}
	if text := bodyOf(path); text != "" {
		s.OK(json.Unmarshal([]byte(text), &body))
	}
	for _, column := range columns {
		body[column] = "1"
		raw, err := json.Marshal(body)
		s.OK(err)
		delete(body, column)
		a := s.ask(method, places(path, mine), string(raw), who...)
		switch {
		case a.StatusCode < 300:
			s.Errorf("%s %s takes %s: %d %s", method, path, column, a.StatusCode, a.text)
		case a.StatusCode == http.StatusUnauthorized, a.StatusCode == http.StatusNotFound, a.StatusCode == http.StatusTooManyRequests:
			return 1 // another door: a visitor's, a plugin's; the schema is closed all the same
		case a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.text, column):
			s.Errorf("%s %s with %s answers %d %s", method, path, column, a.StatusCode, a.text)
		}
	}
	return len(columns)
}
