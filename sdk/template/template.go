// Package template is for the few industry templates that need a program: most
// are files of the bundle, and have no process at all.
package template

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Template says what to make in a workspace.
type Template interface {
	// Plan is a pure function: the same answers give the same objects. The core
	// shows what would change, and changes it when somebody agrees. ctx ends
	// after 5 seconds. An error of the source Rejected is shown to who asked.
	Plan(ctx context.Context, req PlanRequest) (PlanResponse, error)
}

// PlanRequest is a template and the answers to its questions.
type PlanRequest struct {
	Instance instance.Instance // the zero value for a plugin that is nothing but a template
	Template string            // its name in the manifest
	Answers  json.RawMessage   // an object that the template's questions accept
	Locale   string            // BCP 47: the language to make it in
}

// Decode reads the answers into a struct.
func (r PlanRequest) Decode(into any) error {
	if len(r.Answers) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Answers, into); err != nil {
		return fmt.Errorf("the answers of %s: %w", r.Template, err)
	}
	return nil
}

// PlanResponse is what to make.
type PlanResponse struct {
	Objects []Object
}

// Object is one thing to make.
type Object struct {
	Kind   string // label, canned_reply, ticket_type, team, attribute, view, ...
	Key    string // stable and unique within the kind: how the object is known again
	Object any    // encoded as a JSON object; its shape is the kind's
}
