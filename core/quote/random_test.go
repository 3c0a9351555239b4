package quote_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/quote"
)

// An answer in words of the question, at any place of what is repeated, is shown.
func TestAnswersAtAnyPlaceAreShown(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(51, 1))
	vocabulary := strings.Fields("the order comes on Monday or Friday in red blue green please say which one you want and when we may bring it to your house 周一 周五 红色 蓝色 请问 您 要 哪 一 个")
	words := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = vocabulary[random.IntN(len(vocabulary))]
		}
		return strings.Join(out, " ")
	}
	folded := 0
	for range 1000 {
		var lines []string
		for range 2 + random.IntN(8) {
			lines = append(lines, words(1+random.IntN(9)))
		}
		at := 1 + random.IntN(len(lines))
		from := strings.Fields(lines[random.IntN(len(lines))])
		begin := random.IntN(len(from))
		answer := strings.Join(from[begin:min(len(from), begin+1+random.IntN(3))], " ")
		said := []quote.Folded{{New: words(5)}, {New: strings.Join(lines, "\n"), Rest: "-- \n" + words(4)}, {New: words(20)}}
		mixed := strings.Join(append(append(append([]string{}, lines[:at]...), answer), lines[at:]...), "\n")
		got := quote.Read("See below\n\n-----Original Message-----\nFrom: a\nSent: b\nTo: c\n\n" + mixed).Fold(said...)
		seen := strings.Count(squeezed(got.New), squeezed(answer))
		if got.Rest != "" {
			folded++
		}
		// What is folded holds no more than what was said below that place.
		if rest := squeezed(got.Rest); rest != "" && !strings.HasSuffix(squeezed(strings.Join(lines, "")), rest) || seen == 0 {
			t.Fatalf("%q written below line %d of\n%s\nis folded away: new %q, folded %q", answer, at, strings.Join(lines, "\n"), got.New, got.Rest)
		}
	}
	if folded < 300 {
		t.Errorf("of 1000 only %d have something to fold", folded)
	}
}
