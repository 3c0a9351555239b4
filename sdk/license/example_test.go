package license_test

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/sdk/license"
)

// What a vendor sells, and what the program in the customer's installation makes
// of it.
func Example() {
	// At the vendor's. The private key stays there.
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // ed25519.GenerateKey for a real one
	token, err := license.Issue(private, license.License{
		ID: "L-1001", Vendor: "Acme", Product: "acme/crm", Edition: "pro", Features: []string{"sync"}, Limits: map[string]int64{"agents": 25},
		Customer: "Kiosk GmbH", IssuedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// In the program that is sold: the public key is compiled in.
	key, err := license.ParseKey("O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=")
	if err != nil {
		fmt.Println(err)
		return
	}
	vendor := license.Vendor{Product: "acme/crm", Keys: []ed25519.PublicKey{key}, Released: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	l, err := vendor.Read(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, at := range []time.Time{
		time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 5, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
	} {
		s := vendor.At(l, at)
		fmt.Println(at.Format(time.DateOnly), s.State, s.State.Works(), l.Limits["agents"])
	}
	// Output:
	// 2026-06-01 valid true 25
	// 2027-01-05 grace true 25
	// 2027-03-01 expired false 25
}
