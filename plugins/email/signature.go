package main

import "strings"

// signatureMark stands above a signature.
const signatureMark = "--"

func (a *account) signature() string {
	if strings.TrimSpace(a.config.Signature) == "" {
		return ""
	}
	return signatureMark + " \n" + strings.TrimSpace(a.config.Signature)
}

// marked marks our signature as a quote where a mail repeats it without marks. The
// core folds what was said in the conversation, and does not know what is put
// below that on its way out.
func marked(text, signature string) string {
	want := letters(signature)
	if want == "" || !strings.Contains(text, signatureMark) {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != signatureMark {
			continue
		}
		end, got := i+1, ""
		for ; end < len(lines) && len(got) < len(want); end++ {
			got += letters(lines[end])
		}
		if got != want {
			continue
		}
		for ; i < end; i++ {
			lines[i] = "> " + lines[i]
		}
		i--
	}
	return strings.Join(lines, "")
}

func letters(s string) string { return strings.Join(strings.Fields(s), "") }
