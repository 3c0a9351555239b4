package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with or without a unit: 25MiB, 1 GiB, 4096.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	digits, shift := strings.TrimSpace(string(text)), 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40} {
		if rest, ok := strings.CutSuffix(digits, unit); ok {
			digits, shift = strings.TrimSpace(rest), bits
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<(62-shift) {
		return fmt.Errorf("%q is not a size such as 25MiB, 1GiB or a number of bytes", text)
	}
	*s = Size(n << shift)
	return nil
}

// String writes the size with the largest unit that leaves a whole number.
func (s Size) String() string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := Size(1) << (10 * (4 - i)); s >= size && s%size == 0 {
			return strconv.FormatInt(int64(s/size), 10) + unit
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

func (c Config) checkMedia() error {
	m := c.Media
	var wrong error
	if m.MaxUpload < 64<<10 || m.MaxUpload > 4<<30 {
		wrong = fmt.Errorf("media.max_upload %v is not between 64KiB and 4GiB", m.MaxUpload)
	}
	if m.MaxMegapixels < 1 || m.MaxMegapixels > 500 {
		wrong = errors.Join(wrong, fmt.Errorf("media.max_megapixels %d is not between 1 and 500", m.MaxMegapixels))
	}
	if m.DecodeMemory < 16<<20 || m.DecodeMemory > 16<<30 {
		wrong = errors.Join(wrong, fmt.Errorf("media.decode_memory %v is not between 16MiB and 16GiB", m.DecodeMemory))
	}
	if !plausible(m.ScanTimeout) {
		wrong = errors.Join(wrong, fmt.Errorf("media.scan_timeout %v is not between 1s and 10m; write it with a unit, for example 1m", m.ScanTimeout))
	}
	if m.ScanConcurrency < 1 || m.ScanConcurrency > 64 {
		wrong = errors.Join(wrong, fmt.Errorf("media.scan_concurrency %d is not between 1 and 64", m.ScanConcurrency))
	}
	return wrong
}
