package identity

import (
	"slices"
	"strings"
)

// guessable reports whether a password is one that a guesser tries first: the
// account's own address, this product's name, one or two characters repeated,
// or a well-known one that is long enough otherwise.
func guessable(password, email string) bool {
	p := strings.ToLower(strings.TrimSpace(password))
	local, _, _ := strings.Cut(email, "@")
	rest := strings.Trim(p, "0123456789!@#$%&*._-?")
	switch {
	case p == email, rest == local && local != "", rest == "patchbay":
		return true
	case len(different(p)) <= 2:
		return true
	}
	return slices.Contains(wellKnown(), p)
}

// different returns the distinct characters of s.
func different(s string) map[rune]bool {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return seen
}

// wellKnown lists keyboard walks and phrases of ten characters or more that
// every guessing list starts with.
func wellKnown() []string {
	return []string{
		"0123456789", "01234567890", "0987654321", "1029384756", "1122334455", "1123581321", "1231231231", "123123123123",
		"1234512345", "123456123456", "1234567890", "12345678901", "123456789012", "1234567890a", "123456789a", "123456789abc",
		"12345qwert", "1234qwerasdf", "1357924680", "147258369", "1472583690", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc",
		"1qazxsw23edc", "3.1415926535", "5201314520", "a123456789", "aa123456789", "abc123456789", "abcd123456", "abcd1234567",
		"abcdefghij", "abcdefghijk", "admin12345", "admin123456", "adminadmin", "administrator", "asdfasdfasdf", "asdfghjkl;",
		"asdfghjkl1", "baseball123", "basketball", "changeme123", "computer123", "football123", "iloveyou12", "iloveyou123",
		"iloveyou1314", "letmein123", "letmeinplease", "liverpool1", "manchester", "microsoft1", "motdepasse", "mypassword",
		"p@ssw0rd123", "p@ssword123", "passw0rd123", "password!1", "password01", "password1!", "password10", "password12",
		"password123", "password1234", "password12345", "passwordpassword", "q1w2e3r4t5", "q1w2e3r4t5y6", "qazwsxedcrfv",
		"qwer1234asdf", "qwerasdfzxcv", "qwert12345", "qwerty12345", "qwerty123456", "qwertyqwerty", "qwertyuiop",
		"qwertyuiop123", "secret1234", "sunshine123", "superman123", "test123456", "testtest123", "trustno1234",
		"welcome123", "welcome1234", "woaini1314", "woaini5201314", "zaq12wsxcde3", "zxcvbnm123", "zxcvbnmasdf", "zxcvbnm,./",
	}
}
