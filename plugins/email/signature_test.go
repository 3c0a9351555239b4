package main

import "testing"

func TestOurSignatureIsMarkedWhereItIsRepeated(t *testing.T) {
	t.Parallel()
	const signature = "Shop Ltd\nshop.example"
	for in, want := range map[string]string{
		"Thanks\n\nOn Monday we wrote:\nHello\n-- \nShop Ltd\nshop.example\n\nmy answer": "Thanks\n\nOn Monday we wrote:\nHello\n> -- \n> Shop Ltd\n> shop.example\n\nmy answer",
		"--\nShop\nLtd shop.example":                               "> --\n> Shop\n> Ltd shop.example",
		"-- \nShop Ltd\n-- \n\nShop Ltd\nshop.example":             "-- \nShop Ltd\n> -- \n> \n> Shop Ltd\n> shop.example",
		"-- \nShop Ltd\nshop.example too":                          "-- \nShop Ltd\nshop.example too",
		"-- \nAnn":                                                 "-- \nAnn",
		"Shop Ltd\nshop.example":                                   "Shop Ltd\nshop.example",
		"> -- \n> Shop Ltd\n> shop.example":                        "> -- \n> Shop Ltd\n> shop.example",
		"-- \nShop Ltd\nshop.example\n-- \nShop Ltd\nshop.example": "> -- \n> Shop Ltd\n> shop.example\n> -- \n> Shop Ltd\n> shop.example",
		"": "",
	} {
		if got := marked(in, signature); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
		if got := marked(in, " "); got != in {
			t.Errorf("without a signature %q became %q", in, got)
		}
	}
}
