package filter_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/filter"
)

func TestWhatCanNeverHold(t *testing.T) {
	fields := filter.NewRegistry(
		filter.Field{Name: "text", Kind: filter.Text}, filter.Field{Name: "team", Kind: filter.ID, Prefix: "tea"},
		filter.Field{Name: "label", Kind: filter.Set, Prefix: "lab"}, filter.Field{Name: "hour", Kind: filter.Number}, filter.Field{Name: "vip", Kind: filter.Bool},
	)
	const vip, hour = `{"field":"vip","op":"is","value":true}`, `{"field":"hour","op":"gt","value":`
	for tree, want := range map[string]bool{
		`null`: false,
		vip:    false,
		`{"and":[` + vip + `,{"not":` + vip + `}]}`:                                                                                      true,
		`{"and":[` + vip + `,{"field":"vip","op":"is","value":false}]}`:                                                                  true,
		`{"or":[` + vip + `,{"field":"vip","op":"is","value":false}]}`:                                                                   false,
		`{"and":[` + hour + `20},{"field":"hour","op":"lt","value":8}]}`:                                                                 true,
		`{"or":[` + hour + `20},{"field":"hour","op":"lt","value":8}]}`:                                                                  false,
		`{"and":[` + hour + `20},{"field":"hour","op":"lt","value":20.5}]}`:                                                              false,
		`{"and":[` + hour + `20},{"field":"hour","op":"lte","value":20}]}`:                                                               true,
		`{"field":"hour","op":"between","value":[17,9]}`:                                                                                 true,
		`{"not":{"field":"hour","op":"between","value":[17,9]}}`:                                                                         false,
		`{"and":[{"field":"hour","op":"is","value":3},` + hour + `3}]}`:                                                                  true,
		`{"and":[{"field":"hour","op":"is","value":3},` + hour + `2}]}`:                                                                  false,
		`{"and":[` + hour + `20},{"or":[` + hour + `30},{"not":` + hour + `5}}]}]}`:                                                      false,
		`{"and":[{"field":"team","op":"is","value":"tea_1"},{"field":"team","op":"is","value":"tea_2"}]}`:                                true,
		`{"and":[{"field":"team","op":"in","value":["tea_1","tea_3"]},{"field":"team","op":"in","value":["tea_2","tea_3"]}]}`:            false,
		`{"and":[{"field":"team","op":"is","value":"tea_1"},{"field":"team","op":"is_not","value":"tea_1"}]}`:                            true,
		`{"and":[{"field":"team","op":"in","value":["tea_1","tea_2"]},{"field":"team","op":"not_in","value":["tea_1"]}]}`:                false,
		`{"and":[{"field":"label","op":"has","value":"lab_1"},{"field":"label","op":"has","value":"lab_2"}]}`:                            false,
		`{"and":[{"field":"label","op":"has","value":"lab_1"},{"field":"label","op":"has_not","value":"lab_1"}]}`:                        true,
		`{"and":[{"field":"text","op":"contains","value":"a"},{"field":"text","op":"is_not_set"}]}`:                                      true,
		`{"and":[{"field":"text","op":"contains","value":"a"},{"field":"text","op":"contains","value":"b"}]}`:                            false,
		`{"and":[{"field":"text","op":"contains","value":"a"},{"field":"text","op":"not_contains","value":"a"}]}`:                        true,
		`{"or":[{"and":[` + vip + `,{"not":` + vip + `}]},{"and":[{"field":"text","op":"is_set"},{"field":"text","op":"is_not_set"}]}]}`: true,
		`{"and":[` + vip + `,{"or":[{"not":` + vip + `},{"and":[{"field":"text","op":"is_set"},{"field":"text","op":"is_not_set"}]}]}]}`: true,
		`{"and":[` + vip + `,{"or":[{"field":"vip","op":"is","value":false},{"field":"text","op":"is_set"}]}]}`:                          false,
	} {
		n, err := filter.Parse([]byte(tree), fields)
		if err != nil {
			t.Fatal(tree, err)
		}
		if got := n.Never(); got != want {
			t.Errorf("%s: %t", tree, got)
		}
	}
}
