package template_test

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/sdk/template"
)

// labels makes a label for each product line.
type labels struct{}

func (labels) Plan(_ context.Context, req template.PlanRequest) (template.PlanResponse, error) {
	var answers struct{ Lines []string }
	if err := req.Decode(&answers); err != nil {
		return template.PlanResponse{}, err
	}
	var out template.PlanResponse
	for _, line := range answers.Lines {
		out.Objects = append(out.Objects, template.Object{Kind: "label", Key: line, Object: map[string]string{"name": line}})
	}
	return out, nil
}

func ExampleTemplate() {
	plan, err := labels{}.Plan(context.Background(), template.PlanRequest{Template: "labels", Answers: []byte(`{"lines":["shoes","hats"]}`)})
	fmt.Println(plan.Objects, err)
	// Output:
	// [{label shoes map[name:shoes]} {label hats map[name:hats]}] <nil>
}
