package main

import (
	"strings"
	"testing"
)

func TestProduct(t *testing.T) {
	for input, want := range map[string]string{
		"641 6700417\n":         "4294967297 is a product\n",
		"4294967295 4294967295": "18446744065119617025 is a product\n",
		"1 7":                   "",
		"7":                     "",
		"4294967296 2":          "",
	} {
		var public strings.Builder
		err := product(strings.NewReader(input), &public)
		if public.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", input, public.String(), err)
		}
	}
}
