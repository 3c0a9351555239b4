package manifest

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/sdk/manifest/schema"
)

// Bounds of what abilities declare.
const (
	minDescription, maxDescription = 10, 1000
	maxToolTimeoutS                = 30
	minBudgetMS, maxBudgetMS       = 10, 1000
	maxPriority                    = 100
)

// name checks the name of one of several things, which the program gets.
func (c *checker) name(at []string, name string, seen map[string]bool) {
	at = append(slices.Clone(at), "name")
	switch {
	case !regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`).MatchString(name):
		c.fault(at, `must be 1 to 63 lower case letters, digits, "_" and "-", the first of them a letter`)
	case seen[name]:
		c.fault(at, "%q stands twice", name)
	}
	seen[name] = true
}

func (c *checker) tools(list []Tool) {
	seen := make(map[string]bool, len(list))
	for i, t := range list {
		at := []string{"tools", strconv.Itoa(i)}
		c.name(at, t.Name, seen)
		c.text(append(slices.Clone(at), "title"), t.Title, 1, maxName)
		c.text(append(slices.Clone(at), "description"), t.Description, minDescription, maxDescription)
		args := append(slices.Clone(at), "args_schema")
		if len(t.ArgsSchema) == 0 {
			c.fault(args, `is missing; a tool without arguments has {type: object, additionalProperties: false}`)
		}
		c.schema(args, t.ArgsSchema, true)
		c.schema(append(slices.Clone(at), "output_schema"), t.OutputSchema, false)
		c.word(append(slices.Clone(at), "approval"), t.Approval, ApprovalNever, ApprovalAlways)
		if t.TimeoutS < 0 || t.TimeoutS > maxToolTimeoutS {
			c.fault(append(slices.Clone(at), "timeout_s"), "must be 0 (20) to %d", maxToolTimeoutS)
		}
	}
}

// schema checks that a JSON Schema compiles.
func (c *checker) schema(at []string, s Schema, object bool) {
	if len(s) == 0 {
		return
	}
	var top struct {
		Type any `json:"type"`
	}
	if err := json.Unmarshal(s, &top); object && (err != nil || top.Type != "object") {
		c.fault(at, `must be a schema of an object: "type: object"`)
		return
	}
	if _, err := schema.Compile(s); err != nil {
		c.fault(at, "%v", err)
	}
}

func (c *checker) hooks(m Manifest) {
	if m.Hooks == nil {
		return
	}
	if len(m.Hooks.Intercept) == 0 && len(m.Hooks.Events) == 0 {
		c.fault([]string{"hooks"}, "has neither intercept nor events")
	}
	seen := make(map[string]bool)
	for i, p := range m.Hooks.Intercept {
		at := []string{"hooks", "intercept", strconv.Itoa(i)}
		if !slices.Contains(Points(), p.Point) || seen[p.Point] {
			c.fault(append(slices.Clone(at), "point"), "%q is not known here, or stands twice; there are: %s", p.Point, strings.Join(Points(), ", "))
		}
		seen[p.Point] = true
		if p.BudgetMS != 0 && (p.BudgetMS < minBudgetMS || p.BudgetMS > maxBudgetMS) {
			c.fault(append(slices.Clone(at), "budget_ms"), "must be 0 (150), or %d to %d", minBudgetMS, maxBudgetMS)
		}
		c.word(append(slices.Clone(at), "on_timeout"), p.OnTimeout, "allow", "deny")
		if p.Priority < -maxPriority || p.Priority > maxPriority {
			c.fault(append(slices.Clone(at), "priority"), "must be -%d to %d", maxPriority, maxPriority)
		}
	}
	for i, event := range m.Hooks.Events {
		if !regexp.MustCompile(`^[a-z][a-z_]*(\.[a-z][a-z_]*)+$`).MatchString(event) || slices.Contains(m.Hooks.Events[:i], event) {
			c.fault([]string{"hooks", "events", strconv.Itoa(i)}, `%q is no type of event, such as "message.created", or stands twice`, event)
		}
	}
	c.needs([]string{"hooks", "intercept"}, m, len(m.Hooks.Intercept) > 0, "hooks:intercept")
	c.needs([]string{"hooks", "events"}, m, len(m.Hooks.Events) > 0, "events:subscribe")
}

// needs checks that what is there is asked for: without the scope the host
// would never use it.
func (c *checker) needs(at []string, m Manifest, there bool, scope string) {
	if there && !m.Asks(scope) {
		c.fault(at, "needs the scope %q in permissions", scope)
	}
}

func (c *checker) analyzer(a *Analyzer) {
	if a == nil {
		return
	}
	authors := []string{"customer", "agent", "bot"}
	if len(a.Messages) == 0 {
		c.fault([]string{"analyzer", "messages"}, "is missing; there are: %s", strings.Join(authors, ", "))
	}
	for i, author := range a.Messages {
		if !slices.Contains(authors, author) || slices.Contains(a.Messages[:i], author) {
			c.fault([]string{"analyzer", "messages", strconv.Itoa(i)}, "%q is not known here, or stands twice; there are: %s", author, strings.Join(authors, ", "))
		}
	}
}

func (c *checker) panels(list []Panel) {
	seen := make(map[string]bool, len(list))
	for i, p := range list {
		at := []string{"panels", strconv.Itoa(i)}
		c.name(at, p.Name, seen)
		if !slices.Contains(Slots(), p.Slot) {
			c.fault(append(slices.Clone(at), "slot"), "%q is not known here; there are: %s", p.Slot, strings.Join(Slots(), ", "))
		}
		c.text(append(slices.Clone(at), "title"), p.Title, 1, maxName)
		if p.Page != "" && (!below(p.Page) || !strings.HasSuffix(p.Page, ".html")) {
			c.fault(append(slices.Clone(at), "page"), `must be an .html file below ui/, for example "panel/index.html"`)
		}
	}
}

func (c *checker) templates(list []Template) {
	seen := make(map[string]bool, len(list))
	for i, t := range list {
		at := []string{"templates", strconv.Itoa(i)}
		c.name(at, t.Name, seen)
		if !below(t.Path) {
			c.fault(append(slices.Clone(at), "path"), `must be a folder below templates/, for example "retail"`)
		}
		c.text(append(slices.Clone(at), "title"), t.Title, 1, maxName)
		c.text(append(slices.Clone(at), "summary"), t.Summary, 1, maxSummary)
	}
}

// below reports whether a path stays below the folder it is relative to.
func below(p string) bool {
	return p != "" && p != "." && !path.IsAbs(p) && path.Clean(p) == p && p != ".." && !strings.HasPrefix(p, "../") &&
		regexp.MustCompile(`^[A-Za-z0-9._/-]+$`).MatchString(p)
}
