package httpapi

import (
	"regexp"
	"strings"
)

// textPiece is a part of what somebody wrote: plain, or an address to follow.
type textPiece struct{ Text, Href string }

// cutter cuts web addresses out of texts, as the console and the widget do:
// what ends a sentence, or stands around the address, is no part of it.
type cutter struct{ address *regexp.Regexp }

func newCutter() cutter {
	return cutter{regexp.MustCompile("\\bhttps?://[^\\s<>\"'，。；：！？、）】》」』]+")}
}

func (k cutter) pieces(text string) []textPiece {
	var out []textPiece
	end := 0
	for _, at := range k.address.FindAllStringIndex(text, -1) {
		address := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]")
		if at[0] > end {
			out = append(out, textPiece{Text: text[end:at[0]]})
		}
		out = append(out, textPiece{Text: address, Href: address})
		end = at[0] + len(address)
	}
	if end < len(text) {
		out = append(out, textPiece{Text: text[end:]})
	}
	return out
}
