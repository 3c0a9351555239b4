package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

// texts calls fn with every text in the source of the domain and its adapters,
// tests left out, and with the declaration it stands in.
func texts(t *testing.T, fn func(text string, in *ast.ValueSpec)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		var spec *ast.ValueSpec
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				spec = n
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					fn(text, spec)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// changeTypes reads the types of changes from the source: a new one cannot be forgotten.
func changeTypes(t *testing.T) (conversations, tickets []string) {
	t.Helper()
	var out []string
	texts(t, func(text string, in *ast.ValueSpec) {
		if in == nil || in.Type == nil {
			return
		}
		if name, ok := in.Type.(*ast.Ident); ok && name.Name == "ChangeType" {
			out = append(out, text)
		}
	})
	if len(out) < 28 {
		t.Fatalf("only %d types of changes were found: %s", len(out), out)
	}
	slices.Sort(out)
	for _, typ := range out {
		if ticket.Is(typ) {
			tickets = append(tickets, typ)
		} else {
			conversations = append(conversations, typ)
		}
	}
	return conversations, tickets
}

// enum is the values that the API promises for the type of a shape.
func enum(shape any) []string {
	f, _ := reflect.TypeOf(shape).FieldByName("Type")
	return slices.Sorted(strings.SplitSeq(f.Tag.Get("enum"), ","))
}

// What the API promises is what happens, and the law is told of all of it.
func TestEveryTypeIsNamed(t *testing.T) {
	changes, tickets := changeTypes(t)
	if got := enum(wire.Change{}); !slices.Equal(got, changes) {
		t.Errorf("Change promises\n%s\nand there are\n%s", got, changes)
	}
	if got := enum(wire.TicketChange{}); !slices.Equal(got, tickets) {
		t.Errorf("TicketChange promises\n%s\nand there are\n%s", got, tickets)
	}
	workspace := regexp.MustCompile(`^[a-z_]+\.(health_)?changed$`)
	events := slices.Concat(changes, tickets)
	texts(t, func(text string, _ *ast.ValueSpec) {
		if workspace.MatchString(text) && !slices.Contains(events, text) {
			events = append(events, text)
		}
	})
	for _, typ := range events {
		if wire.Topic(typ) == "" {
			t.Errorf("nobody is told of %s: it has no topic", typ)
		}
	}
	events = append(events, wire.TypeGone, wire.TypeTicketGone, wire.TypeSkip)
	slices.Sort(events)
	if got := enum(wire.FeedEvent{}); !slices.Equal(got, events) {
		t.Errorf("FeedEvent promises\n%s\nand there are\n%s", got, events)
	}
	shown := make(map[string]bool)
	for _, c := range publicChanges() {
		shown[c.Type] = true
	}
	for _, typ := range enum(wire.PublicChange{}) {
		if !shown[typ] {
			t.Errorf("no change is shown to the customer as %s", typ)
		}
		delete(shown, typ)
	}
	for typ := range shown {
		t.Errorf("the customer is shown %s, which is not promised", typ)
	}
}

// publicChanges is how the customer is shown one change of each type.
func publicChanges() []wire.PublicChange {
	var out []wire.PublicChange
	for _, c := range changes() {
		if p, ok := wire.PublicChangeOf(c); ok {
			out = append(out, p)
		}
	}
	return out
}
