package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// RecoveryCodes is how many recovery codes an account has at first.
const RecoveryCodes = 10

// recoveryBytes is the strength of a recovery code: 80 bits, typed by hand and
// throttled as a password is.
const recoveryBytes = 10

// newRecoveryCodes returns codes as they are shown, like "ABCD-EFGH-JKLM-NPQR",
// and as they are stored.
func newRecoveryCodes(account AccountID) (shown, hashes []string) {
	for range RecoveryCodes {
		text := base32.StdEncoding.EncodeToString(randomBytes(recoveryBytes))
		hashes = append(hashes, hashRecovery(account, text))
		shown = append(shown, strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
	}
	return shown, hashes
}

// hashRecovery returns a recovery code as it is stored. What people write
// between the letters, and their case, does not matter.
func hashRecovery(account AccountID, code string) string {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "", "0", "O", "1", "I", "8", "B").Replace(code))
	sum := sha256.Sum256([]byte("recovery code\x00" + string(account) + "\x00" + code))
	return hex.EncodeToString(sum[:])
}

// recoveryLike reports whether somebody typed a recovery code, not one of six digits.
func recoveryLike(code string) bool { return len(code) > totpDigits+2 }
